"""A cluster that ignores NetworkPolicy gets one verdict, and the checks that need it are skipped."""

from __future__ import annotations

from pytest_k8snet.embedded import Running
from tests.embedded.runs.conftest import Foreign, Start
from tests.embedded.runs.test_run_options import outcomes

NOT_ENFORCED = "NetworkPolicy is not enforced by this cluster"


def test_without_enforcement_one_check_fails_and_says_so(start: Start, foreign: Foreign, embedded: Running) -> None:
    embedded.inject("policy-ignored")
    try:
        session = start("-n0", foreign.option, "-k", "test_enforcement or POLICY-100")
        assert session.finish() == 1
    finally:
        embedded.restore("policy-ignored")
    assert outcomes(session) == {"POLICY-001": "failed", "POLICY-100": "skipped"}
    failed, skipped = session.report["checks"]
    assert failed["reason"].splitlines()[0] == NOT_ENFORCED
    assert skipped["reason"] == f"policy_enforced: {NOT_ENFORCED}"
    assert foreign.namespaces(session) == []
