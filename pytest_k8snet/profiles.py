"""Profiles: which levels run, and with how much patience."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LEVELS = {
    "core": "what every cluster must do",
    "extended": "what most clusters do and the specification describes",
    "performance": "measurements of bandwidth, latency and speed",
    "drill": "failures caused on purpose; never without being asked for",
}


@dataclass(frozen=True)
class Measuring:
    """How long is measured: see ``measure.rounds.Plan``. ``undecided`` is what becomes of a check without a verdict.

    ``transfer`` is how many seconds one run of iperf3 takes: there are many of them, and each is one sample.
    Changes of the API must hold for packets within ``takes_hold`` seconds; so many ``changes`` of each kind are
    measured, while ``churn`` others are made in each second.
    Bandwidth is measured between each two of so many nodes, ``pairs_of``: 3 are 9 pairs, none where there is no time.
    """

    looks: tuple[int, ...]
    seconds: float
    budget: float
    transfer: float
    undecided: Literal["skip", "error"] = "skip"
    takes_hold: float = 5.0
    changes: int = 5
    churn: float = 5.0
    pairs_of: int = 3


@dataclass(frozen=True)
class Profile:
    """Levels and patience, in seconds.

    ``timeout`` is that of one probe; a table must be right within ``converge`` and then stay right for ``hold``.
    ``measuring`` holds for checks of the level performance, also when the profile runs them only if they are asked for.
    """

    levels: frozenset[str]
    timeout: float = 1.0
    converge: float = 15.0
    hold: float = 0.2
    measuring: Measuring = Measuring(looks=(5, 10, 20), seconds=2.0, budget=60.0, transfer=0.5)


PROFILES = {
    "smoke": Profile(
        frozenset({"core"}),
        measuring=Measuring(looks=(4, 8), seconds=1.0, budget=15.0, transfer=0.1, changes=1, pairs_of=0),
    ),
    "standard": Profile(frozenset({"core", "extended"})),
    "nightly": Profile(
        frozenset({"core", "extended", "performance"}),
        hold=2.0,
        measuring=Measuring(looks=(5, 10, 20), seconds=5.0, budget=240.0, transfer=3.0, changes=10, pairs_of=4),
    ),
    "acceptance": Profile(
        frozenset({"core", "extended", "performance"}),
        converge=30.0,
        hold=5.0,
        measuring=Measuring(
            looks=(8, 16, 32),
            seconds=8.0,
            budget=900.0,
            transfer=5.0,
            undecided="error",
            changes=20,
            churn=20.0,
            pairs_of=6,
        ),
    ),
}

# The embedded cluster is quick, and under a fault every expectation that it breaks is waited for in vain. What is
# measured there need not be measured well: a fault of speed is made large.
CALIBRATION = Profile(
    frozenset({"core", "extended", "performance"}),
    timeout=0.5,
    converge=1.5,
    hold=0.0,
    measuring=Measuring(looks=(4, 8), seconds=0.5, budget=30.0, transfer=0.1, takes_hold=0.6, changes=1, pairs_of=2),
)
