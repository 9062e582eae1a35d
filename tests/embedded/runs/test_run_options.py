"""Runs do with pytest's own options what a user of pytest expects, with and without xdist."""

from __future__ import annotations

import xml.etree.ElementTree
from pathlib import Path

import pytest

from tests.embedded.runs.conftest import Foreign, Start
from tests.runs import Session

# One check for each outcome, and one test of the user's own.
OUTCOMES = """
import pytest
from pytest_k8snet.checks import check
from pytest_k8snet.probe.observation import CONNECTS, REJECTED, Expectation, Expected, Probe, Protocol

def table(cluster, outcomes):
    source, target = cluster.fleet.pods[:2]
    probe = Probe(source, target.addresses[0], target.port, Protocol.TCP, target.name)
    return Expectation("a table", {probe: Expected(outcomes, because="it says so")}, convergence=0.5)

@check("MODEL-901", spec="", level="core", catches=())
def test_passes(k8snet_cluster, k8snet_probe):
    wanted = table(k8snet_cluster, CONNECTS)
    assert k8snet_probe(wanted) == wanted

@check("MODEL-902", spec="", level="core", catches=())
def test_fails(k8snet_cluster, k8snet_probe):
    source, target, *_ = k8snet_cluster.fleet.pods
    probe = Probe(source, target.addresses[0], target.port + 1, Protocol.TCP, target.name)
    wanted = Expectation("a table", {probe: Expected(CONNECTS)}, convergence=0.5)
    assert k8snet_probe(wanted) == wanted

@check("MODEL-903", spec="", level="core", catches=())
def test_has_no_verdict(k8snet_cluster):
    k8snet_cluster.api.get("v1", "Pod", "no-such-pod", "default")

@check("MODEL-904", spec="", level="core", requires=("two_nodes",), catches=())
def test_is_skipped(k8snet_cluster):
    pass

@check("MODEL-905", spec="", level="core", catches=())
@pytest.mark.xfail(reason="known", strict=True)
def test_is_waived():
    assert False

def test_of_the_users_own(k8snet_cluster):
    assert len(k8snet_cluster.nodes) == 1
"""
SMALL = ("--k8snet-embedded-nodes=1",)
HALF = """
import pytest
@pytest.mark.parametrize("number", range(6))
def test_half(k8snet_cluster, number):
    assert number % 2
"""


def outcomes(session: Session) -> dict[str, str]:
    return {check["id"]: check["outcome"] for check in session.report["checks"]}


@pytest.mark.parametrize("how", [("-n2",), pytest.param(("-p", "no:xdist"), marks=pytest.mark.slow)], ids=str)
def test_every_outcome_is_kept_apart_in_every_report(start: Start, how: tuple[str, ...]) -> None:
    reports = ("--junitxml=junit.xml", "--html=page.html", "--self-contained-html")
    session = start(*how, *SMALL, *reports, "test_it.py", files={"test_it.py": OUTCOMES})
    assert session.finish() == 1
    expected = {"901": "passed", "902": "failed", "903": "error", "904": "skipped", "905": "xfailed"}
    assert outcomes(session) == {f"MODEL-{number}": outcome for number, outcome in expected.items()}
    assert session.report["other"]["passed"] == 1

    suite = next(xml.etree.ElementTree.parse(session.folder / "junit.xml").iter("testsuite"))
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["6", "1", "1", "2"]
    properties = {(found.get("name"), found.get("value")) for found in suite.iter("property")}
    assert {("k8snet.id", "MODEL-902"), ("k8snet.outcome", "failed"), ("k8snet.families", "ipv4, ipv6")} <= properties
    page = (session.folder / "page.html").read_text()
    assert "MODEL-902" in page
    assert "a table" in page


def test_errors_alone_are_exit_code_3(start: Start) -> None:
    session = start("-n0", *SMALL, "-k", "passes or verdict", "test_it.py", files={"test_it.py": OUTCOMES})
    assert session.finish() == 3
    assert session.report["exit_status"] == 3
    assert "No conclusion: of 2 checks 1 without a verdict" in session.text


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_x_maxfail_and_lf(start: Start, foreign: Foreign, workers: str) -> None:
    session = start(workers, foreign.option, "--maxfail=9", "test_it.py", files={"test_it.py": HALF})
    assert session.finish() == 1
    assert (session.report["other"]["failed"], session.report["other"]["passed"]) == (3, 3)

    session = session.again(workers, foreign.option, "--lf", "test_it.py")
    assert session.finish() == 1
    assert (session.report["other"]["failed"], session.report["other"]["passed"]) == (3, 0)

    session = session.again(workers, foreign.option, "-x", "test_it.py")
    assert session.finish() == 1
    assert "stopping after 1 failures" in session.text


@pytest.mark.slow
@pytest.mark.parametrize("quiet", ["-q", "-qq"])
def test_quiet_runs_show_the_verdict_only(start: Start, foreign: Foreign, quiet: str) -> None:
    session = start("-n0", quiet, foreign.option, "-k", "passes", "test_it.py", files={"test_it.py": OUTCOMES})
    assert session.finish() == 0
    assert "probe pods" not in session.text
    assert "cleaned up" not in session.text
    assert ("k8snet: " in session.text) == (quiet == "-q")


@pytest.mark.slow
def test_test_ids_do_not_depend_on_the_cluster(start: Start, tmp_path: Path) -> None:
    ids = []
    for family in ("ipv4", "ipv6", "dual"):
        session = start("-n0", "-k", "reach_each_other or unique", f"--k8snet-embedded-family={family}")
        assert session.finish() == 0
        ids.append([(check["id"], check["nodeid"]) for check in session.report["checks"]])
    assert ids[0] == ids[1] == ids[2]
    assert len(ids[0]) > 8


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["-n4", "-n0"])
def test_the_shipped_suites_pass(start: Start, workers: str) -> None:
    session = start(workers)
    session.wait_for("positive control")
    assert session.finish(seconds=500) == 0
    assert session.report["summary"]["failed"] == session.report["summary"]["error"] == 0
    assert session.report["summary"]["passed"] > 50
    assert session.left() == []
