"""Waiting for a change to hold: the first of a row counts, an accident does not, and what never comes is said."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator

import pytest

from pytest_k8snet.errors import NoVerdict
from pytest_k8snet.measure.programming.holding import Took, connects, forbidden, until
from pytest_k8snet.probe.observation import Observation, Outcome, Pod, Probe, Protocol
from pytest_k8snet.probe.patience import Patience

ASKING = Pod("ns", "asking", "node-1", ("10.0.0.1",))
TARGET, CONTROL = (Probe(ASKING, f"10.0.0.{number}", 80, Protocol.TCP, f"pod-{number}") for number in (2, 3))
YES, NO, BROKEN = Outcome.CONNECTED, Outcome.TIMEOUT, Outcome.PROBE_ERROR


class Network:
    """Answers as it is told, one round after the other; the last one for ever."""

    def __init__(self, *rounds: tuple[Outcome, ...]) -> None:
        self._rounds = self._told(rounds)
        self.asked = 0

    def _told(self, rounds: tuple[tuple[Outcome, ...], ...]) -> Iterator[tuple[Outcome, ...]]:
        yield from rounds
        while True:
            yield rounds[-1]

    def observe(self, probes: Collection[Probe], patience: Patience | None = None) -> dict[Probe, Observation]:
        self.asked += 1
        time.sleep(0.005)
        return {probe: Observation(one, 1.0) for probe, one in zip(probes, next(self._rounds), strict=True)}


def waits(network: Network, *probes: Probe, times: int = 1, patience: float = 0.2) -> Took | None:
    holds = forbidden(TARGET, CONTROL) if len(probes) > 1 else connects
    return until(network, list(probes), holds, time.monotonic(), patience=patience, times=times)


def test_what_holds_at_once_took_no_longer_than_the_question() -> None:
    took = waits(Network((YES,)), TARGET)
    assert took is not None
    assert took.seconds == took.resolution < 0.1


def test_the_time_is_known_as_closely_as_it_was_asked() -> None:
    took = waits(Network((NO,), (NO,), (NO,), (YES,)), TARGET)
    assert took is not None
    assert took.seconds > took.resolution


def test_what_never_holds_is_none() -> None:
    assert waits(Network((NO,)), TARGET, patience=0.03) is None


def test_one_lost_connection_is_no_enforcement() -> None:
    network = Network((NO, YES), (YES, YES), (NO, YES))
    took = waits(network, TARGET, CONTROL, times=2)
    assert took is not None
    assert network.asked == 4
    assert took.seconds > 0.01


def test_silence_of_the_control_too_is_no_enforcement() -> None:
    assert waits(Network((NO, NO)), TARGET, CONTROL, patience=0.03) is None


def test_a_probe_that_cannot_be_made_is_no_answer() -> None:
    with pytest.raises(NoVerdict, match="could not ask pod-2"):
        waits(Network((BROKEN,)), TARGET)
