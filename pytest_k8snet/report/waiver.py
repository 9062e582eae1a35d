"""A waiver: a known failure that does not fail a run, with its reason, for a time; and what became of it in a run."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Protocol

from pytest_k8snet.report.outcome import CheckOutcome


class WaiverState(enum.StrEnum):
    """What became of a waiver.

    NEEDED: a check failed that it covers. UNNEEDED: all of these passed. UNMATCHED: its check was judged, but never
    with the parameters that it names. EXPIRED: it waives nothing any more. UNUSED: what it covers was not judged.
    """

    NEEDED = "needed"
    UNNEEDED = "unneeded"
    UNMATCHED = "unmatched"
    EXPIRED = "expired"
    UNUSED = "unused"


class Judged(Protocol):
    """What is looked at of a check: ``record.CheckRecord``."""

    id: str
    params: dict[str, str]
    outcome: CheckOutcome


@dataclass(frozen=True, slots=True)
class Waiver:
    """One entry of a waivers file.

    ``expires`` is the last day on which it waives; ``place`` is its file and line. Every parameter of ``params`` must
    match its pattern, in which ``*`` stands for anything.
    """

    check: str
    reason: str
    link: str
    expires: datetime.date
    params: dict[str, str] = field(default_factory=dict)
    place: str = ""
    state: WaiverState = WaiverState.UNUSED

    @property
    def text(self) -> str:
        """Why a failure is waived, in one line."""
        return f"{self.reason} ({self.link}, waived until {self.expires})"

    @property
    def name(self) -> str:
        """The id of the check with the patterns of its parameters."""
        patterns = ", ".join(f"{name}={pattern}" for name, pattern in self.params.items())
        return f"{self.check}[{patterns}]" if patterns else self.check

    def covers(self, check: str, params: Mapping[str, str]) -> bool:
        """Tell whether it waives a check with these parameters, were it not expired."""
        return check == self.check and all(
            name in params and fnmatchcase(params[name], pattern) for name, pattern in self.params.items()
        )


def waiver_of(waivers: Iterable[Waiver], check: str, params: Mapping[str, str]) -> Waiver | None:
    """Return what waives a check: the first of the file that covers it and has not expired."""
    valid = (waiver for waiver in waivers if waiver.state is not WaiverState.EXPIRED)
    return next((waiver for waiver in valid if waiver.covers(check, params)), None)


def after(waivers: Sequence[Waiver], checks: Sequence[Judged]) -> list[Waiver]:
    """Return the waivers with what became of them."""
    covering = [(waiver_of(waivers, check.id, check.params), check) for check in checks]
    return [
        waiver if waiver.state is WaiverState.EXPIRED else replace(waiver, state=_state(waiver, covering))
        for waiver in waivers
    ]


JUDGED = {CheckOutcome.PASSED, CheckOutcome.XPASSED, CheckOutcome.FAILED, CheckOutcome.XFAILED}
WRONG = {CheckOutcome.FAILED, CheckOutcome.XFAILED}


def _state(waiver: Waiver, covering: Iterable[tuple[Waiver | None, Judged]]) -> WaiverState:
    of_its_check = [(by, check) for by, check in covering if check.id == waiver.check and check.outcome in JUDGED]
    covered = {check.outcome for by, check in of_its_check if by == waiver}
    if covered:
        return WaiverState.NEEDED if covered & WRONG else WaiverState.UNNEEDED
    fits = any(waiver.covers(check.id, check.params) for _, check in of_its_check)
    return WaiverState.UNMATCHED if of_its_check and not fits else WaiverState.UNUSED


def as_text(waivers: Iterable[Waiver]) -> str:
    """Return waivers as text that ``from_text`` reads, to travel to a worker."""
    import msgspec

    return msgspec.json.encode(list(waivers)).decode()


def from_text(text: str) -> tuple[Waiver, ...]:
    """Read what ``as_text`` wrote."""
    import msgspec

    return msgspec.json.decode(text, type=tuple[Waiver, ...])
