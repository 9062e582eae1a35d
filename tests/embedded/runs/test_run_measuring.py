"""Whole runs that measure: who has the network alone, what becomes of no verdict, and what a former run is good for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.embedded.runs.conftest import Start
from tests.embedded.runs.test_run_options import outcomes

MEASURING = """
import json, pathlib
import pytest
from pytest_k8snet.checks import check
from pytest_k8snet.measure.verdict import Limit, Verdict

SPEED = json.loads(pathlib.Path("speed.json").read_text())
NOISE = {noise}

def arm(level):
    return lambda number: level * (1 + NOISE * (-1) ** number)

@check("PERF-901", spec="", level="performance", catches=())
def test_measures(k8snet_measure):
    judged = k8snet_measure.compare(
        "pods", arm(SPEED), lambda number: 1.0 + number / 1000, Limit(0.5, "higher"), unit="bit/s", against="hosts"
    )
    assert judged.verdict is Verdict.PASS, judged.explain()
"""
BESIDE = """
import pathlib, time
import pytest

def note(name, what):
    pathlib.Path(f"{name}-{what}").write_text(str(time.monotonic()))

@pytest.mark.parametrize("number", range(4))
def test_beside(k8snet_cluster, number):
    note(f"beside{number}", "begin"); time.sleep(0.4); note(f"beside{number}", "end")

@pytest.mark.parametrize("number", range(2))
def test_alone(k8snet_measure, number):
    note(f"alone{number}", "begin"); time.sleep(0.4); note(f"alone{number}", "end")
"""
ASKED = ("-m", "performance", "--k8snet-profile=smoke", "--k8snet-embedded-nodes=1", "test_it.py")


def _files(speed: float, noise: float = 0.01) -> dict[str, str]:
    return {"test_it.py": MEASURING.replace("{noise}", str(noise)), "speed.json": str(speed)}


def _span(folder: Path, name: str) -> tuple[float, float]:
    begin, end = (float((folder / f"{name}-{what}").read_text()) for what in ("begin", "end"))
    return begin, end


def _comparison(report: dict[str, Any]) -> dict[str, Any]:
    (found,) = report["checks"][0]["comparisons"]
    assert isinstance(found, dict)
    return found


def test_who_measures_has_the_network_alone_and_others_go_on_side_by_side(start: Start) -> None:
    session = start("-n3", "--k8snet-embedded-nodes=1", "test_it.py", files={"test_it.py": BESIDE})
    assert session.finish() == 0, session.text

    spans = {name: _span(session.folder, name) for name in (*(f"beside{n}" for n in range(4)), "alone0", "alone1")}
    together = {
        (one, other)
        for one in spans
        for other in spans
        if one < other and spans[one][0] < spans[other][1] and spans[other][0] < spans[one][1]
    }
    assert not [pair for pair in together if any(name.startswith("alone") for name in pair)]
    assert together


@pytest.mark.parametrize(("speed", "status", "verdict"), [(0.9, 0, "pass"), (0.3, 1, "fail")])
def test_a_level_that_is_asked_for_is_measured_also_in_the_smoke_profile(
    start: Start, speed: float, status: int, verdict: str
) -> None:
    session = start(*ASKED, files=_files(speed))
    assert session.finish() == status

    found = _comparison(session.report)
    assert found["verdict"] == verdict
    assert len(found["subject"]["samples"]) == 4
    assert found["ratio"]["estimate"] == pytest.approx(speed, rel=0.02)
    if verdict == "fail":
        assert "the limit is at least 0.5 of the baseline: FAIL" in session.text


@pytest.mark.parametrize(("profile", "status", "outcome"), [("smoke", 0, "skipped"), ("acceptance", 3, "error")])
def test_no_verdict_is_skipped_or_an_error_as_the_profile_says(
    start: Start, profile: str, status: int, outcome: str
) -> None:
    session = start(*ASKED, f"--k8snet-profile={profile}", files=_files(0.7, noise=0.5))
    assert session.finish() == status

    assert outcomes(session) == {"PERF-901": outcome}
    assert "rounds would tell it from the limit" in session.report["checks"][0]["reason"]


def test_a_path_that_got_slower_fails_the_run_beside_a_former_one(start: Start) -> None:
    before = start(*ASKED, files=_files(0.95))
    assert before.finish() == 0
    now = start(*ASKED, f"--k8snet-compare={before.folder / 'k8snet-report'}", files=_files(0.6))

    assert now.finish() == 1
    assert [one["verdict"] for one in now.report["compared"]["measured"]] == ["worse"]
    assert "worse        PERF-901" in now.text


def test_a_run_on_another_cluster_is_not_compared_before_anything_is_measured(start: Start) -> None:
    before = start(*ASKED, files=_files(0.95))
    assert before.finish() == 0
    other = ("--k8snet-embedded-family=ipv4", f"--k8snet-compare={before.folder / 'k8snet-report'}")

    refused = start(*ASKED, *other, files=_files(0.95))
    assert refused.finish() == 4
    assert "families is ipv4 and was ipv4, ipv6" in refused.text
    forced = start(*ASKED, *other, "--k8snet-compare-anyway", files=_files(0.95))
    assert forced.finish() == 0
    assert forced.report["compared"]["differing"] == ["families is ipv4 and was ipv4, ipv6"]
