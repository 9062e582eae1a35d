"""The claims file: what the cluster is said to have, and not to have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_k8snet.checks import REQUIREMENTS
from pytest_k8snet.errors import UsageError
from pytest_k8snet.toml_file import TomlFile

OPTION = "--k8snet-claims"
HINT = "See docs/waivers-and-claims.md."


@dataclass(frozen=True)
class Claims:
    """Keys of checks.REQUIREMENTS: ``made`` to where it is claimed, ``denied`` to why it is not there."""

    made: dict[str, str] = field(default_factory=dict)
    denied: dict[str, str] = field(default_factory=dict)


def read_claims(name: str) -> Claims:
    """Read a file. Raises UsageError for what cannot be used, with file and line."""
    file = TomlFile.read(name, OPTION)
    table = file.content.get("claims", {})
    unknown = sorted(set(file.content) - {"claims"})
    if unknown or not isinstance(table, dict):
        raise UsageError(f"{OPTION}: {name}: expected one table [claims], not {', '.join(unknown)}", hint=HINT)
    claims = Claims()
    for requirement, value in table.items():
        place = file.place(rf"\s*(\[\s*claims\s*\.\s*)?[\"']?{requirement}[\"']?\s*[\]=.]")
        has, reason = _claim(requirement, value, place)
        if has:
            claims.made[requirement] = f"{place}: {reason}" if reason else place
        else:
            claims.denied[requirement] = f"{reason or 'claimed not to be there'} ({place})"
    return claims


def _claim(requirement: str, value: Any, place: str) -> tuple[bool, str]:
    if requirement not in REQUIREMENTS:
        raise UsageError(f"{OPTION}: {place}: {requirement!r} is not one of {', '.join(REQUIREMENTS)}", hint=HINT)
    whole: Mapping[str, Any] = value if isinstance(value, dict) else {"has": value}
    has, reason = whole.get("has"), whole.get("reason", "")
    if set(whole) - {"has", "reason"} or not isinstance(has, bool) or not isinstance(reason, str):
        expected = '{ has = false, reason = "..." }'
        raise UsageError(f"{OPTION}: {place}: {requirement} must be true, false or {expected}", hint=HINT)
    return has, reason.strip()
