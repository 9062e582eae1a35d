"""Whether a network can be judged at all by what is measured on it: the same path, measured beside itself. Pure."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import dataclass, replace
from statistics import fmean

from pytest_k8snet.measure.judged import Judged
from pytest_k8snet.measure.rounds import Plan, judge
from pytest_k8snet.measure.verdict import Limit, Verdict

SIMULATIONS = 200
TOLERABLE = 0.05
"""The share of false alarms from which on a network cannot be judged."""
USUAL = 0.5
"""The share of runs without a verdict from which on measuring is a waste of time."""


@dataclass(frozen=True)
class Fitness:
    """What an A/A run tells: in which share of runs with this noise an unchanged network would be called worse
    (``false_alarms``), or not be judged at all (``undecided``); ``reason`` why that is too much, "" when it is not.

    ``trusted``: a FAIL on this network is one. That also holds where noise leaves most runs without a verdict.
    """

    itself: Judged
    false_alarms: float
    undecided: float
    reason: str = ""
    trusted: bool = True


def fitness_of(itself: Judged, plan: Plan) -> Fitness:
    """Return how fit for verdicts a network is whose path was measured beside itself, by the limit that is used there.

    The noise is that of the rounds, each as often up as down: what an order or the time of day adds to one side shows
    in the ratio itself. Raises the trouble of a path that could not be measured.
    """
    if itself.trouble is not None:
        raise itself.trouble
    assert itself.ratio is not None
    seen = _simulate(_noise(itself), itself.limit, plan)
    found = Fitness(itself, seen[Verdict.FAIL] / SIMULATIONS, seen[Verdict.INCONCLUSIVE] / SIMULATIONS)
    interval = itself.ratio.interval
    said = f"{interval.low:.3f} to {interval.high:.3f} times itself"
    if 1 not in interval and itself.limit.verdict(interval) is not Verdict.PASS:
        changes = f"one path, measured twice, is {said}: something else changes while it is measured"
        return replace(found, reason=changes, trusted=False)
    if found.false_alarms > TOLERABLE:
        alarms = f"{found.false_alarms:.0%} of the runs would call an unchanged network worse"
        return replace(found, reason=alarms, trusted=False)
    if found.undecided > USUAL:
        return replace(found, reason=f"{found.undecided:.0%} of the runs would have no verdict: one path is {said}")
    return found


def _noise(itself: Judged) -> list[float]:
    logarithms = [math.log(one / other) for one, other in zip(itself.subject, itself.baseline, strict=True)]
    middle = fmean(logarithms)
    # Residuals of a mean of n are smaller than the noise itself by this factor.
    widen = math.sqrt(len(logarithms) / (len(logarithms) - 1))
    return [(one - middle) * widen for one in logarithms]


def _simulate(noise: list[float], limit: Limit, plan: Plan) -> Counter[Verdict]:
    """Return the verdicts of runs with noise drawn from what was seen, and no difference otherwise."""
    drawn = random.Random(plan.seed)
    endless = replace(plan, budget=math.inf)

    def subject(number: int) -> float:
        return math.exp(drawn.choice(noise) * drawn.choice((-1, 1)))

    return Counter(
        judge({"itself": subject}, lambda number: 1.0, {"itself": limit}, endless, clock=lambda: 0.0)["itself"].verdict
        for _ in range(SIMULATIONS)
    )
