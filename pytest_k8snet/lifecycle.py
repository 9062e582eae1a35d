"""How a run lives inside a pytest session: the controller owns the cluster, each worker only attaches to it."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_k8snet.attach import Attachment
from pytest_k8snet.checks import check_of, requirements_of
from pytest_k8snet.environment import describe, repeat_command
from pytest_k8snet.errors import K8sNetError, PreflightError, UsageError
from pytest_k8snet.interrupts import Interrupts
from pytest_k8snet.options import Settings
from pytest_k8snet.providers import FaultInjector
from pytest_k8snet.report.plugin_hooks import ReportPlugin, gives_verdicts
from pytest_k8snet.report.record import CheckRecord, Environment
from pytest_k8snet.report.record_key import RECORD
from pytest_k8snet.report.recording import RecordPlugin
from pytest_k8snet.report.terminal import header_lines
from pytest_k8snet.run import Run
from pytest_k8snet.state import ClusterState
from pytest_k8snet.vigil import Vigil

ASKED_ONLY = ("collectonly", "setupplan", "showfixtures", "show_fixtures_per_test")


class Controller:
    """The owner of a run, in the process that the user started."""

    def __init__(self, config: pytest.Config, settings: Settings, run: Run) -> None:
        self._config = config
        self._settings = settings
        self._run = run
        self._interrupts = Interrupts(run.leave)
        self._begun = False
        self._ended = False
        self.state: ClusterState | None = None

    @classmethod
    def install(cls, config: pytest.Config, settings: Settings) -> Controller:
        """Choose the cluster; touch nothing yet. Raises pytest.UsageError."""
        try:
            run = Run(settings, lambda text: _say(config, text), lambda text: _warn(config, text))
        except UsageError as error:
            raise pytest.UsageError(str(error)) from error
        made = cls(config, settings, run)
        made._interrupts.watch()
        if gives_verdicts(config) and not settings.calibrate:
            report = config.rootpath / settings.report
            config.pluginmanager.register(ReportPlugin(report, made.environment), "k8snet-report")
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
    def distributed(self) -> bool:
        """Whether xdist's workers run the tests."""
        return bool(self._config.getoption("tx", None)) and self._config.getoption("dist", "no") != "no"

    def begin(self, tests: int) -> None:
        """Bring the cluster up, once, when there are tests that will run. Raises pytest.UsageError."""
        if self.state is not None or not tests or _only_asked(self._config):
            return
        self._begun = True
        _say(self._config, "")
        try:
            self.state = self._run.start()
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

        self._config.pluginmanager.register(Calibration(), "k8snet-calibration")
        session.items[:] = as_faults(session, session.items, self._settings, self._injector)

    def _injector(self) -> FaultInjector:
        faults = self.faults()
        if faults is None:
            raise UsageError("a fault breaks the network on purpose: only the embedded cluster is made for it")
        return faults

    def header(self) -> list[str]:
        """Return the lines that are known before the cluster is touched."""
        lines = [f"k8snet: run {self._run.run_id}, {self._run.describe()}, profile {self._settings.profile}"]
        if self._settings.fuzz:
            lines.append(f"k8snet: {self._settings.fuzz} random sets of policies, --k8snet-seed {self._settings.seed}")
        return lines


class Worker:
    """The part of a run in the process that runs the tests."""

    def __init__(self, config: pytest.Config, settings: Settings, state_file: Path | None) -> None:
        self._config = config
        self._settings = settings
        self._state_file = state_file
        self._state: ClusterState | None = None
        self._attachment: Attachment | None = None

    @classmethod
    def install(cls, config: pytest.Config, settings: Settings, worker_input: dict[str, Any] | None) -> Worker:
        """Make the worker of this process; without xdist it is the controller's own."""
        if gives_verdicts(config):
            config.pluginmanager.register(RecordPlugin(config), "k8snet-record")
        made = cls(config, settings, Path(worker_input["k8snet_state"]) if worker_input is not None else None)
        config.pluginmanager.register(Vigil(lambda: made.attachment), "k8snet-vigil")
        return made

    @property
    def state(self) -> ClusterState:
        """The cluster that the controller has prepared."""
        if self._state is None:
            if self._state_file is not None:
                self._state = ClusterState.read(self._state_file)
            else:
                from pytest_k8snet.plugin import CONTROLLER

                self._state = self._config.stash[CONTROLLER].state
        if self._state is None:
            raise PreflightError("there is no cluster yet: the fixtures of pytest-k8snet work only while tests run")
        return self._state

    @property
    def attachment(self) -> Attachment:
        """This process's connections."""
        if self._attachment is None:
            self._attachment = Attachment(self.state, self._settings)
        return self._attachment

    def open_record(self, item: pytest.Item) -> None:
        """Begin the record of a check."""
        if (found := check_of(item)) is None:
            return
        sentence = found.title or (getattr(item, "function", item).__doc__ or item.name).strip()
        parameters = getattr(getattr(item, "callspec", None), "params", {})
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
            # A parameter that is the check itself, such as a policy case, is in its id already.
            params={name: str(value) for name, value in parameters.items() if str(value) != found.id},
            started=time.time(),
            repeat=repeat_command(
                item.nodeid, str(item.path), self._config.invocation_params.args, self._settings.seed
            ),
        )

    def demand(self, item: pytest.Item) -> None:
        """Skip a test that needs what the cluster lacks."""
        if _only_asked(self._config):
            return  # --setup-plan sets nothing up, so there is no cluster to ask
        needs: Sequence[str] = requirements_of(item)
        for name in needs:
            if name in self.state.missing:
                pytest.skip(f"{name}: {self.state.missing[name]}")

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
