"""Directives that can only be seen with a Corefile of one's own. It is put back when the module ends."""

from __future__ import annotations

from dataclasses import replace

from conformance_suites.clauses import COREDNS
from conformance_suites.dns.drilled import OTHER, READY, Drill, reloaded, value
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Namespace
from pytest_k8snet.dns.demands import answers, like, remembered
from pytest_k8snet.dns.drill import (
    DISABLED,
    LONGEST,
    LONGEST_DENIAL,
    VERIFIED,
    ZONE,
)
from pytest_k8snet.dns.naming import Naming
from pytest_k8snet.dns.questions import KIND, Question
from pytest_k8snet.dns.resolving import denied, records
from pytest_k8snet.oracle.dns_records import pod_answer, pod_name
from pytest_k8snet.probing import Probing

SERVFAIL_SECONDS = 8.0
"""Two tries of two seconds each, and the time to say so."""


@check("DNS-100", spec=f"{COREDNS}/reload/", level="drill", catches=("dns-reload-ignored",))
def test_a_changed_corefile_takes_effect(naming: Naming, probe: Probing, drill: Drill) -> None:
    """A change of the Corefile takes effect at every replica, without a restart."""
    drill.stub.serve({READY: records(READY, OTHER)})
    expected = naming.demanding("the changed Corefile", {READY: value(OTHER)}, servers=naming.servers.replicas)
    expected = replace(expected, convergence=naming.reload_seconds)
    table = naming(expected)
    assert table == expected
    probe.measured("a changed Corefile takes effect", round(table.seconds_to_converge or 0.0, 3), "s")


@check("DNS-101", spec=f"{COREDNS}/forward/", level="drill", catches=("dns-servfail-missing",))
def test_an_upstream_that_does_not_answer_is_told_in_time(naming: Naming, probe: Probing, drill: Drill) -> None:
    """When the upstream does not answer, the name server says SERVFAIL, and does not leave its client waiting."""
    reloaded(naming, drill)
    drill.stub.serve({}, silent=True)
    question = Question(f"silent.{ZONE}", "A")
    expected = naming.demanding(
        "a silent upstream", {question: like("SERVFAIL", "who gets no answer")}, servers=naming.servers.replicas
    )
    table = naming.patiently(expected, SERVFAIL_SECONDS)
    assert table == expected
    probe.measured("SERVFAIL comes after", round(max(seen.millis for seen in table.seen.values()) / 1000, 3), "s")


@check("DNS-102", spec=f"{COREDNS}/cache/", level="drill", catches=("dns-cache-ttl-fixed", "dns-cache-never-expires"))
def test_the_time_to_live_of_a_remembered_answer_counts_down(naming: Naming, drill: Drill) -> None:
    """A remembered answer is told with the time to live that is left of it."""
    reloaded(naming, drill)
    question = Question(f"counted.{ZONE}", "A")
    drill.stub.serve({question: records(question, "192.0.2.1", ttl=60)})
    for replica in naming.answering(naming.servers.replicas):
        expected = naming.demanding("remembered", {question: remembered(LONGEST)}, servers=[replica])
        expected = replace(expected, convergence=float(LONGEST))
        assert naming(expected) == expected
    assert len([asked for asked in drill.stub.asked() if asked == question]) <= 3 * len(naming.servers.replicas)


@check("DNS-103", spec=f"{COREDNS}/cache/", level="drill", catches=("dns-cache-never-expires",))
def test_a_remembered_answer_is_forgotten_in_time(naming: Naming, drill: Drill) -> None:
    """What the upstream answers now is told at the latest when the former answer has lived as long as it may."""
    reloaded(naming, drill)
    question = Question(f"forgotten.{ZONE}", "A")
    for address in ("192.0.2.1", "192.0.2.2"):
        drill.stub.serve({question: records(question, address, ttl=60)})
        expected = naming.demanding(address, {question: value(address)}, servers=naming.servers.replicas)
        expected = replace(expected, convergence=LONGEST + naming.patience)
        assert naming(expected) == expected


@check("DNS-104", spec=f"{COREDNS}/cache/", level="drill", catches=("dns-negative-cache-too-long",))
def test_that_a_name_does_not_exist_is_forgotten_in_time(naming: Naming, drill: Drill) -> None:
    """A name that has come to exist is found when its former absence has been remembered as long as it may."""
    reloaded(naming, drill)
    question = Question(f"new.{ZONE}", "A")
    drill.stub.serve({question: denied(question, ZONE, 60)})
    absent = naming.demanding("absent", {question: like("NXDOMAIN", "the upstream")}, servers=naming.servers.replicas)
    assert naming(absent) == absent
    drill.stub.serve({question: records(question, "192.0.2.3")})
    expected = naming.demanding("present", {question: value("192.0.2.3")}, servers=naming.servers.replicas)
    expected = replace(expected, convergence=LONGEST_DENIAL + naming.patience)
    assert naming(expected) == expected


@check("DNS-105", spec=f"{COREDNS}/kubernetes/", level="drill", catches=("dns-pods-verified-wrong",))
def test_only_pods_have_names_where_they_are_verified(naming: Naming, drill: Drill, namespace: Namespace) -> None:
    """In the mode verified only addresses of pods of the namespace have names, in the mode disabled none has."""
    reloaded(naming, drill)
    own, unknown = drill.pod.addresses[0], "198.51.100.7"
    questions = {}
    for mode, zone in (("verified", VERIFIED), ("disabled", DISABLED)):
        for address, space in ((own, namespace.name), (own, "kube-system"), (unknown, namespace.name)):
            known = (address, space) == (own, namespace.name)
            kind = KIND[drill.pod.families[0]] if address == own else "A"
            asked = Question(pod_name(address, space, zone), kind)
            questions[asked] = answers(pod_answer(mode, address, known=known))
    expected = naming.demanding("pods of other modes", questions, servers=naming.servers.replicas)
    assert naming(expected) == expected
