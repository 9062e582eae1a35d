"""Reads the values of options. Each function raises ValueError with what was expected."""

from __future__ import annotations

import math
import re

MOST_IN_A_SECOND = 1000
"""More than one connection to an API carries."""


def text(value: str) -> str:
    """Return the text without space around it."""
    return value.strip()


def flag(value: str) -> bool:
    """Return true or false."""
    if value.lower() in {"1", "true", "yes", "on"}:
        return True
    if value.lower() in {"", "0", "false", "no", "off"}:
        return False
    raise ValueError("expected true or false")


def count(value: str) -> int:
    """Return a whole number from 1."""
    if not value.isdecimal() or int(value) == 0:
        raise ValueError("expected a whole number from 1")
    return int(value)


def optional_number(value: str) -> int | None:
    """Return a whole number, None for nothing."""
    if value == "":
        return None
    if not re.fullmatch(r"\d+", value):
        raise ValueError("expected a whole number")
    return int(value)


def seconds(value: str) -> float | None:
    """Return seconds, None for nothing."""
    if value == "":
        return None
    seconds = _decimal(value.removesuffix("s"))
    if not 0 < seconds < 3600:
        raise ValueError("expected seconds, more than 0 and less than 3600")
    return seconds


def rate(value: str) -> float | None:
    """Return how often in a second, None for nothing."""
    if value == "":
        return None
    found = _decimal(value)
    if not 0 <= found <= MOST_IN_A_SECOND:
        raise ValueError(f"expected how many in a second, a number from 0 to {MOST_IN_A_SECOND}")
    return found


def share(value: str) -> float:
    """Return a share, more than 0 and less than 1."""
    found = _decimal(value)
    if not 0 < found < 1:
        raise ValueError("expected a share, more than 0 and less than 1")
    return found


def _decimal(value: str) -> float:
    """Return a number without a sign; NaN, which is in no range, for any other text."""
    return float(value) if re.fullmatch(r"\d*\.?\d+", value) else math.nan


def in_namespace(value: str) -> str:
    """Return NAMESPACE/NAME as it is."""
    if value and not re.fullmatch(r"[^/\s]+/[^/\s]+", value):
        raise ValueError("expected NAMESPACE/NAME")
    return value


def names(value: str) -> str:
    """Return names separated by commas, without space around them."""
    return ",".join(filter(None, (name.strip() for name in value.split(","))))


def pairs(value: str) -> dict[str, str]:
    """Return ``KEY=VALUE,...`` as a mapping."""
    pairs = [part.partition("=") for part in value.split(",") if part.strip()]
    for key, equals, _ in pairs:
        if not equals or not key.strip():
            raise ValueError("expected KEY=VALUE[,KEY=VALUE...]")
    return {key.strip(): text.strip() for key, _, text in pairs}


def tolerations(value: str) -> tuple[dict[str, str], ...]:
    """Read ``KEY[=VALUE][:EFFECT]`` separated by commas; ``*`` tolerates every taint."""
    found: list[dict[str, str]] = []
    for part in filter(None, (item.strip() for item in value.split(","))):
        if part == "*":
            found.append({"operator": "Exists"})
            continue
        match = re.fullmatch(r"([^=:\s]+)(?:=([^:\s]*))?(?::(NoSchedule|PreferNoSchedule|NoExecute))?", part)
        if match is None:
            raise ValueError("expected KEY[=VALUE][:NoSchedule|PreferNoSchedule|NoExecute] or *")
        key, text, effect = match.groups()
        toleration = {"key": key, "operator": "Exists"} if text is None else {"key": key, "value": text}
        found.append(toleration | ({"effect": effect} if effect else {}))
    return tuple(found)


def part(value: str) -> tuple[int, int]:
    """Return ``I/N``, the I-th of N parts, as two numbers; nothing is the whole."""
    match = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", value or "1/1")
    if match is None or int(match[1]) > int(match[2]):
        raise ValueError("expected I/N, the I-th of N parts")
    return int(match[1]), int(match[2])
