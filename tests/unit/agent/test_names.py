"""Names in the agent: the resolver of its pod, and a name server that says what it is told to say."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import dns.message
import dns.rcode
import msgspec
import pytest

from pytest_k8snet.agent.name_stub import question_end
from pytest_k8snet.kube.exec import AgentChannel, IoLoop

Call = Callable[..., dict[str, Any]]
PORT = 5304


@pytest.fixture
def call(channels: dict[str, AgentChannel], loop: IoLoop) -> Call:
    def run(**request: Any) -> dict[str, Any]:
        return loop.run(channels["client"].call(request, 30))

    return run


def decoded(value: Any) -> Any:
    return msgspec.json.decode(value) if isinstance(value, msgspec.Raw) else value


def test_names_are_looked_up_as_a_program_would(call: Call) -> None:
    found = decoded(call(op="lookup", names=["localhost", "no such name"], timeout=5)["results"])
    assert "127.0.0.1" in found[0]["addresses"]
    assert (found[1]["addresses"], bool(found[1]["error"])) == ([], True)


def encoded(message: dns.message.Message) -> str:
    return base64.b64encode(message.to_wire()).decode()


def test_a_stub_answers_with_the_id_and_the_case_of_the_question_and_remembers_it(call: Call) -> None:
    known = dns.message.make_query("www.test.", "A")
    reply = dns.message.make_response(known)
    reply.answer.append(dns.message.dns.rrset.from_text("www.test.", 5, "IN", "A", "192.0.2.1"))
    refusal = dns.message.make_response(known)
    refusal.set_rcode(dns.rcode.NXDOMAIN)
    key = known.to_wire()[12:].hex()
    call(op="stub", port=PORT, seconds=30, replies={key: encoded(reply)}, otherwise=encoded(refusal))
    ask = {"op": "probe", "timeout": 2, "attempts": 1}
    queries = [dns.message.make_query(name, "A") for name in ("wWw.test.", "other.test.")]
    probes = [{"address": "127.0.0.1", "port": PORT, "protocol": "udp", "data": encoded(query)} for query in queries]
    results = decoded(call(**ask, probes=probes)["results"])
    first, second = (dns.message.from_wire(base64.b64decode(result["data"])) for result in results)
    assert (first.id, first.question[0].to_text(), first.answer[0][0].to_text()) == (
        queries[0].id,
        "wWw.test. IN A",
        "192.0.2.1",
    )
    assert (second.id, second.rcode()) == (queries[1].id, dns.rcode.NXDOMAIN)
    asked = [bytes.fromhex(question) for question, _ in decoded(call(op="stubbed", port=PORT)["asked"])]
    assert sorted(asked) == sorted(query.to_wire()[12:] for query in queries)


def test_what_a_stub_that_is_not_there_was_asked_cannot_be_told(call: Call) -> None:
    with pytest.raises(Exception, match="no stub serves port 9"):
        call(op="stubbed", port=9)


@pytest.mark.parametrize("data", [b"", b"\0" * 12, b"\0" * 4 + b"\0\1" + b"\0" * 6 + b"\5abc"])
def test_what_is_no_question_is_left_alone(data: bytes) -> None:
    assert question_end(data) == 0


def test_the_question_ends_behind_type_and_class() -> None:
    wire = dns.message.make_query("www.test.", "A", use_edns=0).to_wire()
    assert wire[12 : question_end(wire)] == b"\3www\4test\0\0\1\0\1"
