"""Label selectors, as text and as objects, and field selectors. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .names import wrong_label_key, wrong_label_value
from .objects import Obj, labels_of, lookup
from .status import bad_request

Match = Callable[[Obj], bool]

_TOKEN = re.compile(r"\s*(?:(?P<symbol>==|!=|[=!,()<>])|(?P<word>[^\s=!,()<>]+))")
_OPERATORS = {"=": "in", "==": "in", "!=": "notin", "in": "in", "notin": "notin", ">": "gt", "<": "lt"}


@dataclass(frozen=True)
class Requirement:
    """One condition of a label selector; ``operator`` is in, notin, exists, absent, gt or lt."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether ``labels`` meet the condition. An absent key meets ``notin``."""
        value = labels.get(self.key)
        if self.operator in ("exists", "absent"):
            return (value is not None) == (self.operator == "exists")
        if self.operator == "notin":
            return value not in self.values
        if self.operator == "in":
            return value in self.values
        return _compares(value, self.operator, *self.values)


def _compares(value: str | None, operator: str, limit: str) -> bool:
    if value is None or not re.fullmatch(r"-?\d{1,19}", value):
        return False
    return int(value) > int(limit) if operator == "gt" else int(value) < int(limit)


class _Parser:
    """Reads the grammar of ``labelSelector``: ``a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1``."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [match.group().strip() for match in _TOKEN.finditer(text)]
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *allowed: str) -> str:
        token = self.peek()
        if allowed and token not in allowed:
            found = f"found '{token}'" if token else "found ''"
            raise bad_request(
                f"unable to parse requirement: {found}, expected: {' or '.join(allowed)} in {self.text!r}"
            )
        self.at += 1
        return token

    def parse(self) -> list[Requirement]:
        requirements = []
        while self.peek():
            requirements.append(self.requirement())
            if self.peek():
                self.take(",")
                if not self.peek():
                    raise bad_request(f"found '', expected: identifier after ',' in {self.text!r}")
        return requirements

    def requirement(self) -> Requirement:
        if self.peek() == "!":
            self.take()
            return Requirement(self.key(), "absent")
        key = self.key()
        if self.peek() in ("", ","):
            return Requirement(key, "exists")
        operator = self.take(*_OPERATORS)
        values = self.several() if operator in ("in", "notin") else frozenset({self.value()})
        if operator in "<>" and not re.fullmatch(r"-?\d{1,19}", next(iter(values))):
            raise bad_request(f"values[0]: Invalid value: {next(iter(values))!r}: for 'Gt', 'Lt' it must be an integer")
        return Requirement(key, _OPERATORS[operator], values)

    def key(self) -> str:
        key = self.take()
        if why := wrong_label_key(key):
            raise bad_request(f"unable to parse requirement: <nil>: Invalid value: {key!r}: {why}")
        return key

    def value(self) -> str:
        if self.peek() in ("", ",", ")"):
            return ""
        value = self.take()
        if why := wrong_label_value(value):
            raise bad_request(f"unable to parse requirement: values[0][{self.text}]: Invalid value: {value!r}: {why}")
        return value

    def several(self) -> frozenset[str]:
        self.take("(")
        values = {self.value()}
        while self.take(",", ")") == ",":
            values.add(self.value())
        return frozenset(values)


def parse_labels(text: str) -> list[Requirement]:
    """The requirements of a ``labelSelector`` parameter; StoreError 400 when it is malformed."""
    return _Parser(text).parse()


def label_matcher(text: str) -> Match:
    """A test of an object's labels against a ``labelSelector`` parameter; the empty one matches everything."""
    requirements = parse_labels(text)
    return lambda obj: all(requirement.matches(labels_of(obj)) for requirement in requirements)


def selector_matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a ``LabelSelector`` object (matchLabels, matchExpressions) selects ``labels``. ``{}`` selects all."""
    operators = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "absent"}
    requirements = [
        Requirement(key, "in", frozenset({value})) for key, value in (selector.get("matchLabels") or {}).items()
    ]
    requirements += [
        Requirement(item["key"], operators[item["operator"]], frozenset(item.get("values") or ()))
        for item in selector.get("matchExpressions") or ()
    ]
    return all(requirement.matches(labels) for requirement in requirements)


def field_matcher(text: str, allowed: Iterable[str]) -> Match:
    """A test against a ``fieldSelector`` parameter (``a=b,c!=d``); StoreError 400 for a field not in ``allowed``."""
    terms: list[tuple[list[str], bool, str]] = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        match = re.fullmatch(r"([^=!]+?)(==|!=|=)(.*)", part)
        if not match:
            raise bad_request(f'invalid selector: "{text}"; can\'t understand "{part}"')
        path, operator, value = match.groups()
        if path not in allowed:
            raise bad_request(f'field label not supported: "{path}"; supported here: {", ".join(sorted(allowed))}')
        terms.append((path.split("."), operator != "!=", value))
    return lambda obj: all((str(_field(obj, path)) == value) == wanted for path, wanted, value in terms)


def _field(obj: Obj, path: list[str]) -> Any:
    value = lookup(obj, *path)
    return "" if value is None else value
