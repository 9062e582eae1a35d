"""The controller's side of the report as one pytest plugin: collects, writes the files, tells the other reporters.

Not for a worker: what a worker does is in ``recording``.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_k8snet.report import html, junit
from pytest_k8snet.report.changes import compare
from pytest_k8snet.report.collector import CRASHED, Collector
from pytest_k8snet.report.digest import NO_VERDICT
from pytest_k8snet.report.json_file import write_json
from pytest_k8snet.report.page import write_page
from pytest_k8snet.report.record import Environment, Report
from pytest_k8snet.report.terminal import write_summary
from pytest_k8snet.report.waiver import Waiver, after


class ReportPlugin:
    """Makes the report of a run in ``directory``; ``environment`` is asked once, at the end.

    Beside a ``former`` run it also says what changed; a path that got slower fails the run (decision 094).
    """

    def __init__(
        self,
        directory: Path,
        environment: Callable[[], Environment],
        waivers: Sequence[Waiver] = (),
        former: Report | None = None,
    ) -> None:
        self.collector = Collector()
        self._directory = directory
        self._environment = environment
        self._waivers = waivers
        self._former = former
        self._started = time.time()
        self._clock = time.monotonic()
        self._report: Report | None = None
        self._written: Path | None = None
        self._trouble = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what is reported of a test, also of those that ran in a worker."""
        self.collector.add(report)

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Show a test in which a worker died as an error: there is no verdict. pytest would say failed."""
        return ("error", "E", "ERROR") if report.when == CRASHED and report.failed else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Set the exit status and write the report; first, because JUnit and pytest-html write theirs here too."""
        status = self.collector.exit_status(int(session.exitstatus))
        report = self.collector.build(
            self._environment(),
            started=self._started,
            seconds=time.monotonic() - self._clock,
            exit_status=status,
        )
        compared = compare(report, self._former) if self._former else None
        if compared and compared.worse and status == pytest.ExitCode.OK:
            status = int(pytest.ExitCode.TESTS_FAILED)
        waivers = after(self._waivers, report.checks)
        self._report = replace(report, waivers=waivers, compared=compared, exit_status=status)
        self._write(self._report)
        session.exitstatus = NO_VERDICT if self._trouble and status == pytest.ExitCode.OK else status
        junit.add_environment(session.config, self._report.environment)
        html.add_environment(session.config, self._report.environment)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        """Write the summary."""
        if self._report is None:
            return
        write_summary(
            terminalreporter,
            self._report,
            written=self._written and _from(config.invocation_params.dir, self._written),
            verbosity=config.get_verbosity(),
            width=shutil.get_terminal_size().columns,
        )
        if self._trouble:
            terminalreporter.write_line(self._trouble, red=True)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Add our columns to pytest-html's table."""
        html.add_header_cells(cells)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        """Fill our columns."""
        html.add_row_cells(cells, getattr(report, "user_properties", ()))

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """Put the verdict at the head of pytest-html's page."""
        if self._report is not None:
            prefix.append(html.summary(self._report))

    def _write(self, report: Report) -> None:
        try:
            self._written = write_json(self._directory, report)
            self._written = write_page(self._directory, report)
        except (OSError, TypeError, ValueError) as error:
            self._trouble = f"the report could not be written to {self._directory}: {error}"


def _from(directory: Path, path: Path) -> Path:
    """Return a path as short as a user in that directory would write it."""
    return path.relative_to(directory) if path.is_relative_to(directory) else path


def gives_verdicts(config: pytest.Config) -> bool:
    """Tell whether this run judges tests; the plugins of a run that only lists or sets up are not to be registered."""
    others = ("collectonly", "setuponly", "setupplan", "showfixtures", "show_fixtures_per_test", "cacheshow")
    return not any(config.getoption(name, False) for name in others)
