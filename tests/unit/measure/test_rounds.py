"""Interleaved rounds, planned looks, and the verdicts that come of them."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.errors import MeasurementError
from pytest_k8snet.measure.judged import Judged
from pytest_k8snet.measure.rounds import CONFIDENCE, Plan, judge, order
from pytest_k8snet.measure.verdict import Limit, Verdict
from pytest_k8snet.profiles import CALIBRATION, PROFILES

LOOKS = (5, 10, 20)
BANDWIDTH = Limit(0.9, "higher")
SIMULATIONS = 400


class Clock:
    """Time that passes only when something is measured."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def arm(self, seconds: float, value: Callable[[int], float]) -> Callable[[int], float]:
        def measure(number: int) -> float:
            self.now += seconds
            return value(number)

        return measure


def _plan(looks: tuple[int, ...] = LOOKS, budget: float = 1e9) -> Plan:
    return Plan(looks, CONFIDENCE, 1.0, budget)


def _simulated(true: float, noise: float, drawn: random.Random, plan: Plan, limit: Limit = BANDWIDTH) -> Judged:
    def arm(level: float) -> Callable[[int], float]:
        return lambda number: level * math.exp(drawn.gauss(0, noise))

    return judge({"pods": arm(true)}, arm(1.0), {"pods": limit}, plan, Clock())["pods"]


def _verdicts(true: float, noise: float, plan: Plan, times: int = SIMULATIONS) -> Counter[Verdict]:
    drawn = random.Random(1)
    return Counter(_simulated(true, noise, drawn, plan).verdict for _ in range(times))


PLANNED = sorted({profile.measuring.looks for profile in (*PROFILES.values(), CALIBRATION)})


@pytest.mark.parametrize("looks", PLANNED)
def test_looking_at_planned_rounds_is_wrong_at_the_limit_in_few_runs_only(looks: tuple[int, ...]) -> None:
    seen = _verdicts(0.9, 0.055, _plan(looks))

    # Each look is wrong on each side in 1 %; what is added is three standard errors of this simulation.
    most = (1 - CONFIDENCE) / 2 * len(looks)
    bound = most + 3 * math.sqrt(most * (1 - most) / SIMULATIONS)
    assert seen[Verdict.FAIL] / SIMULATIONS < bound
    assert seen[Verdict.PASS] / SIMULATIONS < bound


def test_looking_after_every_round_would_be_wrong_far_more_often() -> None:
    often = Plan(tuple(range(5, 21)), 0.95, 1.0, 1e9)

    assert _verdicts(0.9, 0.055, often)[Verdict.FAIL] / SIMULATIONS > 0.06


@pytest.mark.parametrize("noise", [0.02, 0.1])
@pytest.mark.parametrize("looks", PLANNED)
def test_a_network_compared_with_itself_is_never_called_worse(looks: tuple[int, ...], noise: float) -> None:
    assert _verdicts(1.0, noise, _plan(looks))[Verdict.FAIL] == 0


@pytest.mark.parametrize(("noise", "sure"), [(0.02, 1.0), (0.055, 0.97)])
def test_twenty_percent_less_is_called_worse(noise: float, sure: float) -> None:
    seen = _verdicts(0.8, noise, _plan())

    assert seen[Verdict.FAIL] / SIMULATIONS >= sure
    assert seen[Verdict.PASS] == 0


def test_a_latency_is_judged_the_other_way_round() -> None:
    drawn, limit = random.Random(3), Limit(1.5, "lower")

    assert _simulated(1.1, 0.05, drawn, _plan(), limit).verdict is Verdict.PASS
    assert _simulated(2.0, 0.05, drawn, _plan(), limit).verdict is Verdict.FAIL
    assert _simulated(1.5, 0.05, drawn, _plan(), limit).verdict is Verdict.INCONCLUSIVE


def test_a_drift_that_hits_all_arms_is_no_difference_between_them() -> None:
    clock = Clock()
    fading = clock.arm(1.0, lambda number: 1000.0 * 0.97**clock.now)
    judged = judge({"same": fading, "too": fading}, fading, dict.fromkeys(("same", "too"), BANDWIDTH), _plan(), clock)

    for one in judged.values():
        assert one.verdict is Verdict.PASS
        assert one.ratio is not None
        assert one.ratio.estimate == pytest.approx(1, abs=0.03)


def test_a_baseline_that_fades_is_told_beside_the_verdict() -> None:
    drawn = random.Random(6)
    faded = [0.0]

    def fading(number: int) -> float:
        faded[0] += 0.05
        return math.exp(drawn.gauss(0, 0.02) - faded[0])

    judged = judge({"pods": fading}, fading, {"pods": Limit(0.95, "higher")}, _plan((10, 20)), Clock())["pods"]

    assert any("of what it began with" in doubt for doubt in judged.doubts)
    assert "of what it began with" in judged.explain()


@given(st.integers(1, 6), st.integers(0, 1000))
def test_a_pair_of_rounds_mirrors_itself_and_every_arm_comes_first_in_turn(arms: int, seed: int) -> None:
    names = [f"arm {place}" for place in range(arms)]
    rounds = [order(names, number, seed) for number in range(2 * arms)]

    assert all(sorted(one) == names for one in rounds)
    assert all(rounds[place] == rounds[place + 1][::-1] for place in range(0, 2 * arms, 2))
    assert sorted(one[0] for one in rounds[::2]) == names


def test_what_is_decided_is_not_measured_any_more() -> None:
    clock, drawn = Clock(), random.Random(5)
    calls: Counter[str] = Counter()

    def arm(name: str, level: float, noise: float) -> Callable[[int], float]:
        def measure(number: int) -> float:
            calls[name] += 1
            return level * math.exp(drawn.gauss(0, noise))

        return measure

    subjects = {"good": arm("good", 1.0, 0.01), "unclear": arm("unclear", 0.9, 0.05)}
    judged = judge(subjects, arm("base", 1.0, 0.01), dict.fromkeys(subjects, BANDWIDTH), _plan(), clock)

    assert calls == {"good": 5, "unclear": 20, "base": 20}
    assert judged["good"].verdict is Verdict.PASS
    assert judged["good"].stopped == "that decided it"
    assert judged["unclear"].verdict is Verdict.INCONCLUSIVE
    assert judged["unclear"].stopped == "these are all rounds of the plan"
    assert len(judged["good"].baseline) == len(judged["good"].subject) == 5


def test_no_round_begins_that_would_end_after_the_budget() -> None:
    clock = Clock()
    noisy = clock.arm(1.0, lambda number: 1.0 + number % 2)
    judged = judge({"pods": noisy}, clock.arm(1.0, lambda number: 1.0), {"pods": BANDWIDTH}, _plan(budget=15.0), clock)

    assert clock.now == 14.0
    assert judged["pods"].verdict is Verdict.INCONCLUSIVE
    assert judged["pods"].stopped == "the budget of 15 s is spent"


def test_three_rounds_are_measured_also_where_the_budget_is_too_small() -> None:
    clock = Clock()
    steady = clock.arm(10.0, lambda number: 1.0)
    judged = judge({"pods": steady}, steady, {"pods": BANDWIDTH}, _plan(budget=5.0), clock)

    assert len(judged["pods"].subject) == 3
    assert judged["pods"].verdict is Verdict.PASS


@pytest.mark.parametrize("bad", [0, 0.0, -1.0, math.nan, math.inf, None])
def test_zero_nothing_and_not_a_number_are_no_measurement(bad: float) -> None:
    broken = judge({"pods": lambda number: bad}, lambda number: 1.0, {"pods": BANDWIDTH}, _plan(), Clock())["pods"]

    assert isinstance(broken.trouble, MeasurementError)
    assert broken.verdict is Verdict.INCONCLUSIVE
    assert "not a positive number" in broken.explain()
    with pytest.raises(MeasurementError, match="the baseline"):
        judge({"pods": lambda number: 1.0}, lambda number: bad, {"pods": BANDWIDTH}, _plan(), Clock())


def test_a_path_that_cannot_be_measured_does_not_keep_the_others_from_their_verdict() -> None:
    def lost(number: int) -> float:
        if number == 2:
            raise MeasurementError("the client was killed")
        return 1.0

    subjects = {"lost": lost, "good": lambda number: 1.0}
    judged = judge(subjects, lambda number: 1.0, dict.fromkeys(subjects, BANDWIDTH), _plan(), Clock())

    assert judged["good"].verdict is Verdict.PASS
    assert judged["lost"].explain() == "lost: the client was killed"
    assert judged["lost"].subject == (1.0, 1.0)
    assert judged["lost"].ratio is None


@pytest.mark.parametrize("looks", [(), (5, 5), (10, 5), (2, 5)])
def test_looks_that_do_not_grow_from_three_rounds_on_are_refused(looks: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="looks"):
        _plan(looks)


def test_a_failure_says_how_much_how_sure_and_what_is_allowed() -> None:
    text = _simulated(0.78, 0.02, random.Random(2), _plan()).explain()

    assert "pods: 0.77" in text
    assert "98 % interval 0.7" in text
    assert "the limit is at least 0.9 of the baseline: FAIL" in text


@pytest.mark.parametrize(
    ("true", "noise", "advice"),
    [(0.9, 0.005, "steady and close to its limit"), (0.93, 0.3, "while nothing else loads")],
)
def test_no_verdict_comes_with_what_to_do(true: float, noise: float, advice: str) -> None:
    judged = _simulated(true, noise, random.Random(4), _plan((5,)))

    assert judged.verdict is Verdict.INCONCLUSIVE
    assert advice in judged.explain()
    assert "rounds would tell it from the limit" in judged.explain()
