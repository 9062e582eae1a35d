"""What counts as a mismatch."""

from __future__ import annotations

import pytest

from pytest_k8snet.probe.observation import (
    CONNECTS,
    REJECTED,
    Expected,
    Identity,
    Observation,
    Outcome,
    Pod,
    Probe,
    Protocol,
)

SOURCE = Pod("ns", "a", "node-1", ("10.0.0.1",))
TCP = Probe(SOURCE, "10.0.0.2", 80, Protocol.TCP, "b")
UDP = Probe(SOURCE, "10.0.0.2", 80, Protocol.UDP, "b")
PING = Probe(SOURCE, "10.0.0.2", 0, Protocol.ICMP, "b")
NAMED = Probe(SOURCE, "b.example", 80, Protocol.UDP, "b")
B = Identity("b", "node-2", "abc", ("10.0.0.2",), "10.0.0.1", 40000)
ANSWERED = Observation(Outcome.CONNECTED, 1.0, server=B)


@pytest.mark.parametrize(
    ("probe", "expected", "seen"),
    [
        (TCP, Expected(CONNECTS, server="b", source="10.0.0.1"), ANSWERED),
        (UDP, Expected(CONNECTS), Observation(Outcome.CONNECTED, 1.0, server=B, replied_from="10.0.0.2")),
        (PING, Expected(CONNECTS, server="b"), Observation(Outcome.CONNECTED, 1.0, replied_from="10.0.0.2")),
        (
            NAMED,
            Expected(CONNECTS),
            Observation(Outcome.CONNECTED, 1.0, replied_from="10.0.0.2", resolved="10.0.0.2"),
        ),
        (TCP, Expected(REJECTED), Observation(Outcome.TIMEOUT, 1000.0)),
        (TCP, Expected(CONNECTS | REJECTED), Observation(Outcome.TIMEOUT, 1000.0, handshake=True)),
    ],
)
def test_what_is_as_expected_is_no_mismatch(probe: Probe, expected: Expected, seen: Observation) -> None:
    assert expected.mismatch(probe, seen) == ""


@pytest.mark.parametrize(
    ("probe", "expected", "seen", "why"),
    [
        (TCP, Expected(CONNECTS), Observation(Outcome.TIMEOUT, 1000.0), "timeout instead of connected"),
        (TCP, Expected(REJECTED), ANSWERED, "connected instead of refused or reset or timeout or unreachable"),
        (TCP, Expected(REJECTED), Observation(Outcome.PROBE_ERROR, 0.0), "probe_error instead of refused or"),
        (TCP, Expected(CONNECTS, server="c"), ANSWERED, "answered by b, not by c"),
        (TCP, Expected(CONNECTS, source="10.0.0.9"), ANSWERED, "saw the source 10.0.0.1, not 10.0.0.9"),
        (UDP, Expected(CONNECTS), Observation(Outcome.CONNECTED, 1.0, replied_from="10.0.0.7"), "came from 10.0.0.7"),
        (
            NAMED,
            Expected(CONNECTS),
            Observation(Outcome.CONNECTED, 1.0, replied_from="10.0.0.7", resolved="10.0.0.2"),
            "from 10.0.0.7, not from 10.0.0.2",
        ),
        (TCP, Expected(CONNECTS, server="b"), Observation(Outcome.CONNECTED, 1.0), "no agent, not by b"),
        (
            TCP,
            Expected(REJECTED),
            Observation(Outcome.TIMEOUT, 1000.0, handshake=True),
            "the connection was accepted (and then silent)",
        ),
    ],
)
def test_a_mismatch_says_what_is_wrong(probe: Probe, expected: Expected, seen: Observation, why: str) -> None:
    assert why in expected.mismatch(probe, seen)
