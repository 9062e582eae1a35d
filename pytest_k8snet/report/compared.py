"""This run beside a former one, as plain data for report.json."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """A path that was measured in both runs. ``change`` is its ratio to the baseline now by that in the former run,
    with its interval; ``verdict`` is "better", "same", "worse" or "undecided".
    """

    check: str
    name: str
    unit: str
    verdict: str
    now: float
    before: float
    change: float
    low: float
    high: float
    confidence: float


@dataclass(frozen=True, slots=True)
class ComparedRecord:
    """This run beside a former one, whose ``run_id`` and begin are named. ``differing`` says in words what of the
    cluster or the tools is not the same; without any of it, the runs are comparable.
    """

    run_id: str
    started: float
    differing: list[str] = field(default_factory=list)
    new_failures: list[str] = field(default_factory=list)
    fixed: list[str] = field(default_factory=list)
    measured: list[ChangeRecord] = field(default_factory=list)

    @property
    def worse(self) -> list[ChangeRecord]:
        """The paths that have become slower."""
        return [one for one in self.measured if one.verdict == "worse"]
