"""A TOML file that a user wrote: its content, and the lines on which its parts stand, for messages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_k8snet.errors import UsageError


@dataclass(frozen=True)
class TomlFile:
    """A file that was read. ``name`` is how the user named it."""

    name: str
    text: str
    content: Mapping[str, Any]

    @classmethod
    def read(cls, name: str, option: str) -> TomlFile:
        """Read a file that ``option`` names. Raises UsageError when it cannot be read or is no TOML."""
        try:
            text = Path(name).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise UsageError(f"{option}: {name} cannot be read: {error}") from error
        try:
            return cls(name, text, tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f"{option}: {name} is no TOML: {error}") from error

    def place(self, pattern: str, number: int = 0, *, among: int = 1) -> str:
        """Return "FILE:LINE" of match ``number`` of those ``among`` lines, or "FILE" when other lines match."""
        found = [line for line, text in enumerate(self.text.splitlines(), 1) if re.match(pattern, text)]
        return f"{self.name}:{found[number]}" if len(found) == among else self.name
