"""Pictures of what was measured."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.report.figures import ArmRecord, DistributionRecord, MatrixRecord
from pytest_k8snet.report.page import render
from pytest_k8snet.report.pictures.bars import bars
from pytest_k8snet.report.pictures.curves import curves
from pytest_k8snet.report.pictures.grid import matrix
from pytest_k8snet.report.pictures.scale import decade_ticks, even_ticks, readable, short
from pytest_k8snet.report.record import CheckRecord, Report
from tests.unit.report.measured import bandwidths, compared, latencies, nodes

SVG = "{http://www.w3.org/2000/svg}"


def _picture(markup: str) -> ET.Element:
    """A picture is XML as well, so that a reader who takes it out of the page can use it."""
    picture = ET.fromstring(markup).find(f"{SVG}svg")
    assert picture is not None
    return picture


def _widths(markup: str, class_: str) -> list[float]:
    return [float(box.attrib["width"]) for box in _picture(markup).iter(f"{SVG}rect") if box.attrib["class"] == class_]


@pytest.mark.parametrize("markup", [bars(bandwidths(), "b"), curves(latencies(1, 3), "c"), matrix(nodes())])
def test_a_picture_has_a_title_and_says_in_words_what_it_shows(markup: str) -> None:
    picture = _picture(markup)

    assert picture.attrib["role"] == "img"
    assert picture.findtext(f"{SVG}title")
    assert picture.findtext(f"{SVG}desc")


@pytest.mark.parametrize("markup", [bars(bandwidths(), "b"), curves(latencies(1, 3), "c"), matrix(nodes())])
def test_a_picture_stays_within_its_frame(markup: str) -> None:
    picture = _picture(markup)
    _, _, width, height = map(float, picture.attrib["viewBox"].split())
    for mark in picture.iter():
        for key, most in (("x", width), ("x1", width), ("x2", width), ("y", height), ("y1", height), ("y2", height)):
            assert -4 <= float(mark.attrib.get(key, 0)) <= most


def test_the_bars_are_as_long_as_what_was_measured_and_coloured_by_their_verdict() -> None:
    markup = bars(bandwidths(), "bandwidth")
    (whole,), (good,), (bad,) = (_widths(markup, f"bar-{kind}") for kind in ("baseline", "pass", "fail"))

    assert bad / whole == pytest.approx(0.7, abs=0.03)
    assert good / whole == pytest.approx(0.97, abs=0.03)
    assert len(_widths(markup, "bar-inconclusive")) == 1
    assert "Gbit/s" in markup


def test_what_could_not_be_measured_twice_has_no_bar() -> None:
    assert bars([replace(compared("pods", 1.0), subject=ArmRecord([1.0]))], "bandwidth") == ""


def test_an_interval_that_says_nothing_leaves_room_for_the_bars() -> None:
    wild = compared("pods", 1.0)
    wild = replace(wild, subject=replace(wild.subject, high=1e300))

    assert min(_widths(bars([wild], "b"), "bar-baseline")) > 100


def test_a_curve_rises_to_all_of_it_and_its_quantiles_are_said() -> None:
    one = DistributionRecord("rtt", "ms", 4, [1.0, 2.0, 4.0, 100.0], [0.25, 0.5, 0.75, 1.0])
    markup = curves([one], "latency")

    assert "50 % within 2.00 ms, 99 % within 100 ms" in markup
    assert _picture(markup).findall(f"{SVG}path")[0].attrib["d"].endswith("V10.0")


def test_a_distribution_of_a_single_value_can_be_drawn() -> None:
    assert curves([DistributionRecord("rtt", "ms", 3, [2.0], [1.0])], "latency")
    assert curves([DistributionRecord("rtt", "ms", 0, [], [])], "latency") == ""


def test_the_worst_pair_of_nodes_stands_out() -> None:
    picture = _picture(matrix(nodes(slow=(0, 2))))
    cells = {box.findtext(f"{SVG}title"): float(box.attrib["fill-opacity"]) for box in picture.iter(f"{SVG}rect")}
    worst = max(cells, key=lambda name: cells[name])

    assert worst == "worker-1 → worker-3: 2.10 Gbit/s"
    assert "worst: worker-1 → worker-3" in (picture.findtext(f"{SVG}desc") or "")
    assert len(cells) == 6


def test_nodes_that_are_all_alike_have_no_worst_pair() -> None:
    same = MatrixRecord("latency", "ms", "lower", ["a"], ["b", "c"], [[1.0, 1.0]])

    assert "▾" not in matrix(same)
    assert matrix(replace(same, values=[[None, None]])) == ""


def test_the_page_shows_pictures_of_what_was_measured_and_no_more_than_that(
    make_report: Callable[..., Report], make_check: Callable[..., CheckRecord]
) -> None:
    measuring = make_check("PERF-010", comparisons=bandwidths(), distributions=latencies(1, 2), matrices=[nodes()])
    page = render(make_report(measuring, make_check()))

    assert page.count("<svg") == 3
    assert "0.9" in page
    assert "Performance" not in render(make_report(make_check()))


def test_paths_of_several_checks_that_were_measured_in_the_same_rounds_are_one_picture(
    make_report: Callable[..., Report], make_check: Callable[..., CheckRecord]
) -> None:
    pods = compared("pods", 1.0)
    checks = [
        make_check("PERF-010", comparisons=[pods], params={"family": "ipv6"}),
        make_check("PERF-011", comparisons=[replace(pods, name="Service")]),
        make_check("PERF-012", comparisons=[compared("in other rounds", 0.9)]),
    ]
    page = render(make_report(*checks))

    assert page.count("<svg") == 2
    assert "PERF-010[ipv6], PERF-011, Gbit/s" in page


def test_what_is_compared_with_a_matrix_is_no_bar_beside_it(
    make_report: Callable[..., Report], make_check: Callable[..., CheckRecord]
) -> None:
    pair = replace(compared("a -> b", 1.0), against=nodes().name)
    page = render(make_report(make_check("PERF-018", comparisons=[pair, compared("other", 1.0)], matrices=[nodes()])))

    assert page.count("<svg") == 2
    assert "a -&gt; b" in page


def test_what_limited_a_path_stands_beside_it(
    make_report: Callable[..., Report], make_check: Callable[..., CheckRecord]
) -> None:
    busy = replace(compared("pods", 1.0), flags=["pods: the client's processor was busy 98 %"])

    assert "processor was busy 98 %" in render(make_report(make_check("PERF-010", comparisons=[busy])))


def test_names_from_a_cluster_are_no_markup(
    make_report: Callable[..., Report], make_check: Callable[..., CheckRecord]
) -> None:
    evil = replace(nodes(), rows=["<script>"] * 3)
    named = replace(compared("pods", 1.0), name="<script>", against="<script>")

    assert "<script" not in render(make_report(make_check("PERF-010", matrices=[evil], comparisons=[named])))


@given(st.floats(1e-6, 1e15))
def test_ticks_are_few_and_reach_near_the_largest(largest: float) -> None:
    ticks = even_ticks(largest)

    assert 2 <= len(ticks) <= 7
    assert 0.5 * largest <= ticks[-1] <= largest * (1 + 1e-6)


@given(st.floats(1e-6, 1e6), st.floats(1.01, 1e6))
def test_logarithmic_ticks_lie_within(low: float, factor: float) -> None:
    assert all(low <= tick <= low * factor for tick in decade_ticks(low, low * factor))


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (9.41e9, "bit/s", "9.41 Gbit/s"),
        (123456, "bit/s", "123 kbit/s"),
        (0.0345, "ms", "0.0345 ms"),
        (1957.9, "1/s", "1.96 k/s"),
        (0, "", "0"),
    ],
)
def test_numbers_are_told_with_a_unit_that_suits_them(value: float, unit: str, said: str) -> None:
    assert readable(value, unit) == said


def test_short_numbers_have_no_exponent() -> None:
    assert short(1234567.0) == "1234567"
    assert short(0.000123) == "0.000123"
