"""The rules of the ``rewrite`` directive. Names are lower-case, without the dot at their end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Pattern:
    """``kind`` is exact, prefix, suffix, substring or regex; ``new`` takes the place of what fits ``old``.

    A regex is looked for in the name with the dot at its end, and the whole name becomes ``new``, in which ``{1}`` is
    the first group. All others are plain text: a suffix need not begin with a label.
    """

    kind: str
    old: str
    new: str = ""

    def __call__(self, name: str) -> str | None:
        """Return the new name, None when this one does not fit."""
        if self.kind == "regex":
            return self._by_regex(f"{name}.")
        fits = {
            "exact": name == self.old,
            "prefix": name.startswith(self.old),
            "suffix": name.endswith(self.old),
            "substring": self.old in name,
        }
        if not fits[self.kind]:
            return None
        if self.kind == "suffix":
            return name[: len(name) - len(self.old)] + self.new
        return name.replace(self.old, self.new, 1 if self.kind == "prefix" else -1)

    def _by_regex(self, name: str) -> str | None:
        found = re.search(self.old, name)
        if found is None:
            return None
        made = self.new
        for number, group in enumerate((found[0], *found.groups(""))):
            made = made.replace(f"{{{number}}}", group)
        return made.rstrip(".")


@dataclass(frozen=True)
class AnswerRule:
    """``answer name|value FROM TO``: renames what records are of, or the names in their data."""

    pattern: Pattern
    in_values: bool


@dataclass(frozen=True)
class NameRule:
    """``rewrite name``. With ``auto`` the new name becomes the old one again wherever it is in the answer."""

    pattern: Pattern
    auto: bool = False
    answers: tuple[AnswerRule, ...] = ()
    go_on: bool = False


@dataclass(frozen=True)
class TypeRule:
    """``rewrite type``."""

    old: str
    new: str
    go_on: bool = False


@dataclass(frozen=True)
class TtlRule:
    """``rewrite ttl``: the times to live of the answer become at least ``least`` and at most ``most`` seconds."""

    pattern: Pattern
    least: int
    most: int
    go_on: bool = False


Rule: TypeAlias = NameRule | TypeRule | TtlRule
