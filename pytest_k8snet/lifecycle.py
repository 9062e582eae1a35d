"""How a run lives inside a pytest session: the controller owns the cluster, each worker only attaches to it."""

from __future__ import annotations

import datetime
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from pytest_k8snet.attach import Attachment
from pytest_k8snet.checks import check_of, parameters_of, requirements_of
from pytest_k8snet.claims import Claims, read_claims
from pytest_k8snet.collected import Collected, ids_of, needs_of
from pytest_k8snet.environment import describe, repeat_command
from pytest_k8snet.errors import ClaimNotMet, K8sNetError, PreflightError, UsageError
from pytest_k8snet.interrupts import Interrupts
from pytest_k8snet.options import Settings
from pytest_k8snet.providers import FaultInjector
from pytest_k8snet.report.fingerprint import demand_comparable
from pytest_k8snet.report.json_file import read_json
from pytest_k8snet.report.plugin_hooks import ReportPlugin, gives_verdicts
from pytest_k8snet.report.record import CheckRecord, Environment, Report
from pytest_k8snet.report.record_key import RECORD
from pytest_k8snet.report.recording import RecordPlugin
from pytest_k8snet.report.terminal import header_lines
from pytest_k8snet.report.waiver import Waiver, WaiverState, as_text, from_text
from pytest_k8snet.run import Run
from pytest_k8snet.state import ClusterState
from pytest_k8snet.turns import Turns
from pytest_k8snet.vigil import Vigil
from pytest_k8snet.waivers import demand_known, read_waivers, waive

MEASURES = "k8snet_measure"
ASKED_ONLY = ("collectonly", "setupplan", "showfixtures", "show_fixtures_per_test")


class Controller:
    """The owner of a run, in the process that the user started."""

    def __init__(
        self, config: pytest.Config, settings: Settings, run: Run, waivers: Sequence[Waiver], former: Report | None
    ) -> None:
        self._config = config
        self._settings = settings
        self._waivers = waivers
        self._former = former
        self._run = run
        self._interrupts = Interrupts(run.leave)
        self._begun = False
        self._ended = False
        self.state: ClusterState | None = None

    @classmethod
    def install(cls, config: pytest.Config, settings: Settings) -> Controller:
        """Choose the cluster; touch nothing yet. Raises pytest.UsageError."""
        try:
            waivers = read_waivers(settings.waivers, datetime.date.today()) if settings.waivers else ()
            claims = read_claims(settings.claims) if settings.claims else Claims()
            former = read_json(Path(settings.compare)) if settings.compare else None
            run = Run(settings, claims, lambda text: _say(config, text), lambda text: _warn(config, text))
        except UsageError as error:
            raise pytest.UsageError(str(error)) from error
        made = cls(config, settings, run, waivers, former)
        made._interrupts.watch()
        if gives_verdicts(config) and not settings.calibrate:
            report = config.rootpath / settings.report
            config.pluginmanager.register(ReportPlugin(report, made.environment, waivers, former), "k8snet-report")
        # After the report, because pytest then asks it first: the report states the exit status.
        config.pluginmanager.register(made._interrupts, "k8snet-interrupts")
        if settings.calibrate and (made.distributed or settings.fault):
            made.end()
            other = "--k8snet-fault" if settings.fault else "-n"
            raise pytest.UsageError(
                f"--k8snet-calibrate does not go with {other}: one cluster is broken in one way at a time"
            )
        if settings.calibrate and settings.fuzz:
            made.end()
            raise pytest.UsageError(
                "--k8snet-calibrate does not go with --k8snet-fuzz: which faults random policies notice is random"
            )
        return made

    @property
    def state_file(self) -> Path:
        """Where workers find the state once ``begin`` has returned."""
        return self._run.state_file

    @property
    def waivers_text(self) -> str:
        """What is waived, for the workers. Under calibration nothing is: there a check is meant to fail."""
        return as_text(() if self._settings.calibrate else self._waivers)

    @property
    def distributed(self) -> bool:
        """Whether xdist's workers run the tests."""
        return bool(self._config.getoption("tx", None)) and self._config.getoption("dist", "no") != "no"

    def begin(self, tests: int) -> None:
        """Bring the cluster up, once, when there are tests that will run. Raises pytest.UsageError."""
        if self.state is not None or not tests or _only_asked(self._config):
            return
        try:
            collected = Collected.read(self.state_file.parent)
            demand_known(self._waivers, collected.checks)
            self._begun = True
            _say(self._config, "")
            self.state = self._run.start(collected.needs)
            if self._former is not None and not self._settings.compare_anyway:
                demand_comparable(self.environment(), self._former, "--k8snet-compare-anyway")
            for line in header_lines(self.environment(), width=100):
                _say(self._config, line.removeprefix("k8snet: "))
            for name in filter(None, self._settings.fault.split(",")):
                self._inject(name)
        except K8sNetError as error:
            raise pytest.UsageError(str(error)) from error

    def environment(self) -> Environment:
        """Return what is known of what was tested, for the report."""
        return describe(self.state, self._settings, self._config.invocation_params.args)

    def _inject(self, name: str) -> None:
        self._injector().inject(name)
        _say(self._config, f"fault injected: {name}")

    def faults(self) -> FaultInjector | None:
        """Return what can break the cluster."""
        return self._run.faults()

    def end(self) -> None:
        """Remove all that the run made; once."""
        if self._ended:
            return
        self._ended = True
        began = time.monotonic()
        self._interrupts.hold()
        try:
            if self._begun:
                _say(self._config, "cleaning up")
            self._run.stop()
        finally:
            self._interrupts.restore()
        if self._begun:
            _say(self._config, f"cleaned up in {time.monotonic() - began:.1f}s")

    def calibrate(self, session: pytest.Session) -> None:
        """Replace the selected checks by the faults, when a calibration was asked for."""
        if not self._settings.calibrate or not session.items:
            return
        from pytest_k8snet.calibration import Calibration, as_faults

        session.items[:] = as_faults(session, session.items, self._settings, self._injector)
        self._config.pluginmanager.register(Calibration(session.items), "k8snet-calibration")

    def _injector(self) -> FaultInjector:
        faults = self.faults()
        if faults is None:
            raise UsageError("a fault breaks the network on purpose: only the embedded cluster is made for it")
        return faults

    def header(self) -> list[str]:
        """Return the lines that are known before the cluster is touched."""
        lines = [f"run {self._run.run_id}, {self._run.describe()}, profile {self._settings.profile}"]
        if self._waivers:
            expired = sum(waiver.state is WaiverState.EXPIRED for waiver in self._waivers)
            lines.append(f"{len(self._waivers)} waivers in {self._settings.waivers}, {expired} of them expired")
        if self._settings.fuzz:
            lines.append(f"{self._settings.fuzz} random sets of policies, --k8snet-seed {self._settings.seed}")
        return [f"k8snet: {line}" for line in lines]


class Worker:
    """The part of a run in the process that runs the tests."""

    def __init__(
        self, config: pytest.Config, settings: Settings, worker_input: dict[str, Any], controller: Controller | None
    ) -> None:
        self._config = config
        self._settings = settings
        self._controller = controller
        self._name = str(worker_input.get("workerid", "only"))
        self._state_file = controller.state_file if controller else Path(worker_input["k8snet_state"])
        self._waivers = from_text(controller.waivers_text if controller else worker_input["k8snet_waivers"])
        self._collected: frozenset[str] = frozenset()
        self._state: ClusterState | None = None
        self._attachment: Attachment | None = None

    @classmethod
    def install(
        cls, config: pytest.Config, settings: Settings, worker_input: dict[str, Any], controller: Controller | None
    ) -> Worker:
        """Make the worker of this process. ``controller`` is that of this process, None in a worker of xdist."""
        if gives_verdicts(config):
            config.pluginmanager.register(RecordPlugin(config), "k8snet-record")
        made = cls(config, settings, worker_input, controller)
        config.pluginmanager.register(Vigil(lambda: made.attachment), "k8snet-vigil")
        return made

    @property
    def state(self) -> ClusterState:
        """The cluster that the controller has prepared."""
        if self._state is None:
            self._state = self._controller.state if self._controller else ClusterState.read(self._state_file)
        if self._state is None:
            raise PreflightError("there is no cluster yet: the fixtures of pytest-k8snet work only while tests run")
        return self._state

    @property
    def attachment(self) -> Attachment:
        """This process's connections."""
        if self._attachment is None:
            self._attachment = Attachment(self.state, self._settings)
        return self._attachment

    def turn(self, item: pytest.Item) -> AbstractContextManager[None]:
        """Return what waits for a test's turn: who measures, by the fixture, has the network alone."""
        turns = Turns(self._state_file.parent)
        return turns.alone() if MEASURES in getattr(item, "fixturenames", ()) else turns.beside_others()

    def open_record(self, item: pytest.Item) -> None:
        """Begin the record of a check."""
        if (found := check_of(item)) is None:
            return
        sentence = found.title or (getattr(item, "function", item).__doc__ or item.name).strip()
        item.stash[RECORD] = CheckRecord(
            id=found.id,
            area=found.area,
            title=sentence.partition("\n")[0],
            nodeid=item.nodeid,
            doc=sentence,
            spec=found.spec,
            level=found.level,
            requires=[*found.requires],
            catches=[*found.catches],
            params=parameters_of(item),
            started=time.time(),
            repeat=repeat_command(
                item.nodeid, str(item.path), self._config.invocation_params.args, self._settings.seed
            ),
        )

    def note_checks(self, items: Sequence[pytest.Item]) -> None:
        """Take all tests that were collected, also those that will not be selected, and mark what is waived."""
        self._collected = ids_of(items)
        waive(items, self._waivers)

    def note_needs(self, items: Sequence[pytest.Item]) -> None:
        """Tell the controller what the selected tests need."""
        Collected(self._collected, needs_of(items)).write(self._state_file.parent, self._name)

    def demand(self, item: pytest.Item) -> None:
        """Skip a test that needs what the cluster lacks; fail it when the cluster is claimed to have it.

        Raises:
            ClaimNotMet: the verdict of such a test.

        """
        if _only_asked(self._config):
            return  # --setup-plan sets nothing up, so there is no cluster to ask
        missing, claimed = self.state.missing, self.state.claimed
        for name in requirements_of(item):
            if name in missing and name in claimed:
                raise ClaimNotMet(f"{missing[name]}; {name} is claimed ({claimed[name]})")
            if name in missing:
                pytest.skip(f"{name}: {missing[name]}")
        shown = found.shows if (found := check_of(item)) else ""
        if shown in self.state.denied:
            pytest.skip(f"{shown}: {self.state.denied[shown]}")

    def close(self) -> None:
        """Close the connections of this process."""
        if self._attachment is not None:
            self._attachment.close()
            self._attachment = None


def _only_asked(config: pytest.Config) -> bool:
    """Tell whether this session only shows what there is, and runs nothing."""
    return any(config.getoption(name, False) for name in ASKED_ONLY)


def _say(config: pytest.Config, text: str) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or config.get_verbosity() < 0:
        return
    reporter.ensure_newline()
    if text:
        reporter.write_line(f"k8snet: {text}")


def _warn(config: pytest.Config, text: str) -> None:
    """Say what must not be missed, also with -q and without a terminal reporter."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        sys.stderr.write(f"k8snet: {text}\n")
    else:
        reporter.ensure_newline()
        reporter.write_line(f"k8snet: {text}", yellow=True)
