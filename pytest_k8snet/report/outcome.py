"""From what pytest says of a test to the outcome of a check. Pure functions."""

from __future__ import annotations

import enum

import pytest

from pytest_k8snet.errors import ClaimNotMet


class CheckOutcome(enum.StrEnum):
    """How a check ended. ``error`` means no verdict, ``xfailed`` waived, ``xpassed`` waived without need."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"


WORST_FIRST = (
    CheckOutcome.FAILED,
    CheckOutcome.ERROR,
    CheckOutcome.XPASSED,
    CheckOutcome.XFAILED,
    CheckOutcome.SKIPPED,
    CheckOutcome.PASSED,
)

# An assertion is how a check says that the network does not conform. Every other exception says that the check
# itself did not come to its end, and a waiver for a known defect of the network does not cover that.
VERDICTS: tuple[type[BaseException], ...] = (AssertionError, pytest.fail.Exception)


def check_outcome(
    *, phase: str, reported: str, raised: type[BaseException] | None, waived: bool = False
) -> CheckOutcome:
    """Return the outcome of one phase of a check.

    Args:
        phase: setup, call or teardown.
        reported: pytest's word: passed, failed or skipped.
        raised: the type of the exception that ended the phase.
        waived: pytest's report carries ``wasxfail``.

    """
    if reported == "skipped" and not waived:
        return CheckOutcome.SKIPPED
    if raised is None:
        # Without an exception pytest reports a failure only for a strict xfail that passed.
        unneeded = waived or reported == "failed"
        return CheckOutcome.XPASSED if unneeded else CheckOutcome.PASSED
    if issubclass(raised, pytest.xfail.Exception):
        return CheckOutcome.XFAILED
    if issubclass(raised, VERDICTS if phase == "call" else ClaimNotMet):
        return CheckOutcome.XFAILED if waived else CheckOutcome.FAILED
    return CheckOutcome.ERROR


def plain_test_outcome(*, phase: str, reported: str, waived: bool) -> CheckOutcome:
    """Return the outcome of one phase of a test that is not a check, such as a user's own: what pytest says."""
    if reported == "skipped":
        return CheckOutcome.XFAILED if waived else CheckOutcome.SKIPPED
    if reported == "passed":
        return CheckOutcome.XPASSED if waived else CheckOutcome.PASSED
    return CheckOutcome.FAILED if phase == "call" else CheckOutcome.ERROR
