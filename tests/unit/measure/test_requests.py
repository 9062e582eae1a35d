"""How long pods take to be answered, as the arm of a measurement."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

import pytest

from pytest_k8snet.errors import MeasurementError
from pytest_k8snet.measure.requests import AT_ONCE, FEWEST_TIMES, request_time
from pytest_k8snet.measure.rounds import Arm
from pytest_k8snet.probe.observation import Observation, Outcome, Pod, Probe
from pytest_k8snet.probe.prober import Prober

SOURCE, TARGET = (Pod("ns", name, name, (f"10.0.0.{place}",)) for place, name in enumerate("ab", 1))


class Answering:
    """Answers each table with the next of these times; the last one for ever."""

    def __init__(self, *millis: float, outcome: Outcome = Outcome.CONNECTED) -> None:
        self._millis = list(millis)
        self._outcome = outcome
        self.asked: list[Probe] = []

    def observe(self, probes: Collection[Probe]) -> dict[Probe, Observation]:
        self.asked += probes
        millis = self._millis.pop(0) if len(self._millis) > 1 else self._millis[0]
        return {probe: Observation(self._outcome, millis, detail="no answer within 1 s") for probe in probes}


def _arm(answering: Answering) -> Arm:
    return request_time(cast(Prober, answering), SOURCE, TARGET, 0.0)


def test_the_median_of_some_requests_is_taken_and_the_first_ones_are_not_counted() -> None:
    answering = Answering(90.0, 1.0, 3.0, 2.0)
    arm = _arm(answering)

    assert arm(0) == 2.0
    assert len(answering.asked) == AT_ONCE * (FEWEST_TIMES + 1)
    assert {(probe.source, probe.address) for probe in answering.asked} == {(SOURCE, "10.0.0.2")}
    arm(1)
    assert len(answering.asked) == AT_ONCE * (2 * FEWEST_TIMES + 1)


def test_a_request_without_an_answer_is_no_measurement() -> None:
    with pytest.raises(MeasurementError, match=r"a -> b at 10\.0\.0\.2: timeout no answer within 1 s"):
        _arm(Answering(1000.0, outcome=Outcome.TIMEOUT))(0)
