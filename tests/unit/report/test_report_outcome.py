"""How pytest's word becomes the outcome of a check."""

from __future__ import annotations

import unittest

import pytest

from pytest_k8snet.errors import AgentLost, ClaimNotMet, NoVerdict
from pytest_k8snet.report.outcome import CheckOutcome, check_outcome, plain_test_outcome

ASSERTED, FAIL, XFAIL = AssertionError, pytest.fail.Exception, pytest.xfail.Exception
CLAIM = ClaimNotMet


@pytest.mark.parametrize(
    ("phase", "reported", "raised", "waived", "outcome"),
    [
        ("call", "passed", None, False, "passed"),
        ("call", "failed", ASSERTED, False, "failed"),
        ("call", "failed", FAIL, False, "failed"),
        ("call", "failed", NoVerdict, False, "error"),
        ("call", "failed", AgentLost, False, "error"),
        ("call", "failed", KeyError, False, "error"),
        ("setup", "failed", ASSERTED, False, "error"),
        ("setup", "failed", AgentLost, False, "error"),
        ("teardown", "failed", ASSERTED, False, "error"),
        ("setup", "skipped", pytest.skip.Exception, False, "skipped"),
        ("call", "skipped", unittest.SkipTest, False, "skipped"),
        ("call", "skipped", ASSERTED, True, "xfailed"),
        ("setup", "failed", CLAIM, False, "failed"),
        ("setup", "skipped", CLAIM, True, "xfailed"),
        ("call", "skipped", XFAIL, True, "xfailed"),
        ("setup", "skipped", XFAIL, True, "xfailed"),
        ("call", "passed", None, True, "xpassed"),
        ("call", "failed", None, False, "xpassed"),
    ],
)
def test_each_way_to_end_has_its_outcome(
    phase: str, reported: str, raised: type[BaseException] | None, waived: bool, outcome: str
) -> None:
    assert check_outcome(phase=phase, reported=reported, raised=raised, waived=waived) == outcome


@pytest.mark.parametrize("raised", [AgentLost, KeyError])
@pytest.mark.parametrize("phase", ["setup", "call", "teardown"])
def test_a_waiver_covers_a_defect_of_the_network_but_not_a_missing_verdict(
    phase: str, raised: type[BaseException]
) -> None:
    assert check_outcome(phase=phase, reported="skipped", raised=raised, waived=True) is CheckOutcome.ERROR


@pytest.mark.parametrize(
    ("phase", "reported", "waived", "outcome"),
    [
        ("call", "passed", False, "passed"),
        ("call", "failed", False, "failed"),
        ("setup", "failed", False, "error"),
        ("???", "failed", False, "error"),
        ("setup", "skipped", False, "skipped"),
        ("call", "skipped", True, "xfailed"),
        ("call", "passed", True, "xpassed"),
    ],
)
def test_a_test_that_is_not_a_check_counts_as_pytest_says(
    phase: str, reported: str, waived: bool, outcome: str
) -> None:
    assert plain_test_outcome(phase=phase, reported=reported, waived=waived) == outcome
