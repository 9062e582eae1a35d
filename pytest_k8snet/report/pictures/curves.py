"""Distributions: which share of all values was at most how large, on a logarithmic axis."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from pytest_k8snet.report.figures import DistributionRecord
from pytest_k8snet.report.markup import Markup, element
from pytest_k8snet.report.pictures.scale import decade_ticks, readable, short
from pytest_k8snet.report.pictures.svg import TONES, WIDTH, drawing, line, text

LEFT, RIGHT, TOP, PLOT, LEGEND = 50, 20, 10, 210, 20
SHARES = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
TOLD = (0.5, 0.99)


def curves(distributions: Sequence[DistributionRecord], title: str) -> Markup:
    """Return a picture of distributions that have one unit; nothing of those without a positive value."""
    shown = [one for one in distributions if any(value > 0 for value in one.values)][:TONES]
    if not shown:
        return Markup()
    positive = [value for one in shown for value in one.values if value > 0]
    low, high = min(positive), max(positive)
    low, high = (low, high) if high > low else (low / 2, high * 2)
    plot = _Plot(low, high)
    unit = shown[0].unit
    marks = [*plot.axes(), *(plot.curve(one, tone) for tone, one in enumerate(shown))]
    for place, one in enumerate(shown):
        marks += _legend(place, one)
    said = "; ".join(f"{one.name}: {_told(one)}" for one in shown)
    height = TOP + PLOT + 34 + LEGEND * len(shown)
    return drawing(f"{title}, {unit}" if unit else title, said, height, *marks)


class _Plot:
    """Where values and shares lie."""

    def __init__(self, low: float, high: float) -> None:
        self._low, self._high = low, high

    def x(self, value: float) -> float:
        part = math.log(max(value, self._low) / self._low) / math.log(self._high / self._low)
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    @staticmethod
    def y(share: float) -> float:
        return TOP + (1 - share) * PLOT

    def axes(self) -> Iterator[Markup]:
        for share in SHARES:
            yield line(LEFT, self.y(share), WIDTH - RIGHT, self.y(share), "grid")
            yield text(LEFT - 6, self.y(share) + 4, f"{share * 100:g} %", anchor="end", class_="axis")
        for tick in decade_ticks(self._low, self._high):
            yield line(self.x(tick), TOP, self.x(tick), TOP + PLOT, "grid")
            yield text(self.x(tick), TOP + PLOT + 16, f"{tick:g}", anchor="middle", class_="axis")

    def curve(self, one: DistributionRecord, tone: int) -> Markup:
        """A step at each value: so many were at most as large."""
        steps = [f"M{self.x(one.values[0]):.1f},{self.y(0):.1f}"]
        for value, share in one.points:
            steps.append(f"H{self.x(value):.1f}V{self.y(share):.1f}")
        return element("path", d="".join(steps), class_=f"curve tone-{tone}")


def _legend(place: int, one: DistributionRecord) -> Iterator[Markup]:
    y = TOP + PLOT + 42 + LEGEND * place
    yield element("path", d=f"M{LEFT},{y - 4}h34", class_=f"curve tone-{place}")
    yield text(LEFT + 42, y, f"{one.name}: {_told(one)}", class_="name")


def _told(one: DistributionRecord) -> str:
    quantiles = ", ".join(f"{share * 100:g} % within {readable(_quantile(one, share), one.unit)}" for share in TOLD)
    return f"{quantiles} (of {short(one.count) if one.count < 1000 else one.count})"


def _quantile(one: DistributionRecord, share: float) -> float:
    return next((value for value, reached in one.points if reached >= share), one.values[-1])
