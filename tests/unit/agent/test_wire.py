"""The lines and packets that agents exchange."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.agent import lines, sctp
from pytest_k8snet.agent.identity import Identity
from pytest_k8snet.agent.streams import read_answer

PORTS = st.integers(1, 65535)
TAGS = st.integers(0, 2**32 - 1)


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=30), max_size=4), st.integers(0, 500))
def test_a_line_is_as_long_as_asked_or_as_it_must_be(message: dict[str, str], size: int) -> None:
    shortest = lines.encode(message)
    line = lines.encode(message, size)
    assert len(line) == max(size, len(shortest))
    assert line.count(b"\n") == 1
    assert lines.decode(line) == message


@given(st.binary(max_size=40))
def test_whatever_comes_is_a_message_or_none(data: bytes) -> None:
    message = lines.decode(data)
    assert message is None or isinstance(message, dict)


@given(st.integers(0, 3000))
def test_an_answer_never_exceeds_a_size_that_it_can_keep(size: int) -> None:
    identity = Identity()
    identity.addresses = lambda: [f"10.0.{n}.1" for n in range(100)]  # type: ignore[method-assign]
    line = identity.answer({"nonce": "0" * 16, "size": size}, "10.0.0.1", 40000)
    shortest = len(identity.answer({"nonce": "0" * 16, "size": 1}, "10.0.0.1", 40000))
    assert len(line) == size or size == 0 or len(line) == shortest > size


def test_a_strange_size_is_no_size() -> None:
    line = Identity().answer({"nonce": "a", "size": "huge"}, "10.0.0.1", 40000)
    assert json.loads(line)["nonce"] == "a"


@given(PORTS, PORTS, TAGS, TAGS, st.sampled_from([sctp.INIT, sctp.INIT_ACK]), st.binary(max_size=200))
def test_an_sctp_packet_is_read_as_it_was_written(
    source: int, port: int, tag: int, initiate: int, chunk: int, text: bytes
) -> None:
    packet = sctp.Packet(source, port, tag, chunk, initiate, text)
    data = sctp.encode(packet)
    assert sctp.decode(data) == packet
    assert len(data) % 4 == 0


@given(st.binary(max_size=80))
def test_whatever_comes_is_an_sctp_packet_or_none(data: bytes) -> None:
    packet = sctp.decode(data)
    assert packet is None or isinstance(packet, sctp.Packet)


def test_the_checksum_is_crc32c() -> None:
    # RFC 3720, appendix B.4: 32 bytes of zeroes.
    assert sctp.crc32c(bytes(32)) == 0x8A9136AA
    assert sctp.crc32c(b"123456789") == 0xE3069283


def test_an_abort_has_no_body() -> None:
    assert sctp.decode(sctp.encode(sctp.Packet(1, 2, 3, sctp.ABORT))) == sctp.Packet(1, 2, 3, sctp.ABORT)


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        (b"", "reset"),
        (b'{"nonce":"n"', "reset"),
        (b'{"nonce":"n","pod":"a"}\n', "connected"),
        (b'{"nonce":"m","pod":"a"}\n', "probe_error"),
        (b"{no json}\n", "connected"),
        (b"HTTP/1.1 400 Bad Request\r\n", "connected"),
    ],
)
def test_what_comes_over_a_connection_means(data: bytes, outcome: str) -> None:
    finding = read_answer("n", data)
    assert finding.outcome == outcome
    assert (finding.server is not None) == (b"pod" in data)
