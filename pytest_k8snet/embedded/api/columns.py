"""The columns that ``kubectl get`` prints, as far as more than one kind has them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .objects import Obj, lookup, name_of

Cell = str | int | bool | None


@dataclass(frozen=True)
class Column:
    """One column of a Table. ``priority`` 1 is shown by ``-o wide`` only."""

    name: str
    value: Callable[[Obj], Cell]
    type: str = "string"
    priority: int = 0

    def definition(self) -> Obj:
        """The entry of ``columnDefinitions``."""
        form = "name" if self.name == "Name" else ""
        return {"name": self.name, "type": self.type, "format": form, "description": "", "priority": self.priority}


def human_duration(seconds: float) -> str:
    """A duration as kubectl prints ages: ``45s``, ``5m3s``, ``3h``, ``2d4h``, ``3y``."""
    total = int(seconds)
    if total < 0:
        return "0s" if total >= -1 else "<invalid>"
    if total < 120:
        return f"{total}s"
    minutes, hours, days = total // 60, total // 3600, total // 86400
    if minutes < 10:
        return _two(minutes, "m", total % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    return f"{days}d" if days < 730 else f"{days // 365}y"


def _two(big: int, big_unit: str, small: int, small_unit: str) -> str:
    return f"{big}{big_unit}{small}{small_unit}" if small else f"{big}{big_unit}"


def since(timestamp: str | None) -> str:
    """How long ago an API timestamp was, ``<unknown>`` without one."""
    if not timestamp:
        return "<unknown>"
    then = dt.datetime.fromisoformat(timestamp.replace("Z", "+00:00"))
    return human_duration((dt.datetime.now(dt.UTC) - then).total_seconds())


def joined(values: Iterable[str], empty: str = "<none>") -> str:
    """Values with commas between, ``empty`` when there are none."""
    return ",".join(values) or empty


def field(*path: str | int, empty: str = "<none>") -> Callable[[Obj], Cell]:
    """A cell that shows what is at ``path``."""

    def read(obj: Obj) -> Cell:
        value = lookup(obj, *path)
        return empty if value is None or value == "" else str(value)

    return read


def count(*path: str) -> Callable[[Obj], Cell]:
    """A cell that shows how many entries are at ``path``."""
    return lambda obj: len(lookup(obj, *path) or ())


NAME = Column("Name", name_of)
AGE = Column("Age", lambda obj: since(obj["metadata"].get("creationTimestamp")))
