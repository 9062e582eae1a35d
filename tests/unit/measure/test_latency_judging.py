"""Latency is judged by the ratio of medians in the same rounds; replicas of a name server both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from pytest_k8snet.agent import histogram as agent
from pytest_k8snet.errors import MeasurementError
from pytest_k8snet.measure.latency.judging import latencies, shorter
from pytest_k8snet.measure.latency.names import replicas_beside_another
from pytest_k8snet.measure.latency.paths import Path
from pytest_k8snet.measure.latency.reporting import report
from pytest_k8snet.measure.rounds import Plan
from pytest_k8snet.measure.verdict import Verdict
from pytest_k8snet.probe.observation import Pod
from pytest_k8snet.probe.prober import Prober

PLAN = Plan((4, 8), 0.98, seconds=0.1, budget=60)
ASKING = Pod("ns", "asking", "node-1", ("10.0.0.1",))


class Agents:
    """Each address answers in so many milliseconds; 0: never. Rounds differ by 2 %."""

    def __init__(self, **milliseconds: float) -> None:
        self._milliseconds = milliseconds
        self.asked: list[Mapping[str, Any]] = []

    def ask(self, pod: Pod, request: Mapping[str, Any], *, again: bool = True) -> dict[str, Any]:
        assert not again
        self.asked.append(request)
        took = self._milliseconds[request["probe"]["address"]] * (1 + 0.02 * (len(self.asked) % 3))
        counted = agent.Histogram()
        if took:
            for _ in range(request["number"]):
                counted.add(int(took * 1e6))
        lost = 0 if took else request["number"]
        told = {"sent": request["number"], "lost": lost, "void": 0, "errors": {}, "rate": request["rate"]}
        return {"growth": agent.GROWTH, "buckets": counted.buckets(), "late": 0.0, "waited": 0.0, **told}


class Written:
    """What a report was told."""

    def __init__(self) -> None:
        self.figures: dict[str, float] = {}
        self.notes: list[str] = []
        self.recorded: list[str] = []

    def figure(self, name: str, value: float, unit: str) -> None:
        self.figures[name] = value

    def distribution(self, name: str, unit: str, count: int, points: object) -> None:
        assert points

    def note(self, text: str) -> None:
        self.notes.append(text)

    def record(self, judged: Any, *, unit: str, against: str = "") -> None:
        self.recorded.append(judged.name)


def path(address: str) -> Path:
    return Path(address, ASKING, address, 80)


def prober(**milliseconds: float) -> Prober:
    return cast(Prober, Agents(**milliseconds))


@pytest.mark.parametrize(("took", "verdict"), [(0.15, Verdict.PASS), (0.5, Verdict.FAIL)], ids=["a half more", "five"])
def test_a_path_is_judged_beside_that_between_nodes(took: float, verdict: Verdict) -> None:
    found = latencies(prober(nodes=0.1, pods=took), "echo", path("nodes"), [path("pods")], PLAN)
    (median,) = found.medians
    assert median.verdict is verdict
    assert median.ratio is not None
    assert median.ratio.estimate == pytest.approx(took / 0.1, rel=0.05)
    assert len(found.tails) == 1
    assert len(found.to_be_decided) == (2 if verdict is Verdict.FAIL else 1)


def test_what_never_answers_is_no_number_and_others_go_on() -> None:
    found = latencies(prober(nodes=0.1, dead=0, pods=0.1), "echo", path("nodes"), [path("dead"), path("pods")], PLAN)
    dead, alive = found.medians
    assert dead.trouble is not None
    assert "none of 40 requests was answered" in dead.trouble.message
    assert alive.verdict is Verdict.PASS


def test_a_baseline_that_never_answers_ends_it() -> None:
    with pytest.raises(MeasurementError, match="none of 40 requests"):
        latencies(prober(nodes=0, pods=0.1), "connect", path("nodes"), [path("pods")], PLAN)


def test_the_report_tells_percentiles_of_all_rounds_and_the_rate() -> None:
    found = latencies(prober(nodes=0.1, pods=0.1), "echo", path("nodes"), [path("pods")], PLAN)
    written = Written()
    report(written, found)
    assert written.figures["pods: 50th percentile"] == pytest.approx(0.102, rel=0.03)
    assert "pods: 99th percentile" not in written.figures  # of 160 answers
    assert written.recorded == ["pods, 99th percentile"]
    assert any("at least 400 requests in a second" in note for note in written.notes)


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [(0.2, 0.9, Verdict.PASS), (0.2, 200.0, Verdict.FAIL), (200.0, 0.2, Verdict.FAIL)],
    ids=["both quick", "the second slow", "the first slow"],
)
def test_a_slow_replica_is_found_whichever_it_is(first: float, second: float, verdict: Verdict) -> None:
    (judged,) = replicas_beside_another(prober(a=first, b=second), [path("a"), path("b")], PLAN)
    assert (judged.name, judged.verdict) == ("b beside a", verdict)


def test_one_kind_of_latency_has_a_share_of_the_time() -> None:
    assert (shorter(PLAN).seconds, shorter(PLAN).budget) == (pytest.approx(0.01), pytest.approx(20))
