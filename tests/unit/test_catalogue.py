"""The catalogue of the shipped checks."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import conformance_suites
from pytest_k8snet import catalogue
from pytest_k8snet.catalogue import all_checks, as_markdown
from pytest_k8snet.checks import Check

SUITES = Path(conformance_suites.__file__).parent
CHECKS = all_checks()


def _ids_in_the_sources() -> list[str]:
    """Find the ids by reading, not by importing: the first argument of each @check, and the id of each policy case."""
    cases = (re.findall(r"^ *- id: (\S+)", file.read_text(), re.MULTILINE) for file in SUITES.rglob("cases/*.yaml"))
    return [ident for found in cases for ident in found] + [
        decorator.args[0].value
        for file in SUITES.rglob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call)
        and getattr(decorator.func, "id", "") == "check"
        and isinstance(decorator.args[0], ast.Constant)
        and isinstance(decorator.args[0].value, str)
    ]


def test_every_check_of_the_suites_is_in_the_catalogue_sorted_by_id() -> None:
    assert [check.id for check, _ in CHECKS] == sorted(_ids_in_the_sources())


def test_every_id_is_that_of_one_check() -> None:
    assert len(set(_ids_in_the_sources())) == len(_ids_in_the_sources())


def test_two_checks_with_one_id_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Check("MODEL-001", "model", "core", "", (), ())
    monkeypatch.setattr(catalogue, "_checks", lambda: iter([(first, "One."), (first, "One."), (first, "Other.")]))
    with pytest.raises(ValueError, match=r"MODEL-001 is the id of two checks: 'One\.' and 'Other\.'"):
        all_checks()


@pytest.mark.parametrize(("check", "sentence"), CHECKS, ids=[check.id for check, _ in CHECKS])
def test_a_check_says_in_a_sentence_what_must_hold_and_where_that_stands(check: Check, sentence: str) -> None:
    assert sentence.endswith(".")
    assert check.spec.startswith("https://")


def test_the_table_has_a_row_of_five_cells_for_each_check() -> None:
    rows = as_markdown().replace("\\|", "").splitlines()[2:]
    assert [row.split(" ")[1] for row in rows] == [check.id for check, _ in CHECKS]
    assert {row.count("|") for row in rows} == {6}
