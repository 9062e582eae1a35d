"""How answers travel: over UDP and TCP, from every node, whole or said to be truncated, and as they were asked."""

from __future__ import annotations

from conformance_suites.clauses import DNS_CASE, DNS_EDNS, DNS_MESSAGES, DNS_TCP
from conformance_suites.dns.shop import Shop
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.dns.demands import answers, truncated, with_edns
from pytest_k8snet.dns.naming import Naming
from pytest_k8snet.dns.questions import KIND, Question
from pytest_k8snet.probe.observation import Protocol

SHORT, LONG = 512, 1232
"""Bytes of a UDP answer: without EDNS (RFC 1035), and what passes nearly everywhere in one packet."""


@check(
    "DNS-040",
    spec=DNS_TCP,
    level="core",
    catches=("dns-replica-dead", "dns-tcp-refused", "dns-wrong-source", "dns-slow-replica"),
)
def test_every_server_answers_every_node_over_udp_and_tcp(cluster: Cluster, naming: Naming) -> None:
    """The address of the Service and each replica answer pods of every node, over UDP and TCP, from where asked."""
    expected = naming.from_everywhere("any answer", cluster.fleet.pods)
    assert naming(expected) == expected


@check("DNS-041", spec=DNS_MESSAGES, level="core", catches=("dns-truncated-lost", "dns-truncation-unsaid"))
def test_a_long_answer_is_truncated_over_udp_and_whole_over_tcp(cluster: Cluster, naming: Naming, shop: Shop) -> None:
    """Without EDNS an answer over UDP has at most 512 bytes and says when it is truncated; over TCP it is whole."""
    name, kind = naming.name("many", shop.first), KIND[cluster.families[0]]
    short = naming.demanding("over UDP", {Question(name, kind): truncated(SHORT)}, protocols=[Protocol.UDP])
    assert naming(short) == short
    whole = answers(naming.zone(shop.first).answer(name, kind))
    expected = naming.demanding("over TCP", {Question(name, kind): whole}, protocols=[Protocol.TCP])
    assert naming(expected) == expected


@check("DNS-042", spec=DNS_EDNS, level="core", catches=("dns-large-answers-lost", "dns-edns-ignored"))
def test_who_takes_more_by_edns_gets_the_whole_answer_over_udp(cluster: Cluster, naming: Naming, shop: Shop) -> None:
    """An answer that fits into what the question offers by EDNS comes whole over UDP, with an OPT record."""
    name, kind = naming.name("many", shop.first), KIND[cluster.families[0]]
    whole = with_edns(answers(naming.zone(shop.first).answer(name, kind)))
    expected = naming.demanding("with EDNS", {Question(name, kind, LONG): whole}, protocols=[Protocol.UDP])
    assert naming(expected) == expected


@check("DNS-043", spec=DNS_CASE, level="core", catches=("dns-case-lost", "dns-case-sensitive"))
def test_the_case_of_a_name_does_not_matter_and_is_kept(cluster: Cluster, naming: Naming, shop: Shop) -> None:
    """A name in mixed case has the same records, and the question comes back in the case in which it was asked."""
    zone, kind = naming.zone(shop.first), KIND[cluster.families[0]]
    names = [_mixed(naming.name(name, shop.first)) for name in ("web", "db")]
    asked = {Question(name, kind): answers(zone.answer(name, kind)) for name in names}
    expected = naming.demanding("mixed case", asked, echoed=True, protocols=[Protocol.UDP])
    assert naming(expected) == expected


@check("DNS-044", spec=DNS_MESSAGES, level="core", catches=("dns-id-wrong",))
def test_an_answer_carries_the_id_and_the_question(cluster: Cluster, naming: Naming, shop: Shop) -> None:
    """Every answer carries the id of its question and the question itself, also when it is negative."""
    zone, kinds = naming.zone(shop.first), (KIND[cluster.families[0]], "MX")
    names = [naming.name(name, shop.first) for name in ("web", "none")]
    asked = {Question(name, kind): answers(zone.answer(name, kind)) for name in names for kind in kinds}
    expected = naming.demanding("id and question", asked, echoed=True)
    assert naming(expected) == expected


def _mixed(name: str) -> str:
    return "".join(letter.upper() if place % 2 else letter for place, letter in enumerate(name))
