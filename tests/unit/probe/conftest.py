"""Pods, probes and observations in few words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from pytest_k8snet.probe.observation import (
    CONNECTS,
    REJECTED,
    Expectation,
    Expected,
    Identity,
    Observation,
    Outcome,
    Pod,
    Probe,
    Protocol,
)

Cells = Mapping[Probe, Expected]


def _pod(number: int) -> Pod:
    return Pod("ns", f"pod-{number}", f"node-{number % 2 + 1}", (f"10.0.0.{number}", f"fd00::{number}"))


def _probe(source: Pod, target: Pod, protocol: Protocol = Protocol.TCP, port: int = 80) -> Probe:
    return Probe(source, target.addresses[0], port, protocol, target.name)


@pytest.fixture(scope="session")
def pods() -> list[Pod]:
    return [_pod(number) for number in range(1, 4)]


@pytest.fixture(scope="session")
def make_pod() -> Callable[[int], Pod]:
    return _pod


@pytest.fixture(scope="session")
def make_probe() -> Callable[..., Probe]:
    return _probe


@pytest.fixture(scope="session")
def mesh(pods: list[Pod]) -> Expectation:
    """Every pod may connect to every other, but nobody to the last one's UDP port 9, which answers pod-1 on 80."""
    cells = {
        _probe(a, b, p): Expected(CONNECTS, server=b.name)
        for a in pods
        for b in pods
        for p in (Protocol.TCP, Protocol.UDP)
    }
    cells |= {_probe(a, pods[2], Protocol.UDP, 9): Expected(REJECTED, target=pods[2].name) for a in pods}
    return Expectation("mesh", cells)


@pytest.fixture(scope="session")
def as_expected() -> Callable[[Probe, Expected], Observation]:
    def see(probe: Probe, expected: Expected) -> Observation:
        if Outcome.CONNECTED not in expected.outcomes:
            return Observation(Outcome.REFUSED, 1.0, detail="ICMP port unreachable")
        server = Identity(probe.column, "node-1", "abc", (probe.address,), probe.source.addresses[0], 40000, "ns")
        return Observation(Outcome.CONNECTED, 1.0, server=server)

    return see
