"""The waivers file: read and refused as a whole at the start, and put on the checks as pytest's xfail marks."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import pytest

from pytest_k8snet.checks import check_of, parameters_of
from pytest_k8snet.errors import UsageError
from pytest_k8snet.report.outcome import VERDICTS
from pytest_k8snet.report.waiver import Waiver, WaiverState, waiver_of
from pytest_k8snet.toml_file import TomlFile

OPTION = "--k8snet-waivers"
ENTRY = r"\s*\[\[\s*waiver\s*\]\]"
REQUIRED = ("check", "reason", "link", "expires")
HINT = "See docs/waivers-and-claims.md."


def read_waivers(name: str, today: datetime.date) -> tuple[Waiver, ...]:
    """Read a file; what has expired before ``today`` is marked so. Raises UsageError for what cannot be used."""
    file = TomlFile.read(name, OPTION)
    entries = file.content.get("waiver", [])
    unknown = sorted(set(file.content) - {"waiver"})
    if unknown or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _refused(name, f"expected only [[waiver]] tables, not {', '.join(unknown) or 'a waiver of another form'}")
    made: dict[tuple[str, frozenset[tuple[str, str]]], Waiver] = {}
    for number, entry in enumerate(entries):
        for waiver in _waivers(entry, file.place(ENTRY, number, among=len(entries)), today):
            first = made.setdefault((waiver.check, frozenset(waiver.params.items())), waiver)
            if first is not waiver:
                raise _refused(waiver.place, f"{waiver.name} is waived already at {first.place}")
    return tuple(made.values())


def _waivers(entry: Mapping[str, Any], place: str, today: datetime.date) -> list[Waiver]:
    """Return one waiver for each check that an entry names."""
    for field in REQUIRED:
        if field not in entry:
            raise _refused(place, f"a waiver needs {', '.join(REQUIRED)}; {field} is missing")
    if unknown := sorted(set(entry) - {*REQUIRED, "params"}):
        raise _refused(place, f"{', '.join(unknown)}: a waiver has only {', '.join(REQUIRED)} and params")
    checks = entry["check"] if isinstance(entry["check"], list) else [entry["check"]]
    if not checks or not all(map(_is_text, checks)):
        raise _refused(place, f"check must be the id of a check or a list of ids, not {entry['check']!r}")
    for field in ("reason", "link"):
        if not _is_text(entry[field]):
            raise _refused(place, f"{field} must be a text that is not empty, not {entry[field]!r}")
    expires = entry["expires"]
    # A datetime is a date for Python; here it would say more than is looked at.
    if type(expires) is not datetime.date:
        raise _refused(place, f"expires must be a date such as 2027-01-31, without quotes, not {expires}")
    params = entry.get("params", {})
    if not isinstance(params, dict) or not all(isinstance(pattern, str) for pattern in params.values()):
        raise _refused(place, 'params must be texts by name, such as { family = "ipv6" }')
    state = WaiverState.EXPIRED if expires < today else WaiverState.UNUSED
    reason, link = (" ".join(entry[field].split()) for field in ("reason", "link"))
    return [Waiver(check, reason, link, expires, params, place, state) for check in checks]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def demand_known(waivers: Iterable[Waiver], collected: Collection[str]) -> None:
    """See that each waived check exists: among the collected ones or among those that are shipped.

    Raises:
        UsageError: one does not.

    """
    unknown = [waiver for waiver in waivers if waiver.check not in collected]
    if not unknown:
        return
    from pytest_k8snet.catalogue import all_checks

    shipped = {check.id for check, _ in all_checks()}
    for waiver in unknown:
        if waiver.check not in shipped:
            hint = "docs/checks.md lists the shipped checks; those of your own must be among the collected tests."
            raise UsageError(f"{OPTION}: {waiver.place}: there is no check {waiver.check}", hint=hint)


def waive(items: Iterable[pytest.Item], waivers: Sequence[Waiver]) -> None:
    """Mark the checks that are waived. An error is no verdict, so the mark does not cover it."""
    for item in items:
        found = check_of(item)
        if found and (waiver := waiver_of(waivers, found.id, parameters_of(item))):
            # Before the marks of the test itself, because pytest takes the first.
            item.add_marker(pytest.mark.xfail(reason=waiver.text, raises=VERDICTS, strict=False), append=False)


def _refused(place: str, why: str) -> UsageError:
    return UsageError(f"{OPTION}: {place}: {why}", hint=HINT)
