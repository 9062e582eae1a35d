"""Waivers and claims in whole runs: what they change, with and without xdist, in one process and in every report."""

from __future__ import annotations

import pytest

from tests.embedded.runs.conftest import Foreign, Start
from tests.embedded.runs.test_run_options import outcomes

CHECKS = """
import pytest
from pytest_k8snet.checks import check

def numbered(number, **more):
    return check(f"POLICY-{number}", spec="", level="core", catches=(), **more)

@numbered(901, requires=("policy_enforced",))
def test_needs_enforcement(): pass

@numbered(902, shows="policy_enforced")
def test_shows_enforcement(): pass

@numbered(903, requires=("two_nodes",))
def test_needs_what_is_claimed(k8snet_namespace): pass

@numbered(904, requires=("two_nodes",))
def test_needs_what_is_claimed_and_is_waived(k8snet_namespace): pass

@numbered(905)
def test_is_waived_without_need(): pass

@numbered(906)
def test_has_no_verdict(k8snet_cluster): k8snet_cluster.api.get("v1", "Pod", "no-such-pod", "default")

@numbered(907)
def test_is_waived_no_more(): assert False

@numbered(908)
def test_is_waived_and_fails(): assert False
"""
WAIVER = """
[[waiver]]
check = "POLICY-{}"
reason = "a known defect"
link = "https://example.test/7"
expires = {}-01-31
"""
WAIVERS = "".join(WAIVER.format(number, 2020 if number == 907 else 2999) for number in range(904, 909))
DENIED = "[claims]\npolicy_enforced = { has = false, reason = 'a routed network' }\n"
CLAIMS = DENIED + "two_nodes = true\n"
OPTIONS = ("--k8snet-waivers=waivers.toml", "--k8snet-claims=claims.toml", "test_it.py")


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_waivers_and_claims_are_seen_in_every_report(start: Start, workers: str) -> None:
    files = {"test_it.py": CHECKS, "waivers.toml": WAIVERS, "claims.toml": CLAIMS}
    reports = ("--junitxml=junit.xml", "--html=page.html", "--self-contained-html")
    session = start(workers, "--k8snet-embedded-nodes=1", *OPTIONS, *reports, files=files)
    assert session.finish() == 1

    report = session.report
    reasons = {check["id"]: check["reason"].splitlines()[0] for check in report["checks"] if check["reason"]}
    waived = "a known defect (https://example.test/7, waived until 2999-01-31)"
    assert outcomes(session) == {
        "POLICY-901": "skipped",
        "POLICY-902": "skipped",
        "POLICY-903": "failed",
        "POLICY-904": "xfailed",
        "POLICY-905": "xpassed",
        "POLICY-906": "error",
        "POLICY-907": "failed",
        "POLICY-908": "xfailed",
    }
    assert reasons["POLICY-901"] == reasons["POLICY-902"] == "policy_enforced: a routed network (claims.toml:2)"
    assert reasons["POLICY-903"] == "only one node takes probe pods; two_nodes is claimed (claims.toml:3)"
    assert reasons["POLICY-904"] == reasons["POLICY-905"] == reasons["POLICY-908"] == waived
    states = {waiver["check"]: waiver["state"] for waiver in report["waivers"]}
    assert states == {
        "POLICY-904": "needed",
        "POLICY-905": "unneeded",
        "POLICY-906": "unused",
        "POLICY-907": "expired",
        "POLICY-908": "needed",
    }
    assert report["environment"]["claims"] == {"two_nodes": True, "policy_enforced": False}
    assert "k8snet: 5 waivers in waivers.toml, 1 of them expired" in session.text
    said = " ".join(session.text.split())
    assert "POLICY-907 expired on 2020-01-31: it waives nothing any more (waivers.toml:20)" in said
    assert "POLICY-905 not needed: every check that it covers passed (waivers.toml:8)" in said
    for file in ("junit.xml", "page.html", "k8snet-report/report.html"):
        assert "https://example.test/7" in (session.folder / file).read_text(), file


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_enforcement_is_tried_once_and_only_for_tests_that_need_it(
    start: Start, foreign: Foreign, workers: str
) -> None:
    session = start(workers, foreign.option, "-k", "needs_enforcement", "test_it.py", files={"test_it.py": CHECKS})
    assert session.finish() == 0
    assert session.text.count("NetworkPolicy is enforced") == 1
    assert outcomes(session) == {"POLICY-901": "passed"}
    assert session.report["environment"]["capabilities"]["policy_enforced"] == ""
    assert foreign.namespaces(session) == []

    session = session.again(workers, foreign.option, "-k", "shows_enforcement", "test_it.py")
    assert session.finish() == 0
    assert "NetworkPolicy is enforced" not in session.text
    assert "policy_enforced" not in session.report["environment"]["capabilities"]
