"""Policy cases as parameters of a test: each is a check of its own, with the case's id."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from pytest_k8snet.checks import Check, marks_of
from pytest_k8snet.policy.cases import Case

ENFORCED = "policy_enforced"


def each_case(cases: Iterable[Case]) -> pytest.MarkDecorator:
    """Return the mark that runs a test once for each case, by its parameter ``case``."""
    return pytest.mark.parametrize("case", [parameter(case) for case in cases])


def parameter(case: Case) -> object:
    """Return a case as one set of parameters with the marks of its check."""
    requires = tuple(dict.fromkeys((ENFORCED, *case.requires)))
    sentence = f"{case.title[0].upper()}{case.title[1:]}."
    check = Check(case.id, "policy", case.level, case.spec, requires, case.catches, sentence)
    more = (pytest.mark.cyclonus,) if case.cyclonus_default else ()
    return pytest.param(case, id=case.id, marks=(*marks_of(check), *more))
