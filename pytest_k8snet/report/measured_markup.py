"""What was measured, as HTML: the verdicts in a table, and pictures of bandwidth, latency and nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from pytest_k8snet.report.figures import ComparisonRecord
from pytest_k8snet.report.markup import Markup, element, joined
from pytest_k8snet.report.pictures.bars import bars
from pytest_k8snet.report.pictures.curves import curves
from pytest_k8snet.report.pictures.grid import matrix
from pytest_k8snet.report.pictures.scale import readable
from pytest_k8snet.report.record import CheckRecord

HEADS = ("check", "path", "measured", "of the baseline", "interval", "limit", "rounds", "verdict")
VERDICTS = {"pass": "passed", "fail": "failed", "inconclusive": "skipped"}
SIDES = {"higher": "at least", "lower": "at most", "same": "within factor"}


def measured_markup(checks: Iterable[CheckRecord]) -> Markup:
    """Return the section of what was measured; nothing when nothing was."""
    measuring = [check for check in checks if check.comparisons or check.distributions or check.matrices]
    if not measuring:
        return Markup()
    return element(
        "section", element("h2", "Performance"), _verdicts(measuring), _bars(measuring), *map(_others, measuring)
    )


def _verdicts(checks: list[CheckRecord]) -> Markup:
    rows = [joined(_row(check, one)) for check in checks for one in check.comparisons]
    if not rows:
        return Markup()
    head = element("tr", *(element("th", name, scope="col") for name in HEADS))
    body = (element("tr", row) for row in rows)
    return element("div", element("table", element("thead", head), element("tbody", *body)), class_="scroll")


def _row(check: CheckRecord, one: ComparisonRecord) -> Iterator[Markup]:
    yield element("td", element("code", check.name))
    yield element("td", one.name, *(element("div", flag, class_="flag") for flag in one.flags))
    yield element("td", "" if one.subject.mean is None else readable(one.subject.mean, one.unit))
    ratio = one.ratio
    yield element("td", "" if ratio is None else f"{ratio.estimate:.3f}")
    yield element("td", "" if ratio is None else f"{ratio.low:.3f} to {ratio.high:.3f} ({ratio.confidence * 100:g} %)")
    yield element("td", f"{SIDES[one.better]} {one.limit:g}")
    yield element("td", str(len(one.subject.samples)), title=one.stopped)
    yield element("td", one.verdict, class_=f"chip {VERDICTS[one.verdict]}")


def _bars(checks: list[CheckRecord]) -> Markup:
    """Return a picture for each baseline, with the paths of all checks that were measured in the same rounds.

    Those share the baseline's samples, so that the first of these tells them from others. What is compared with a
    matrix of the check stands in its matrices.
    """
    groups: dict[tuple[str, str, tuple[float, ...]], list[tuple[str, ComparisonRecord]]] = {}
    for check in checks:
        matrices = {matrix.name for matrix in check.matrices}
        for one in check.comparisons:
            if one.against in matrices:
                continue
            key = (one.unit, one.against, tuple(one.baseline.samples[:1]))
            groups.setdefault(key, []).append((check.name, one))
    return joined(
        bars([one for _, one in group], ", ".join(dict.fromkeys(name for name, _ in group)))
        for group in groups.values()
    )


def _others(check: CheckRecord) -> Markup:
    by_unit = groupby(check.distributions, lambda one: one.unit)
    return joined(
        (
            *(curves(list(group), f"{check.name}: {check.title.rstrip('.')}") for _, group in by_unit),
            *map(matrix, check.matrices),
        )
    )
