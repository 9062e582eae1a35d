"""Questions as probes, and what is read of what the agent brings back."""

from __future__ import annotations

import base64
import struct

import dns.message
import pytest

from pytest_k8snet.dns.demands import ANY_ANSWER, answers
from pytest_k8snet.dns.questions import Question, replies, table
from pytest_k8snet.dns.reply import Reply
from pytest_k8snet.dns.servers import NameServers, ResolvConf, Server
from pytest_k8snet.oracle.dns_records import Answer
from pytest_k8snet.probe.observation import Observation, Outcome, Pod, Probe, Protocol
from pytest_k8snet.probe.table import TruthTable

POD = Pod("ns", "asker", "node-1", ("10.1.0.1",))
ONE, TWO = Server("one", "10.0.0.1", "node-1"), Server("two", "10.0.0.2", "node-2")
ASKED = Question("web.test", "A")


def seen(probe: Probe, rcode: int = 0, data: bytes = b"") -> Observation:
    query = probe.data[2:] if probe.protocol is Protocol.TCP else probe.data
    answer = dns.message.make_response(dns.message.from_wire(query))
    answer.set_rcode(dns.message.dns.rcode.Rcode(rcode))
    return Observation(Outcome.CONNECTED, 1.0, data=base64.b64encode(data or answer.to_wire()).decode())


def test_every_server_is_asked_over_every_protocol() -> None:
    asked = table("t", [POD], [ONE, TWO], {ASKED: ANY_ANSWER})
    assert {(p.address, p.protocol) for p in asked.cells} == {
        (server.address, protocol) for server in (ONE, TWO) for protocol in (Protocol.UDP, Protocol.TCP)
    }
    for probe in asked.cells:
        wire = probe.data[2:] if probe.protocol is Protocol.TCP else probe.data
        assert probe.protocol is Protocol.UDP or struct.unpack("!H", probe.data[:2]) == (len(wire),)
        assert dns.message.from_wire(wire).question[0].name.to_text() == "web.test."


def test_a_server_of_a_family_that_the_source_has_not_is_not_asked_and_nothing_asked_is_an_error() -> None:
    six = Server("six", "fd00::1")
    assert {p.address for p in table("t", [POD], [ONE, six], {ASKED: ANY_ANSWER}).cells} == {"10.0.0.1"}
    with pytest.raises(ValueError, match="no question is asked of anybody"):
        table("t", [POD], [six], {ASKED: ANY_ANSWER})


def test_what_is_wrong_is_told_of_the_way_of_the_message_and_of_what_it_says() -> None:
    demand = answers(Answer("NXDOMAIN", "A", frozenset(), "no record has this name"))
    expected = table("t", [POD], [ONE], {ASKED: demand}, [Protocol.UDP])
    ((probe, cell),) = expected.cells.items()
    assert cell.mismatch(probe, seen(probe, rcode=3)) == ""
    assert cell.mismatch(probe, seen(probe)) == "NOERROR without A instead of NXDOMAIN without A"
    assert cell.mismatch(probe, Observation(Outcome.TIMEOUT, 1.0)) == "timeout instead of connected"
    assert cell.mismatch(probe, seen(probe, data=b"hello")) == "what came is no DNS message"
    assert cell.evidence(seen(probe, rcode=3)) == "NXDOMAIN, no records"


def test_the_answers_of_a_table_by_question() -> None:
    expected = table("t", [POD], [ONE], {ASKED: ANY_ANSWER}, [Protocol.UDP])
    found = replies(TruthTable(expected, {probe: seen(probe) for probe in expected.cells}, 0.0))
    assert {question: reply.rcode for question, reply in found.items()} == {ASKED: "NOERROR"}


def test_long_answers_are_told_in_short() -> None:
    answer = dns.message.make_response(dns.message.make_query("web.test.", "A"))
    addresses = [f"10.0.0.{number}" for number in range(1, 10)]
    answer.answer.append(dns.message.dns.rrset.from_text("web.test.", 1, "IN", "A", *addresses))
    assert Reply(answer.to_wire()).in_words().endswith("A 10.0.0.6, and 3 more")


def test_each_server_is_asked_once_or_at_each_of_its_addresses() -> None:
    six = Server("one", "fd00::1", "node-1")
    servers = NameServers("cluster.local", "kube-system", "kube-dns", (), (ONE, six, TWO))
    assert servers.every == (ONE, six, TWO)
    assert servers.once == (ONE, TWO)


def test_resolv_conf() -> None:
    searches = "search old\nsearch ns.svc.cluster.local svc.cluster.local.\n"
    text = f"# by hand\n{searches}nameserver 10.96.0.10\noptions ndots:5\n"
    read = ResolvConf.parse(text)
    assert read == ResolvConf(("10.96.0.10",), ("ns.svc.cluster.local", "svc.cluster.local"), frozenset({"ndots:5"}))
    assert (read.domain("ns"), read.domain("other")) == ("cluster.local", "")
