"""Answers: which records, which code, and what becomes of a message that is too long."""

from __future__ import annotations

import random
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.embedded.dns.answer import (
    Question,
    Reply,
    View,
    best_server,
    from_cluster,
    from_hosts,
    question_of,
    shuffled,
    to_wire,
)
from pytest_k8snet.embedded.dns.records import Objects, build_records
from pytest_k8snet.embedded.dns.server import parse_query
from pytest_k8snet.embedded.dns.settings import Hosts, Kubernetes, Server

ZONE = "cluster.local"
OPTIONS = Kubernetes((ZONE, "in-addr.arpa"), "insecure", ("in-addr.arpa",), 30)
POD = {"metadata": {"name": "p", "namespace": "ns"}, "status": {"podIPs": [{"ip": "10.0.0.1"}]}}


def service(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "ns"}, "spec": {"type": "ClusterIP", **spec}}


OBJECTS = Objects(
    services=(
        service("web", clusterIP="10.96.0.7", ports=[{"name": "web", "protocol": "TCP", "port": 80}]),
        service("x", type="ExternalName", externalName="www.example.test"),
    ),
    namespaces=({"metadata": {"name": "ns"}},),
    pods=(POD,),
)
VIEW = View(OBJECTS, {ZONE: build_records(OBJECTS, ZONE)}, 5)


def ask(name: str, kind: str = "A", options: Kubernetes = OPTIONS) -> Reply:
    reply = from_cluster(options, VIEW, Question(name, kind))
    assert reply is not None
    return reply


def texts(reply: Reply) -> list[str]:
    return [rrset.to_text() for rrset in reply.answer]


def test_a_service_is_found_whatever_the_case_and_the_case_is_kept() -> None:
    assert texts(ask("WEB.Ns.svc.cluster.LOCAL")) == ["WEB.Ns.svc.cluster.LOCAL. 30 IN A 10.96.0.7"]


def test_a_name_without_the_type_is_nodata_and_an_unknown_name_nxdomain_both_with_soa() -> None:
    for name, kind, rcode in (
        ("web.ns.svc.cluster.local", "AAAA", dns.rcode.NOERROR),
        ("ns.svc.cluster.local", "A", dns.rcode.NOERROR),
        ("_tcp.web.ns.svc.cluster.local", "A", dns.rcode.NXDOMAIN),
        ("none.ns.svc.cluster.local", "A", dns.rcode.NXDOMAIN),
        ("web.none.svc.cluster.local", "A", dns.rcode.NXDOMAIN),
        ("cluster.local", "A", dns.rcode.NOERROR),
    ):
        reply = ask(name, kind)
        assert (name, reply.rcode, reply.answer) == (name, rcode, ())
        (soa,) = reply.authority
        assert (soa.rdtype, soa.name.to_text(), soa.ttl) == (dns.rdatatype.SOA, "cluster.local.", 30)
        assert soa[0].minimum == 30


def test_srv_brings_the_addresses_of_its_targets() -> None:
    reply = ask("_web._tcp.web.ns.svc.cluster.local", "SRV")
    assert [rrset.to_text() for rrset in reply.additional] == ["web.ns.svc.cluster.local. 30 IN A 10.96.0.7"]


def test_an_external_name_leads_on_unless_the_alias_itself_is_asked_for() -> None:
    assert ask("x.ns.svc.cluster.local", "AAAA").alias == "www.example.test"
    assert ask("x.ns.svc.cluster.local", "CNAME").alias == ""
    assert texts(ask("x.ns.svc.cluster.local")) == ["x.ns.svc.cluster.local. 30 IN CNAME www.example.test."]


@pytest.mark.parametrize(
    ("mode", "label", "found"),
    [
        ("insecure", "10-0-0-1.ns", True),
        ("insecure", "10-9-9-9.ns", True),
        ("insecure", "10-9-9-9.none", False),
        ("insecure", "web.ns", False),
        ("verified", "10-0-0-1.ns", True),
        ("verified", "10-9-9-9.ns", False),
        ("disabled", "10-0-0-1.ns", False),
    ],
)
def test_pod_names_by_mode(mode: str, label: str, found: bool) -> None:
    reply = ask(f"{label}.pod.cluster.local", options=Kubernetes((ZONE,), mode))
    assert bool(reply.answer) is found
    assert reply.rcode == (dns.rcode.NOERROR if found else dns.rcode.NXDOMAIN)


def test_what_is_not_there_falls_through_in_the_named_zones_only() -> None:
    assert from_cluster(OPTIONS, VIEW, Question("9.9.9.10.in-addr.arpa", "PTR")) is None
    assert from_cluster(Kubernetes(("in-addr.arpa",)), VIEW, Question("9.9.9.10.in-addr.arpa", "PTR")) is not None
    assert texts(ask("7.0.96.10.in-addr.arpa", "PTR")) == [
        "7.0.96.10.in-addr.arpa. 30 IN PTR web.ns.svc.cluster.local."
    ]
    assert from_cluster(OPTIONS, VIEW, Question("example.test", "A")) is None


def test_hosts_answer_addresses_and_their_names() -> None:
    hosts = Hosts({"a.test": ("10.0.0.1", "fd00::1")}, (), 7)
    assert [texts(r) for r in (from_hosts(hosts, Question("A.test", k)) for k in ("A", "AAAA", "TXT")) if r] == [
        ["A.test. 7 IN A 10.0.0.1"],
        ["A.test. 7 IN AAAA fd00::1"],
        [],
    ]
    reverse = from_hosts(hosts, Question("1.0.0.10.in-addr.arpa", "PTR"))
    assert reverse is not None
    assert texts(reverse) == ["1.0.0.10.in-addr.arpa. 7 IN PTR a.test."]
    assert from_hosts(hosts, Question("b.test", "A")) is None


def test_the_longest_zone_on_the_port_wins() -> None:
    root, example, other = Server(("",), 53), Server(("example.test",), 53), Server(("a.example.test",), 5300)
    servers = (root, example, other)
    assert best_server(servers, 53, "a.example.test") is example
    assert best_server(servers, 53, "notexample.test") is root
    assert best_server(servers, 5300, "a.example.test") is other
    assert best_server(servers, 5300, "example.test") is None


def big_reply(count: int) -> Reply:
    values = [f'"{number:04d}{"-" * 100}"' for number in range(count)]
    return Reply(answer=(dns.rrset.from_text_list("big.test.", 60, "IN", "TXT", values),))


@given(count=st.integers(1, 60), payload=st.sampled_from([None, 0, 512, 1232, 4096, 65535]))
def test_an_answer_by_udp_never_exceeds_what_the_asker_takes_and_says_when_it_is_cut(
    count: int, payload: int | None
) -> None:
    edns: dict[str, Any] = {} if payload is None else {"use_edns": 0, "payload": payload}
    query = dns.message.make_query("big.test.", "TXT", **edns)
    limit = max(512, payload or 0)
    wire = to_wire(query, big_reply(count), tcp=False)
    whole = to_wire(query, big_reply(count), tcp=True)
    assert len(wire) <= limit
    cut = bool(dns.message.from_wire(wire).flags & dns.flags.TC)
    assert cut is (len(whole) > limit)
    assert len(dns.message.from_wire(whole).answer[0]) == count
    assert dns.message.from_wire(whole).edns == (-1 if payload is None else 0)


def test_an_answer_repeats_id_and_question() -> None:
    query = dns.message.make_query("wEb.ns.SVC.cluster.local.", "A")
    response = dns.message.from_wire(to_wire(query, ask("wEb.ns.SVC.cluster.local"), tcp=False))
    assert query.is_response(response)
    assert response.question[0].name.to_text() == "wEb.ns.SVC.cluster.local."
    assert response.flags & dns.flags.AA


def test_what_is_no_ordinary_question_gets_the_code_that_says_so() -> None:
    update = dns.message.make_query("a.test.", "A")
    update.set_opcode(dns.opcode.Opcode.STATUS)
    empty = dns.message.Message()
    chaos = dns.message.make_query("version.bind.", "TXT", "CH")
    future = dns.message.make_query("a.test.", "A", use_edns=1)
    replies = [question_of(query) for query in (update, empty, chaos, future)]
    assert [reply.rcode for reply in replies if isinstance(reply, Reply)] == [
        dns.rcode.NOTIMP,
        dns.rcode.FORMERR,
        dns.rcode.REFUSED,
        dns.rcode.BADVERS,
    ]


@given(st.binary(max_size=80))
def test_bytes_that_are_no_query_get_formerr_or_nothing(data: bytes) -> None:
    parsed = parse_query(data)
    if isinstance(parsed, bytes):
        assert parsed[:2] == data[:2]
        assert dns.message.from_wire(parsed).rcode() == dns.rcode.FORMERR
    else:
        assert parsed is None or not parsed.flags & dns.flags.QR


def test_loadbalance_changes_the_order_and_nothing_else() -> None:
    addresses = [f"10.0.0.{number}" for number in range(1, 9)]
    reply = Reply(answer=(dns.rrset.from_text_list("a.test.", 60, "IN", "A", addresses),))
    seen = [[rdata.to_text() for rdata in shuffled(reply, random.Random(seed)).answer[0]] for seed in range(9)]
    assert all(sorted(order) == addresses for order in seen)
    assert len({order[0] for order in seen}) > 2


def test_srv_records_share_a_weight() -> None:
    ports = [{"name": name, "port": number} for number, name in enumerate(("a", "b", "c"), 80)]
    objects = Objects(services=(service("web", clusterIP="10.96.0.7", ports=ports),))
    view = View(objects, {ZONE: build_records(objects, ZONE)}, 5)
    reply = from_cluster(OPTIONS, view, Question("web.ns.svc.cluster.local", "SRV"))
    assert reply is not None
    assert [rdata.weight for rrset in reply.answer for rdata in rrset] == [33, 33, 33]


@pytest.mark.parametrize("kind", ["TXT", "SRV"])
def test_an_external_name_has_only_addresses(kind: str) -> None:
    reply = ask("x.ns.svc.cluster.local", kind)
    assert (reply.answer, reply.alias, len(reply.authority)) == ((), "", 1)


def test_below_the_reverse_zones_there_are_only_names() -> None:
    assert from_cluster(OPTIONS, VIEW, Question("7.0.96.10.in-addr.arpa", "A")) is None


@pytest.mark.parametrize("recursive", [False, True])
def test_recursion_is_offered_only_by_those_who_were_asked(recursive: bool) -> None:
    query = dns.message.make_query("web.test.", "A", use_edns=0, payload=4096, want_dnssec=True)
    response = dns.message.from_wire(to_wire(query, Reply(recursive=recursive), tcp=False))
    assert bool(response.flags & dns.flags.RA) is recursive
    assert (response.payload, bool(response.ednsflags & dns.flags.DO)) == (4096, True)


def test_zone_transfers_are_refused() -> None:
    asked = question_of(dns.message.make_query("cluster.local.", "AXFR"))
    assert isinstance(asked, Reply)
    assert asked.rcode == dns.rcode.REFUSED
