"""Which of our checks ask what a test of Kubernetes' [sig-network] asks: the page docs/sig-network-coverage.md.

The data is a YAML file for each area in ``conformance_suites/sig_network/``; an area adds its own file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import yaml

FOLDER = "conformance_suites.sig_network"
KEYS = {"test", "conformance", "checks", "note"}


@dataclass(frozen=True)
class UpstreamTest:
    """A test by its name without "[sig-network] ". ``checks`` are ids of ours; without any, ``note`` may say why."""

    name: str
    conformance: bool
    checks: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class Area:
    """The tests about one area; ``prefixes`` are those of the ids of our checks of it."""

    name: str
    prefixes: tuple[str, ...]
    tests: tuple[UpstreamTest, ...]


def areas() -> list[Area]:
    """Return what the files say, in the order of their names. Raises ValueError for what cannot be read."""
    files = sorted(
        (file for file in resources.files(FOLDER).iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name
    )
    return [_area(file.name, yaml.safe_load(file.read_text())) for file in files]


def _area(file: str, content: Mapping[str, Any]) -> Area:
    for test in content["tests"]:
        if unknown := set(test) - KEYS:
            raise ValueError(f"{file}: {test.get('test')!r} has the unknown {', '.join(sorted(unknown))}")
    tests = (
        UpstreamTest(test["test"], bool(test.get("conformance")), tuple(test["checks"]), test.get("note", ""))
        for test in content["tests"]
    )
    return Area(content["area"], tuple(content["prefixes"]), tuple(tests))


def upstream_table(area: Area) -> str:
    """Return the table from their tests to our checks."""
    rows = [
        (test.name, "yes" if test.conformance else "", ", ".join(test.checks) or "none", test.note)
        for test in area.tests
    ]
    return _table(("[sig-network] test", "conformance", "our checks", "note"), rows)


def alone_table(area: Area, titles: Mapping[str, str]) -> str:
    """Return the table of the checks that have no test there; ``titles`` are those of all our checks by their ids."""
    covered = {ident for test in area.tests for ident in test.checks}
    ours = [ident for ident in sorted(titles) if ident.partition("-")[0] in area.prefixes and ident not in covered]
    return _table(("check", "what must hold"), [(ident, titles[ident]) for ident in ours])


def unknown_checks(found: Iterable[Area], titles: Mapping[str, str]) -> set[str]:
    """Return the ids that the files name and that are no checks of ours."""
    return {ident for area in found for test in area.tests for ident in test.checks} - titles.keys()


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
