"""The shipped cases: all can be loaded, and what they cover is what is promised."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import conformance_suites
from conformance_suites import clauses
from pytest_k8snet.policy.case_files import load_all
from pytest_k8snet.policy.cases import Case

FOLDER = Path(conformance_suites.__file__).parent / "policy" / "cases"


@cache
def shipped() -> tuple[Case, ...]:
    return load_all(FOLDER, clauses.by_name())


def test_every_shipped_case_can_be_played() -> None:
    assert len(shipped()) >= 10
    assert all(case.steps for case in shipped())
