"""Whether a network can be judged by what is measured on it."""

from __future__ import annotations

import math
import random

import pytest

from pytest_k8snet.errors import MeasurementError
from pytest_k8snet.measure.fitness import Fitness, fitness_of
from pytest_k8snet.measure.rounds import CONFIDENCE, Plan, judge
from pytest_k8snet.measure.verdict import Limit

PLAN = Plan((5, 10, 20), CONFIDENCE, 1.0, 1e9)
LIMIT = Limit(0.9, "higher")


def _measured(noise: float, true: float = 1.0, limit: Limit = LIMIT) -> Fitness:
    drawn = random.Random(1)

    def arm(level: float) -> float:
        return level * math.exp(drawn.gauss(0, noise))

    itself = judge({"itself": lambda number: arm(true)}, lambda number: arm(1.0), {"itself": limit}, PLAN)["itself"]
    return fitness_of(itself, PLAN)


def test_a_quiet_network_is_fit() -> None:
    found = _measured(0.02)

    assert found.reason == ""
    assert found.false_alarms == 0
    assert found.undecided == 0


def test_noise_that_leaves_no_verdict_makes_a_network_unfit_and_raises_no_false_alarm() -> None:
    found = _measured(0.3)

    assert "would have no verdict" in found.reason
    assert found.undecided > 0.5
    assert found.false_alarms <= 0.05
    assert found.trusted


def test_a_path_that_is_not_like_itself_makes_a_network_unfit() -> None:
    assert "something else changes" in _measured(0.01, true=0.7).reason
    assert not _measured(0.01, true=0.7).trusted
    assert "something else changes" in _measured(0.01, true=2.0, limit=Limit(1.5, "same")).reason


def test_a_difference_that_the_limit_allows_does_not() -> None:
    assert _measured(0.001, true=0.98).reason == ""


def test_a_path_that_could_not_be_measured_is_no_statement_about_fitness() -> None:
    broken = judge({"itself": lambda number: 0.0}, lambda number: 1.0, {"itself": LIMIT}, PLAN)["itself"]

    with pytest.raises(MeasurementError, match="not a positive number"):
        fitness_of(broken, PLAN)
