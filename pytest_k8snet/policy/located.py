"""Values of a YAML file that know where they stand, so that every complaint about one can name its line."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml

from pytest_k8snet.errors import UsageError

try:
    from yaml import CSafeLoader as Loader  # ten times faster; PyYAML may have been built without it
except ImportError:
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

TEXT, NUMBER, FLAG, NOTHING, MERGE = (f"tag:yaml.org,2002:{name}" for name in ("str", "int", "bool", "null", "merge"))


class Located:
    """One value with its place. Each method reads it as something, or raises UsageError with file and line."""

    __slots__ = ("_file", "_node", "line")

    def __init__(self, file: Path, node: yaml.Node, line: int = 0) -> None:
        self._file = file
        self._node = node
        # From 1: the line of its key, or where it begins. PyYAML takes an alias for its anchor, which stands elsewhere.
        self.line = line or _line(node)

    def error(self, problem: str, known: Collection[str] = ()) -> UsageError:
        """Return the complaint, with what would have been right."""
        return complaint(self._file, self.line, problem, known)

    def is_mapping(self) -> bool:
        """Tell whether the value has fields."""
        return isinstance(self._node, yaml.MappingNode)

    def is_list(self) -> bool:
        """Tell whether the value is a list."""
        return isinstance(self._node, yaml.SequenceNode)

    def is_nothing(self) -> bool:
        """Tell whether the value is null."""
        return bool(self._node.tag == NOTHING)

    def entries(self, what: str) -> dict[str, Located]:
        """Return what a mapping holds by key, with those of ``<<`` merged in. ``what`` says what was expected."""
        if not isinstance(self._node, yaml.MappingNode):
            raise self.error(f"expected {what}, found {self._found()}")
        merged: dict[str, Located] = {}
        own: dict[str, Located] = {}
        for key, value in self._node.value:
            if key.tag == MERGE:
                for one in reversed(Located(self._file, value, _line(key)).one_or_more("mappings after <<")):
                    merged |= one.entries("a mapping after <<")
            elif not isinstance(key, yaml.ScalarNode):
                raise complaint(self._file, _line(key), "a key must be a text")
            elif key.value in own:
                raise complaint(self._file, _line(key), f"{key.value!r} is here twice")
            else:
                own[key.value] = Located(self._file, value, _line(key))
        return merged | own

    def fields(self, what: str, known: Collection[str], required: Collection[str] = ()) -> dict[str, Located]:
        """Return the fields of a mapping by name; each is ``known``, and the ``required`` ones are there."""
        found = self.entries(what)
        for name, value in found.items():
            if name not in known:
                raise value.error(f"{what} has no field {name!r}", known)
        for name in required:
            if name not in found:
                raise self.error(f"{what} lacks the field {name!r}")
        return found

    def items(self, what: str) -> list[Located]:
        """Return the items of a list."""
        if not isinstance(self._node, yaml.SequenceNode):
            raise self.error(f"expected a list of {what}, found {self._found()}")
        return [Located(self._file, node, max(_line(node), _line(self._node))) for node in self._node.value]

    def one_or_more(self, what: str) -> list[Located]:
        """Return the items of a list, or a single value as the only item."""
        return self.items(what) if self.is_list() else [self]

    def text(self, what: str) -> str:
        """Return a text that is not empty."""
        if self._node.tag != TEXT or not self._node.value:
            raise self.error(f"expected {what}, found {self._found()}")
        return str(self._node.value)

    def choice(self, what: str, known: Collection[str]) -> str:
        """Return a text that is one of those known."""
        found = self.text(what)
        if found not in known:
            raise self.error(f"there is no {what} {found!r}", known)
        return found

    def number(self, what: str, low: int, high: int) -> int:
        """Return a whole number within bounds, these included."""
        found = self.plain()
        if type(found) is not int or not low <= found <= high:
            raise self.error(f"expected {what} from {low} to {high}, found {self._found()}")
        return found

    def flag(self, what: str) -> bool:
        """Return true or false."""
        if self._node.tag != FLAG:
            raise self.error(f"{what} is true or false, found {self._found()}")
        return bool(self.plain())

    def plain(self) -> Any:
        """Return the value as YAML means it: dictionaries, lists, texts, numbers, true, false and None."""
        if isinstance(self._node, yaml.MappingNode):
            return {name: value.plain() for name, value in self.entries("a mapping").items()}
        if isinstance(self._node, yaml.SequenceNode):
            return [Located(self._file, node).plain() for node in self._node.value]
        if self._node.tag == TEXT:
            return self._node.value
        if self._node.tag == NUMBER and self._node.value.isdecimal() and self._node.value[0] != "0":
            return int(self._node.value)
        try:
            return yaml.safe_load(self._node.value)
        except (yaml.YAMLError, ValueError):
            raise self.error(f"cannot read {self._node.value!r}") from None

    def _found(self) -> str:
        kind = "a mapping" if self.is_mapping() else "a list" if self.is_list() else ""
        return kind or ("nothing" if self.is_nothing() or not self._node.value else repr(self._node.value))


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def complaint(file: Path, line: int, problem: str, known: Collection[str] = ()) -> UsageError:
    """Return the error ``file:line: problem``, with the nearest of ``known`` and all of them as the hint."""
    near = difflib.get_close_matches(problem.rpartition(" ")[2].strip("'"), known, n=1)
    meant = f", did you mean {near[0]!r}?" if near else ""
    return UsageError(f"{file}:{line}: {problem}{meant}", hint=f"known: {', '.join(known)}" if known else "")


def read(file: Path) -> Located:
    """Read a file with one YAML document.

    Raises UsageError, with file and line, for a file that cannot be read, is no YAML, is empty or has more documents.
    """
    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), Loader=Loader)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: cannot be read: {error}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise complaint(file, mark.line + 1 if mark else 1, f"no YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{file}: no YAML: {error}") from None
    if node is None:
        raise UsageError(f"{file}:1: the file is empty")
    return Located(file, node)
