"""What differs between the outcomes of two clusters, and which of that is allowed, for a reason."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec
import yaml

from tests.comparison.paths import leaves
from tests.comparison.runner import Outcomes

FILE = Path(__file__).parent / "differences.yaml"
NOTHING = "(nothing)"


@dataclass(frozen=True)
class Difference:
    """One place where an outcome differs: "chapter/step", the path in the outcome, and the two values."""

    step: str
    path: str
    real: Any
    embedded: Any


class Allowed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Differences that stay. ``what`` is a heading, ``why`` the reason, both for people.

    ``at`` are patterns of "chapter/step: path", in which ``*`` stands for anything.
    """

    what: str
    why: str
    at: list[str]

    def unused(self, found: Sequence[Difference]) -> list[str]:
        """Return the patterns by which nothing is found."""
        return [pattern for pattern in self.at if not any(_matches(difference, pattern) for difference in found)]


def load(file: Path = FILE) -> list[Allowed]:
    """Return the allowed differences."""
    return msgspec.convert(yaml.safe_load(file.read_text())["differences"], list[Allowed])


def compare(real: Outcomes, embedded: Outcomes) -> list[Difference]:
    """Return all differences, in the order of the scenario."""
    return [
        Difference(f"{chapter}/{step}", path, one, other)
        for chapter in {**real, **embedded}
        for step in {**real.get(chapter, {}), **embedded.get(chapter, {})}
        for path, one, other in _differing(real.get(chapter, {}).get(step), embedded.get(chapter, {}).get(step))
    ]


def _differing(real: Any, embedded: Any) -> Iterator[tuple[str, Any, Any]]:
    ours, theirs = dict(leaves(embedded)), dict(leaves(real))
    for path in {**theirs, **ours}:
        one, other = theirs.get(path, NOTHING), ours.get(path, NOTHING)
        if one != other:
            yield path, one, other


def verdict(found: Sequence[Difference], allowed: Sequence[Allowed]) -> str:
    """Return for people which differences are not allowed and which allowed ones are none; "" if all is well."""
    patterns = [pattern for entry in allowed for pattern in entry.at]
    wrong = [difference for difference in found if not any(_matches(difference, pattern) for pattern in patterns)]
    unused = [(entry.what, pattern) for entry in allowed for pattern in entry.unused(found)]
    parts = [shown(wrong)] if wrong else []
    parts += [f'allowed, but no longer different: {pattern} ("{what}")' for what, pattern in unused]
    return "\n".join(parts)


def shown(found: Sequence[Difference]) -> str:
    """Return differences as a text, by step."""
    by_step: Mapping[str, list[Difference]] = defaultdict(list)
    for difference in found:
        by_step[difference.step].append(difference)
    return "\n".join(
        "\n".join([step, *(f"  {entry.path}\n{_values(entry)}" for entry in entries)])
        for step, entries in by_step.items()
    )


def _values(entry: Difference) -> str:
    """The two values, "-" on the real cluster and "+" on the embedded one; of long texts only the lines that differ."""
    if isinstance(entry.real, str) and isinstance(entry.embedded, str) and "\n" in entry.real + entry.embedded:
        lines = difflib.ndiff(entry.real.splitlines(), entry.embedded.splitlines())
        return "\n".join(f"    {line}" for line in lines if line[0] in "-+")
    return f"    - {entry.real!r}\n    + {entry.embedded!r}"


def _matches(difference: Difference, pattern: str) -> bool:
    # In fnmatch brackets are classes of letters; in our paths they are themselves.
    return fnmatchcase(f"{difference.step}: {difference.path}", pattern.replace("[", "[[]"))
