"""Calibration: each fault is injected into the embedded cluster, and exactly the checks that name it must fail.

Under ``--k8snet-calibrate`` the collected checks are replaced by one item for the healthy cluster and one for each
fault. Such an item runs the checks inside itself, so a fault is a test like any other: selected, reported, counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

import pytest

# The only way to run a test and keep its reports to oneself; pytest-rerunfailures stands on the same function.
from _pytest.runner import runtestprotocol

from pytest_k8snet.calibration_rules import (
    HEALTHY,
    UNNAMED,
    Pass,
    State,
    Turns,
    chosen,
    left_over,
    matrix,
    problems,
    unnamed,
)
from pytest_k8snet.catalogue import catching
from pytest_k8snet.checks import check_of
from pytest_k8snet.errors import K8sNetError
from pytest_k8snet.options import Settings
from pytest_k8snet.providers import FaultInjector
from pytest_k8snet.report.outcome import CheckOutcome
from pytest_k8snet.report.record import decode

MATRIX = pytest.StashKey[dict[str, Pass]]()
WAITING = pytest.StashKey[list[str]]()
SETTLE_SECONDS = 5.0
"""How long what a pass has made may take to go: its pods and Services are deleted, and leave the kernel a bit later."""

QUIET_SECONDS = 0.3
"""For which the network must stay as it is to count as settled: a deletion is asked for, and done a moment later."""


class FaultItem(pytest.Item):
    """One pass over the checks with one fault injected, or with none; or the look for faults that no check names."""

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

    @property
    def catches(self) -> dict[str, tuple[str, ...]]:
        """The faults that each of the checks names, by its id."""
        return {found.id: found.catches for check in self._checks if (found := check_of(check))}

    def calibrate(self) -> list[str]:
        """Inject, run, restore, run again what had failed; return what is wrong."""
        if self.name == UNNAMED:
            return self._look_for_unnamed()
        if self.name == HEALTHY:
            seen = self._run(self._checks)
            self.config.stash.setdefault(MATRIX, {})[self.name] = seen
            return problems(self.name, self.catches, seen)
        faults = self._faults()
        before = self._settled(faults)
        faults.inject(self.name)
        try:
            seen = self._run(self._checks)
        finally:
            faults.restore(self.name)
        self.config.stash.setdefault(MATRIX, {})[self.name] = seen
        wrong = problems(self.name, self.catches, seen) + self._after_restore(seen)
        return wrong + [f"after the restore, {line}" for line in self._remains(faults, before)]

    def _look_for_unnamed(self) -> list[str]:
        named = {*catching(), *(fault for faults in self.catches.values() for fault in faults)}
        wrong, waiting = unnamed(self._faults().known(), named)
        self.config.stash[WAITING] = waiting
        return wrong

    @staticmethod
    def _settled(faults: FaultInjector) -> State:
        """The state of the network when what the pass before has made is gone."""
        deadline = time.monotonic() + SETTLE_SECONDS
        state, since = faults.network_state(), time.monotonic()
        while (now := time.monotonic()) < deadline and now - since < QUIET_SECONDS:
            if (later := faults.network_state()) != state:
                state, since = later, now
        return state

    @staticmethod
    def _remains(faults: FaultInjector, before: State) -> list[str]:
        deadline = time.monotonic() + SETTLE_SECONDS
        while (found := left_over(before, faults.network_state())) and time.monotonic() < deadline:
            continue  # each look takes a while of its own
        return found

    def _after_restore(self, seen: Pass) -> list[str]:
        shaken = seen.failed | set(seen.errors)
        again = self._run([check for check in self._checks if (found := check_of(check)) and found.id in shaken])
        return [
            f"{check} still fails after the fault was restored" for check in sorted(again.failed | set(again.errors))
        ]

    def _run(self, checks: Sequence[pytest.Item]) -> Pass:
        seen = Pass(ran={found.id for check in checks if (found := check_of(check))})
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

    def __init__(self, items: Sequence[pytest.Item]) -> None:
        self._catches = {
            check: caught for item in items if isinstance(item, FaultItem) for check, caught in item.catches.items()
        }

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
        passes = config.stash.get(MATRIX, {})
        if passes:
            terminalreporter.section("calibration: fault x check")
            for line in matrix(passes, self._catches):
                terminalreporter.write_line(line)
        if waiting := config.stash.get(WAITING, []):
            terminalreporter.write_line(f"faults of layers that no check names yet: {', '.join(waiting)}")


def as_faults(
    session: pytest.Session, checks: Sequence[pytest.Item], settings: Settings, faults: Callable[[], FaultInjector]
) -> list[pytest.Item]:
    """Return the items that take the place of the checks.

    Without a list of faults these are the ones that the checks name; each must exist when its turn comes. Then there
    is one item more, for those that no check names. Of all these only the part that was asked for is returned.
    """
    by_check = [(item, found) for item in checks if (found := check_of(item))]
    known = list({found.id: found for _, found in by_check}.values())
    named = sorted({fault for found in known for fault in found.catches})
    wanted = named if settings.calibrate == "all" else settings.calibrate.split(",")
    every = [item for item, _ in by_check]
    turns = Turns()
    passes = {HEALTHY: every}
    for fault in wanted:
        running = chosen(fault, known, turns)
        passes[fault] = [item for item, found in by_check if found.id in running]
    if settings.calibrate == "all":
        passes[UNNAMED] = every
    part, parts = settings.calibrate_part
    return [
        FaultItem.from_parent(session, name=fault, faults=faults, checks=running, nodeid=f"calibration::{fault}")
        for fault, running in list(passes.items())[part - 1 :: parts]
    ]
