"""What changed since a former run."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_k8snet.cli import main
from pytest_k8snet.errors import UsageError
from pytest_k8snet.measure.rounds import judge
from pytest_k8snet.measure.verdict import Limit
from pytest_k8snet.measuring import comparison
from pytest_k8snet.report.changes import compare
from pytest_k8snet.report.compared_lines import compared_lines
from pytest_k8snet.report.digest import headline
from pytest_k8snet.report.fingerprint import demand_comparable, differing, fingerprint_of
from pytest_k8snet.report.json_file import FILE, read_json, write_json
from pytest_k8snet.report.page import render
from pytest_k8snet.report.record import CheckRecord, CniRecord, Environment, Report
from tests.unit.report.measured import PLAN, compared

Reports = Callable[..., Report]
Checks = Callable[..., CheckRecord]


@pytest.fixture
def measured(make_report: Reports, make_check: Checks) -> Callable[..., Report]:
    """A run that has measured one path."""

    def make(part: float, **more: float) -> Report:
        return make_report(make_check("PERF-010", comparisons=[compared("pods", part, **more)]))

    return make


@pytest.mark.parametrize(
    ("now", "before", "noise", "verdict"),
    [
        (0.97, 0.96, 0.01, "same"),
        (0.70, 0.96, 0.01, "worse"),
        (0.96, 0.70, 0.01, "better"),
        (0.88, 0.96, 0.06, "undecided"),
    ],
)
def test_a_path_is_better_same_worse_or_undecided(
    measured: Callable[..., Report], now: float, before: float, noise: float, verdict: str
) -> None:
    (change,) = compare(measured(now, noise=noise), measured(before, noise=noise)).measured

    assert change.verdict == verdict
    assert change.low <= change.change <= change.high
    assert (change.check, change.name, change.unit) == ("PERF-010", "pods", "bit/s")


def test_a_latency_that_grew_is_worse(measured: Callable[..., Report]) -> None:
    def latency(part: float) -> Report:
        return measured(part, limit=2, better="lower")  # type: ignore[arg-type]

    assert compare(latency(1.5), latency(1.0)).measured[0].verdict == "worse"
    assert compare(latency(1.0), latency(1.5)).measured[0].verdict == "better"


def test_an_unchanged_network_is_not_called_worse(make_report: Reports, make_check: Checks) -> None:
    drawn = random.Random(11)

    def run() -> Report:
        judged = judge(
            {"pods": lambda number: drawn.lognormvariate(0, 0.05)},
            lambda number: drawn.lognormvariate(0, 0.05),
            {"pods": Limit(0.9, "higher")},
            PLAN,
        )["pods"]
        return make_report(make_check("PERF-010", comparisons=[comparison(judged, "bit/s", "")]))

    assert {compare(run(), run()).measured[0].verdict for _ in range(100)} <= {"same", "undecided"}


def test_what_only_one_run_has_is_left_out(measured: Callable[..., Report], make_report: Reports) -> None:
    assert compare(measured(1.0), make_report()).measured == []
    assert compare(make_report(), measured(1.0)).measured == []


def test_failures_are_new_or_fixed_by_id_and_parameters(make_report: Reports, make_check: Checks) -> None:
    def run(first: str, second: str, third: str) -> Report:
        v4, v6 = ({"params": {"family": family}} for family in ("ipv4", "ipv6"))
        return make_report(
            make_check("MODEL-001", first, **v4), make_check("MODEL-001", second, **v6), make_check("DNS-001", third)
        )

    found = compare(run("failed", "passed", "error"), run("passed", "failed", "passed"))

    assert found.new_failures == ["MODEL-001[ipv4]", "DNS-001"]
    assert found.fixed == ["MODEL-001[ipv6]"]


def test_a_check_that_was_skipped_is_neither_new_nor_fixed(make_report: Reports, make_check: Checks) -> None:
    failed, skipped = make_report(make_check(outcome="failed")), make_report(make_check(outcome="skipped"))

    assert compare(failed, skipped).new_failures == []
    assert compare(skipped, failed).fixed == []


def test_the_fingerprint_holds_what_decides_the_speed_and_no_names(environment: Environment) -> None:
    found = fingerprint_of(environment)

    assert found["Kubernetes"] == "v1.34.0"
    assert found["CNI"] == "kindnet"
    assert found["MTU"] == "1500"
    assert found["nodes"] == "3"
    assert found["kernels"] == "6.1.0"
    assert "node-1" not in str(found)


def test_runs_on_different_clusters_are_refused_with_what_differs(
    environment: Environment, make_report: Reports
) -> None:
    other = replace(environment, cni=CniRecord("cilium", "vxlan"), mtu=1450)

    with pytest.raises(UsageError, match=r"CNI is cilium and was kindnet.*MTU is 1450 and was 1500") as raised:
        demand_comparable(other, make_report(), "--anyway")
    assert "--anyway" in raised.value.hint
    demand_comparable(environment, make_report(), "--anyway")


def test_what_a_former_run_did_not_know_differs() -> None:
    assert differing({"MTU": "1500"}, {}) == ["MTU is 1500 and was not known"]


def test_terminal_and_page_say_what_changed(measured: Callable[..., Report], make_check: Checks) -> None:
    found = compare(measured(0.7), measured(0.96))
    lines = [text for text, _ in compared_lines(found)]

    assert "worse" in lines[1]
    assert "was 0.9" in lines[1]
    assert headline(replace(measured(0.7), compared=found)).endswith("; 1 path slower than before")
    assert "of the baseline, was 0.9" in render(replace(measured(0.7), compared=found))
    assert "worse" not in render(measured(0.7))


@pytest.mark.parametrize(
    ("content", "complaint"), [(None, "cannot be read"), ("{", "no report"), ('{"schema": "other"}', "no report")]
)
def test_a_file_that_is_no_report_is_refused(tmp_path: Path, content: str | None, complaint: str) -> None:
    file = tmp_path / FILE
    if content is not None:
        file.write_text(content)

    with pytest.raises(UsageError, match=complaint):
        read_json(file)


def test_the_command_compares_two_files_and_says_by_its_status_what_it_found(
    tmp_path: Path, measured: Callable[..., Report], capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = (write_json(tmp_path / name, measured(part)) for name, part in (("good", 0.96), ("bad", 0.7)))

    assert main(["compare", str(good), str(bad.parent)]) == 1
    assert "worse        PERF-010" in capsys.readouterr().out
    assert main(["compare", str(bad), str(good)]) == 0
    assert main(["compare", str(good), str(tmp_path / "none")]) == 4


def test_the_command_refuses_other_clusters_unless_it_is_told(
    tmp_path: Path, measured: Callable[..., Report], capsys: pytest.CaptureFixture[str]
) -> None:
    before = write_json(tmp_path / "before", measured(0.96))
    text = (tmp_path / "before" / FILE).read_text().replace('"mtu": 1500', '"mtu": 9000')
    now = tmp_path / "now.json"
    now.write_text(text)

    assert main(["compare", str(before), str(now)]) == 4
    assert "MTU is 9000 and was 1500" in capsys.readouterr().err
    assert main(["compare", "--anyway", str(before), str(now)]) == 0
    assert "not the same: MTU is 9000" in capsys.readouterr().out
