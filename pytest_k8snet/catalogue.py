"""The catalogue of the shipped checks, read from the suites themselves."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import conformance_suites
from conformance_suites.clauses import by_name
from pytest_k8snet.checks import Check
from pytest_k8snet.policy.cases import Case


def all_checks() -> list[tuple[Check, str]]:
    """Return each shipped check with the sentence that says what must hold, sorted by id.

    Raises ValueError for an id that two checks have: reports and waivers know a check by nothing else.
    """
    found: dict[str, tuple[Check, str]] = {}
    for check, sentence in _checks():
        if found.setdefault(check.id, (check, sentence)) != (check, sentence):
            raise ValueError(f"{check.id} is the id of two checks: {found[check.id][1]!r} and {sentence!r}")
    return [found[ident] for ident in sorted(found)]


def _checks() -> Iterator[tuple[Check, str]]:
    for module in pkgutil.walk_packages(conformance_suites.__path__, "conformance_suites."):
        if not module.name.rpartition(".")[2].startswith("test_"):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            for mark in getattr(value, "pytestmark", ()):
                sentence = (value.__doc__ or "").strip().partition("\n")[0]
                for check in _in_mark(mark):
                    yield check, check.title or sentence


def _in_mark(mark: pytest.Mark) -> Iterator[Check]:
    """Yield the check of a test, and those of its parameters."""
    if mark.name == "k8snet_check":
        yield mark.args[0]
    elif mark.name == "parametrize":
        for parameters in mark.args[1]:
            for one in getattr(parameters, "marks", ()):
                yield from _in_mark(getattr(one, "mark", one))


def catching() -> dict[str, tuple[str, ...]]:
    """Return, for each fault that shipped checks name, the ids of these checks."""
    found: dict[str, tuple[str, ...]] = {}
    for check, _ in all_checks():
        for fault in check.catches:
            found[fault] = (*found.get(fault, ()), check.id)
    return found


def clauses() -> dict[str, str]:
    """Return the URLs of the clauses by the names that case files give them."""
    return by_name()


def policy_cases() -> tuple[Case, ...]:
    """Return the shipped cases of NetworkPolicy, file by file."""
    found: tuple[Case, ...] = importlib.import_module("conformance_suites.policy.test_cases").CASES
    return found


def as_markdown() -> str:
    """Return the catalogue as the table of docs/checks.md."""
    lines = ["| id | level | what must hold | needs | faults that it catches |", "|---|---|---|---|---|"]
    for check, sentence in all_checks():
        meaning = sentence.replace("|", "\\|")
        needs, catches = (", ".join(f"`{name}`" for name in names) for names in (check.requires, check.catches))
        lines.append(f"| {check.id} | {check.level} | {meaning} ([clause]({check.spec})) | {needs} | {catches} |")
    return "\n".join(lines) + "\n"
