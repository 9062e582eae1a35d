"""Random policies on the embedded cluster: a defect is found, shrunk and written as a case that shows it again."""

from __future__ import annotations

from typing import Any

from tests.embedded.runs.conftest import Start
from tests.runs import Session

BROKEN = "--k8snet-fault=policy-except-ignored"
SEED = "--k8snet-seed=7"


def outcomes(session: Session) -> dict[str, str]:
    """Return how the checks of a run ended, by their names."""
    checks: list[dict[str, Any]] = session.report["checks"]
    return {"-".join([check["id"], *check["params"].values()]): check["outcome"] for check in checks}


def test_a_failing_set_is_shrunk_to_a_case_file_that_fails_by_the_defect_only(start: Start) -> None:
    session = start("--k8snet-fuzz=4", SEED, "-k", "random_policies and fuzz-4", BROKEN, "--k8snet-converge=3")
    assert session.finish() == 1, session.text
    assert outcomes(session) == {"POLICY-090-fuzz-4": "failed"}
    [check] = session.report["checks"]
    assert any(note.startswith("shrunk with ") for note in check["notes"])
    file = session.folder / "k8snet-report" / "fuzz-7-4.yaml"
    assert str(file) in check["evidence"]
    text = file.read_text()
    assert (text.count("name:"), text.count("ipBlock:"), "ingress" in text) == (1, 1, False), text

    mine = (f"--k8snet-policy-cases={file}", "-k", "your_policies", "--k8snet-converge=3", "--k8snet-report=again")
    assert session.again(*mine, BROKEN).finish() == 1, session.text
    assert "FAILED" in session.text
    assert "[POLICY-903]" in session.text
    assert session.again(*mine).finish() == 0, session.text
    assert session.left() == []


def test_workers_share_a_seed_that_nobody_gave(start: Start) -> None:
    session = start("--k8snet-fuzz=2", "-n2", "-k", "random_policies")
    assert session.finish() == 0, session.text
    assert outcomes(session) == {"POLICY-090-fuzz-1": "passed", "POLICY-090-fuzz-2": "passed"}
    assert f"--k8snet-seed {session.report['environment']['seed']}" in session.text
