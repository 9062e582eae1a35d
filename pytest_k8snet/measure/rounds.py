"""Measures several paths beside a baseline in interleaved rounds, until it is decided or the time is spent."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pytest_k8snet.errors import MeasurementError
from pytest_k8snet.measure.judged import Judged
from pytest_k8snet.measure.statistics import ratio_of
from pytest_k8snet.measure.verdict import Limit, Verdict

Arm = Callable[[int], float]
"""Measures once, in the round of this number from 0, and returns a positive number.

Raises MeasurementError, with the reason, when there is none.
"""

BASELINE = "the baseline"
ALL_ROUNDS = "these are all rounds of the plan"
CONFIDENCE = 0.98
FEWEST_ROUNDS = 3
"""With fewer a verdict stands on too little, also when there is no time for more."""


@dataclass(frozen=True)
class Plan:
    """How long to measure, and how often to look.

    A verdict is looked for after each number of rounds in ``looks``, and when ``budget`` seconds are spent instead of
    the next look. Looking costs: with three looks at a ``confidence`` of 0.98 the verdict is wrong in about 2.3 % of
    the runs on a network that is exactly at its limit, with a look after every round in 9 %. ``seconds`` is how long
    an arm should take for one measurement; ``seed`` decides the order. Raises ValueError for looks that do not grow.
    """

    looks: tuple[int, ...]
    confidence: float
    seconds: float
    budget: float
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.looks or list(self.looks) != sorted({*self.looks}) or self.looks[0] < FEWEST_ROUNDS:
            raise ValueError(f"looks {self.looks} must grow, from {FEWEST_ROUNDS} on")


def judge(
    subjects: Mapping[str, Arm],
    baseline: Arm,
    limits: Mapping[str, Limit],
    plan: Plan,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, Judged]:
    """Measure each subject beside the baseline and judge it by its limit.

    All subjects share the baseline's samples. One that is decided is not measured any more; one that cannot be
    measured is given back with its ``trouble``, and the others go on.

    Raises:
        MeasurementError: the baseline could not be measured.

    """
    course = _Course(subjects, baseline, limits, plan)
    ends = clock() + plan.budget
    looks = plan.looks
    while course.open and looks:
        began = clock()
        course.measure()
        # A round that would end after the budget is not begun.
        spent = clock() + (clock() - began) > ends and course.rounds >= FEWEST_ROUNDS
        if spent or course.rounds == looks[0]:
            whole = looks[1:] == () and course.rounds == looks[0]
            looks = () if spent else looks[1:]
            course.look(ALL_ROUNDS if whole else f"the budget of {plan.budget:g} s is spent", last=not looks)
    return {name: course.done[name] for name in subjects}


class _Course:
    """The samples of all arms while they are measured: ``open`` subjects have no verdict yet, ``done`` are judged."""

    def __init__(self, subjects: Mapping[str, Arm], baseline: Arm, limits: Mapping[str, Limit], plan: Plan) -> None:
        self._arms = {BASELINE: baseline, **subjects}
        self._limits = limits
        self._plan = plan
        self._samples: dict[str, list[float]] = {name: [] for name in self._arms}
        self.open = list(subjects)
        self.done: dict[str, Judged] = {}
        self.rounds = 0

    def measure(self) -> None:
        """Measure each open subject and the baseline once."""
        troubles: dict[str, MeasurementError] = {}
        for name in order([BASELINE, *self.open], self.rounds, self._plan.seed):
            try:
                self._samples[name].append(_positive(name, self._arms[name](self.rounds)))
            except MeasurementError as error:
                if name == BASELINE:
                    raise
                troubles[name] = error
        for name, trouble in troubles.items():
            self._close(replace(self._judged(name), trouble=trouble, stopped="it could not be measured"))
        self.rounds += 1

    def look(self, why: str, *, last: bool) -> None:
        """Judge the open subjects by what there is; ``why`` is the reason for which this look is the ``last``."""
        for name in list(self.open):
            samples = self._judged(name)
            ratio = ratio_of(samples.subject, samples.baseline, self._plan.confidence)
            verdict = samples.limit.verdict(ratio.interval)
            if last or verdict is not Verdict.INCONCLUSIVE:
                stopped = why if verdict is Verdict.INCONCLUSIVE else "that decided it"
                self._close(replace(samples, ratio=ratio, verdict=verdict, stopped=stopped))

    def _close(self, judged: Judged) -> None:
        self.open.remove(judged.name)
        self.done[judged.name] = judged

    def _judged(self, name: str) -> Judged:
        subject = tuple(self._samples[name])
        return Judged(name, self._limits[name], subject, tuple(self._samples[BASELINE][: len(subject)]))


def order(names: Sequence[str], number: int, seed: int) -> list[str]:
    """Return the order of one round: two rounds mirror each other, and each two begin with another arm.

    So a network that gets slower or faster while it is measured does so to every arm alike.
    """
    drawn = list(names)
    random.Random(seed).shuffle(drawn)
    turn = (number // 2) % len(drawn)
    turned = drawn[turn:] + drawn[:turn]
    return turned if number % 2 == 0 else turned[::-1]


def _positive(name: str, value: object) -> float:
    if isinstance(value, (int, float)) and math.isfinite(value) and value > 0:
        return value
    raise MeasurementError(f"{name}: {value!r} was measured, which is not a positive number")
