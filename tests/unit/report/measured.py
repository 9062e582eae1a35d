"""Made-up measurements, as checks leave them in their records."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import Literal

from pytest_k8snet.measure.judged import Judged
from pytest_k8snet.measure.rounds import CONFIDENCE, Plan, judge
from pytest_k8snet.measure.verdict import Limit
from pytest_k8snet.measuring import comparison
from pytest_k8snet.report.figures import ComparisonRecord, DistributionRecord, MatrixRecord

PLAN = Plan((5, 10, 20), CONFIDENCE, 1.0, 1e9)
HOSTS = 9.4e9


def judged(
    name: str, part: float, limit: float = 0.9, noise: float = 0.02, better: Literal["higher", "lower"] = "higher"
) -> Judged:
    drawn = random.Random(name)

    def arm(level: float) -> float:
        return HOSTS * level * math.exp(drawn.gauss(0, noise))

    limits = {name: Limit(limit, better)}
    return judge({name: lambda number: arm(part)}, lambda number: arm(1.0), limits, PLAN)[name]


def compared(name: str, part: float, **more: float) -> ComparisonRecord:
    return comparison(judged(name, part, **more), "bit/s", "host to host")  # type: ignore[arg-type]


def bandwidths() -> list[ComparisonRecord]:
    """One of each verdict, beside one baseline."""
    found = [compared("pod to pod", 0.97), compared("pod to Service", 0.7), compared("NodePort", 0.9, noise=0.08)]
    return [replace(one, baseline=found[0].baseline) for one in found]


def latencies(*middles: float) -> list[DistributionRecord]:
    shares = [place / 50 for place in range(1, 51)]
    return [
        DistributionRecord(
            f"pods, {middle:g} ms",
            "ms",
            5000,
            [middle * (1 - math.log(1.0001 - share) / 2) for share in shares],
            shares,
        )
        for middle in middles
    ]


def nodes(slow: tuple[int, int] = (0, 2)) -> MatrixRecord:
    names = ["worker-1", "worker-2", "worker-3"]
    values = [
        [None if row == column else 2.1e9 if (row, column) == slow else 9.4e9 - 1e8 * row for column in range(3)]
        for row in range(3)
    ]
    return MatrixRecord("bandwidth between nodes", "bit/s", "higher", names, names, values)
