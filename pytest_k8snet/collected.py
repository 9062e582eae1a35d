"""What the tests of a run need, told by those who collect them to the controller before it brings the cluster up.

Under pytest-xdist only the workers collect, and xdist hands on no more than the names of the tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_k8snet.checks import check_of, requirements_of

FILE = "collected.json"


@dataclass(frozen=True)
class Collected:
    """``checks`` are the ids of all collected checks, ``needs`` the requirements of the selected tests."""

    checks: frozenset[str]
    needs: frozenset[str]

    def write(self, folder: Path, writer: str) -> None:
        """Write into the run's folder; all workers collect the same, so the last one may win."""
        temporary = folder / f"{FILE}.{writer}"
        temporary.write_text(json.dumps({"checks": sorted(self.checks), "needs": sorted(self.needs)}))
        temporary.rename(folder / FILE)

    @classmethod
    def read(cls, folder: Path) -> Collected:
        """Read what ``write`` wrote."""
        found = json.loads((folder / FILE).read_text())
        return cls(frozenset(found["checks"]), frozenset(found["needs"]))


def ids_of(items: Iterable[pytest.Item]) -> frozenset[str]:
    """Return the ids of the checks among tests."""
    return frozenset(found.id for item in items if (found := check_of(item)))


def needs_of(items: Iterable[pytest.Item]) -> frozenset[str]:
    """Return what any of the tests needs."""
    return frozenset(name for item in items for name in requirements_of(item))
