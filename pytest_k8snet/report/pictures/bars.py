"""Paths beside their baseline: a bar for each, with its interval, and the limit as a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_k8snet.report.figures import ArmRecord, ComparisonRecord
from pytest_k8snet.report.markup import Markup, joined
from pytest_k8snet.report.pictures.scale import even_ticks, readable, short, unit_for
from pytest_k8snet.report.pictures.svg import WIDTH, box, drawing, line, text

LEFT, RIGHT, ROW, BAR, FOOT = 300, 115, 28, 16, 22
LONGEST_NAME = 40
MOST_OF_MEAN = 2.5


def bars(comparisons: Sequence[ComparisonRecord], title: str) -> Markup:
    """Return a picture of comparisons that have one unit and one baseline; nothing of those without two samples."""
    shown = [one for one in comparisons if one.subject.mean is not None and one.baseline.mean is not None]
    if not shown:
        return Markup()
    longest = max(shown, key=lambda one: len(one.baseline.samples))
    arms = [(longest.against or "baseline", longest.baseline, None), *((one.name, one.subject, one) for one in shown)]
    largest = max(filter(None, (value for _, arm, _ in arms for value in (arm.mean, _end(arm)))))
    divisor, unit = unit_for(largest, longest.unit)
    scale = (WIDTH - LEFT - RIGHT) / largest
    height = ROW * len(arms) + FOOT
    marks = [
        *_axis(largest / divisor, divisor * scale, ROW * len(arms)),
        *(joined(_row(place, name, arm, of, scale)) for place, (name, arm, of) in enumerate(arms)),
    ]
    said = "; ".join(f"{name}: {readable(arm.mean or 0, longest.unit)}" for name, arm, _ in arms)
    return drawing(f"{title}, {unit}" if unit else title, said, height, *marks)


def _end(arm: ArmRecord) -> float:
    """Where an arm's interval ends in the picture: one that says nothing would leave no room for the bars."""
    assert arm.mean is not None
    return min(arm.high or arm.mean, MOST_OF_MEAN * arm.mean)


def _axis(largest: float, scale: float, bottom: float) -> Iterator[Markup]:
    for tick in even_ticks(largest):
        x = LEFT + tick * scale
        yield line(x, 0, x, bottom, "grid")
        yield text(x, bottom + 15, f"{tick:g}", anchor="middle", class_="axis")


def _row(place: int, name: str, arm: ArmRecord, of: ComparisonRecord | None, scale: float) -> Iterator[Markup]:
    assert arm.mean is not None
    top, middle = place * ROW + (ROW - BAR) / 2, place * ROW + ROW / 2
    shown = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
    unit = of.unit if of else ""
    yield text(LEFT - 8, middle + 4, shown, anchor="end", class_="name" if of else "name baseline")
    kind = of.verdict if of else "baseline"
    yield box(LEFT, top, arm.mean * scale, BAR, f"bar-{kind}", _said(name, arm, of, unit))
    if arm.low is not None and arm.high is not None:
        low, high = LEFT + arm.low * scale, LEFT + _end(arm) * scale
        yield line(low, middle, high, middle, "whisker")
        for end in (low, high) if arm.high == _end(arm) else (low,):  # one that is cut has no end
            yield line(end, middle - 5, end, middle + 5, "whisker")
    if of is None:
        return
    for limit in (of.limit, 1 / of.limit) if of.better == "same" else (of.limit,):
        x = LEFT + limit * (of.baseline.mean or 0) * scale
        if x <= WIDTH - RIGHT:
            yield line(x, top - 4, x, top + BAR + 4, "limit")
    if of.ratio is not None:
        yield text(WIDTH - RIGHT + 8, middle + 4, f"{short(of.ratio.estimate)}  {of.verdict}", class_="value")


def _said(name: str, arm: ArmRecord, of: ComparisonRecord | None, unit: str) -> str:
    said = f"{name}: {readable(arm.mean or 0, unit)}, {len(arm.samples)} rounds"
    if of is not None and of.ratio is not None:
        said += f"; {of.ratio.estimate:.3f} of the baseline ({of.ratio.low:.3f} to {of.ratio.high:.3f})"
    return said
