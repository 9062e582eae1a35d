"""Calibration: each fault is injected into the embedded cluster, and exactly the checks that name it must fail.

Under ``--k8snet-calibrate`` the collected checks are replaced by one item for the healthy cluster and one for each
fault. Such an item runs the checks inside itself, so a fault is a test like any other: selected, reported, counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

# The only way to run a test and keep its reports to oneself; pytest-rerunfailures stands on the same function.
from _pytest.runner import runtestprotocol

from pytest_k8snet.checks import check_of
from pytest_k8snet.errors import K8sNetError
from pytest_k8snet.options import Settings
from pytest_k8snet.providers import FaultInjector
from pytest_k8snet.report.outcome import CheckOutcome
from pytest_k8snet.report.record import decode

HEALTHY = "healthy"
MATRIX = pytest.StashKey[dict[str, "Pass"]]()


@dataclass
class Pass:
    """What became of the checks in one pass: ids with any instance that failed, or ended without a verdict."""

    failed: set[str] = field(default_factory=set)
    errors: dict[str, str] = field(default_factory=dict)
    passed: set[str] = field(default_factory=set)


def problems(fault: str, catches: Mapping[str, Sequence[str]], seen: Pass) -> list[str]:
    """Return what is wrong with a pass under a fault (or HEALTHY), in words; nothing when it is as it should be.

    ``catches`` maps the id of each check to the faults that it names.
    """
    intended = {check for check, faults in catches.items() if fault in faults}
    found = [f"{check} ended without a verdict: {why}" for check, why in sorted(seen.errors.items())]
    if fault == HEALTHY:
        found += [f"{check} fails on the healthy cluster" for check in sorted(seen.failed)]
        return found + [f"{check} names no fault that it catches" for check in sorted(catches) if not catches[check]]
    if not intended:
        found.append("no check names this fault in its catches")
    found += [f"{check} should have noticed it and did not fail" for check in sorted(intended - seen.failed)]
    found += [f"{check} failed, but does not name this fault" for check in sorted(seen.failed - intended)]
    return found


class FaultItem(pytest.Item):
    """One pass over the checks with one fault injected."""

    def __init__(self, *, faults: Callable[[], FaultInjector], checks: Sequence[pytest.Item], **known: object) -> None:
        super().__init__(**known)  # type: ignore[arg-type]
        self._faults = faults
        self._checks = checks

    def reportinfo(self) -> tuple[str, int | None, str]:
        """Say in reports that this is no file's test."""
        return "calibration", None, f"fault {self.name}"

    def runtest(self) -> None:
        """Never be called: see ``calibrate``."""
        raise NotImplementedError("a FaultItem runs by calibrate()")

    def calibrate(self) -> list[str]:
        """Inject, run, restore, run again what had failed; return what is wrong."""
        catches = {found.id: found.catches for check in self._checks if (found := check_of(check))}
        if self.name == HEALTHY:
            seen = self._run(self._checks)
            self.config.stash.setdefault(MATRIX, {})[self.name] = seen
            return problems(self.name, catches, seen)
        self._faults().inject(self.name)
        try:
            seen = self._run(self._checks)
        finally:
            self._faults().restore(self.name)
        self.config.stash.setdefault(MATRIX, {})[self.name] = seen
        return problems(self.name, catches, seen) + self._after_restore(seen)

    def _after_restore(self, seen: Pass) -> list[str]:
        shaken = seen.failed | set(seen.errors)
        again = self._run([check for check in self._checks if (found := check_of(check)) and found.id in shaken])
        return [
            f"{check} still fails after the fault was restored" for check in sorted(again.failed | set(again.errors))
        ]

    def _run(self, checks: Sequence[pytest.Item]) -> Pass:
        seen = Pass()
        for place, check in enumerate(checks):
            following = checks[place + 1] if place + 1 < len(checks) else None
            _note(runtestprotocol(check, log=False, nextitem=following), seen)
        return seen


def _note(reports: Iterable[pytest.TestReport], seen: Pass) -> None:
    records = [decode(text) for report in reports if (text := getattr(report, "k8snet", None))]
    if not records:
        return
    record = records[-1]
    if record.outcome is CheckOutcome.FAILED:
        seen.failed.add(record.id)
    elif record.outcome is CheckOutcome.ERROR:
        seen.errors[record.id] = record.reason
    elif record.outcome is CheckOutcome.PASSED:
        seen.passed.add(record.id)


class Calibration:
    """The plugin that is registered for a calibration."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """Run a fault in place of a test."""
        if not isinstance(item, FaultItem):
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        began, started = time.perf_counter(), time.time()
        try:
            wrong = item.calibrate()
        except K8sNetError as error:
            wrong = [str(error)]
        report = pytest.TestReport(
            nodeid=item.nodeid,
            location=item.location,
            keywords=dict.fromkeys(item.keywords, 1),
            outcome="failed" if wrong else "passed",
            longrepr="\n".join(wrong) or None,
            when="call",
            duration=time.perf_counter() - began,
            start=started,
            stop=time.time(),
        )
        item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        """Show which fault was noticed by which check."""
        matrix = config.stash.get(MATRIX, {})
        if not matrix:
            return
        terminalreporter.section("calibration: fault -> the checks that failed")
        width = max(map(len, matrix))
        for fault, seen in matrix.items():
            terminalreporter.write_line(f"{fault:<{width}}  {' '.join(sorted(seen.failed)) or '-'}")


def as_faults(
    session: pytest.Session, checks: Sequence[pytest.Item], settings: Settings, faults: Callable[[], FaultInjector]
) -> list[pytest.Item]:
    """Return the items that take the place of the checks.

    Without a list of faults these are the ones that the checks name; each must exist when its turn comes.
    """
    chosen = [check for check in checks if check_of(check)]
    named = sorted({fault for check in chosen if (found := check_of(check)) for fault in found.catches})
    wanted = named if settings.calibrate == "all" else settings.calibrate.split(",")
    return [
        FaultItem.from_parent(session, name=fault, faults=faults, checks=chosen, nodeid=f"calibration::{fault}")
        for fault in [HEALTHY, *wanted]
    ]
