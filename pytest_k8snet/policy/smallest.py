"""Random cases on a cluster: one that goes wrong is shrunk there to the smallest that goes wrong in the same cell.

Each try is a play of its own that asks this cell alone and leaves no trace in the report. The smallest case is played
once more in full and written as a case file.
"""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from pytest_k8snet.errors import NoVerdict
from pytest_k8snet.oracle.policy_world import Verdict
from pytest_k8snet.policy.case_files import OWN_IDS
from pytest_k8snet.policy.case_writer import written
from pytest_k8snet.policy.cases import Case
from pytest_k8snet.policy.fuzz import Drawn
from pytest_k8snet.policy.played import Asked, Played
from pytest_k8snet.policy.shrink import Bounds, narrowed, shrink
from pytest_k8snet.policy.stage import Stage
from pytest_k8snet.probe.observation import CONNECTS, Expectation, Family, Probe, Protocol
from pytest_k8snet.probe.prober import Prober
from pytest_k8snet.probe.table import TruthTable
from pytest_k8snet.probing import Probing

# A try waits so many times what the slowest right cell took to come true, and not less than that.
SLACK, LEAST_SECONDS = 3.0, 2.0

Cell = tuple[str, str, Protocol, Family]


def play(stage: Stage, drawn: Drawn, probing: Probing) -> Played:
    """Play a random case. When it goes wrong, the smallest that does stands in the report and beside it as a file.

    What was played equals the drawn case when all is well: ``assert play(stage, drawn, probe) == drawn.case``.
    """
    played = stage.play(drawn.case, probing)
    if played != drawn.case:
        _report_smallest(stage, drawn, played, probing)
    return played


def _report_smallest(stage: Stage, drawn: Drawn, played: Played, probing: Probing) -> None:
    search = Search(stage, drawn.case, played.steps[-1])
    began = time.monotonic()
    smallest, how = search.run()
    probing.note(f"{how} in {time.monotonic() - began:.0f} s; the cell that went wrong: {search.cell_in_words}")
    own = replace(
        smallest,
        id=f"POLICY-{OWN_IDS[(drawn.number - 1) % len(OWN_IDS)]}",
        title=f"{drawn.case.title}, where {search.cell_in_words} went wrong",
    )
    try:
        if stage.play(smallest, probing) == smallest:
            probing.note("the smallest case did not go wrong when all of it was asked: the file has the whole set")
            own = replace(own, steps=drawn.case.steps)
    except NoVerdict as error:
        probing.note(f"the smallest case could not be played in full: {error.message}")
    text = (
        f"# Found by --k8snet-fuzz with --k8snet-seed {drawn.seed}; play it with --k8snet-policy-cases.\n{written(own)}"
    )
    probing.show("the smallest case that goes wrong", text)
    probing.write(f"fuzz-{drawn.seed}-{drawn.number}.yaml", text)


class Search:
    """The search for the smallest case with the same wrong cell, the first one of a table."""

    def __init__(self, stage: Stage, case: Case, asked: Asked, bounds: Bounds | None = None) -> None:
        probe, expected, *_ = asked.table.mismatches()[0]
        self._stage = stage
        self._case = case
        self._question = asked.questions[probe]
        self._outcomes = expected.outcomes
        self._verdict = Verdict.ALLOWED if expected.outcomes == CONNECTS else Verdict.DENIED
        seconds = min(patience(asked.table), stage.prober.patience.converge)
        self._trial = Trial(stage.prober, cell_of(probe), seconds)
        self._bounds = bounds or Bounds()
        self._trouble = ""

    @property
    def cell_in_words(self) -> str:
        """The pair and how it connects, in the case's names."""
        asked = self._question
        return f"{asked.source} -> {asked.target} {asked.port}/{asked.protocol} by {asked.family}"

    def run(self) -> tuple[Case, str]:
        """Return the smallest case and how it was found, in words."""
        last = narrowed(self._case.steps[-1], self._question.port, self._question.protocol)
        narrow = replace(self._case, steps=(*self._case.steps[:-1], last))
        found = shrink(narrow, self._fails, may_fail=self._may_fail, bounds=self._bounds)
        how = f"shrunk with {found.tries} tries"
        if self._trouble:
            return found.case, f"{how}, which then ended: {self._trouble}"
        return found.case, how if found.finished else f"{how}, which were not enough to know that it is the smallest,"

    def _may_fail(self, case: Case) -> bool:
        """Tell whether the oracle says the same of the cell: a cell of the other verdict would be another defect."""
        return not self._trouble and self._stage.verdict(case, self._question) is self._verdict

    def _fails(self, case: Case) -> bool:
        try:
            table = self._stage.play(case, self._trial).steps[-1].table
        except (NoVerdict, pytest.skip.Exception) as error:
            self._trouble = str(error).partition("\n")[0]  # The verdict on the whole case stands nonetheless.
            return False
        return any(
            cell_of(probe) == self._trial.cell and expected.outcomes == self._outcomes
            for probe, expected, *_ in table.mismatches()
        )


class Trial:
    """Asks one cell of each table and tells nobody: the tries of a search are no results."""

    def __init__(self, prober: Prober, cell: Cell, seconds: float) -> None:
        self.cell = cell
        self._prober = prober
        self._seconds = seconds

    def __call__(self, expected: Expectation) -> TruthTable:
        """Ask the cell; where a table lacks it, the whole table."""
        cells = {probe: want for probe, want in expected.cells.items() if cell_of(probe) == self.cell}
        if cells:
            expected = replace(expected, cells=cells, changing=expected.changing & cells.keys())
        return self._prober(replace(expected, convergence=self._seconds))

    def note(self, text: str) -> None:
        """Tell nobody."""

    def show(self, title: str, text: str) -> None:
        """Tell nobody."""

    def measured(self, name: str, value: float, unit: str) -> None:
        """Tell nobody."""


def cell_of(probe: Probe) -> Cell:
    """Return what stays the same of a probe in a new arena."""
    return probe.source.name, probe.column, probe.protocol, probe.family


def patience(table: TruthTable) -> float:
    """Return the seconds in which a try must come true, by what the cells that were right took in the whole table."""
    wrong = {probe for probe, *_ in table.mismatches()}
    return max([LEAST_SECONDS, *(SLACK * seconds for probe, seconds in table.came_true.items() if probe not in wrong)])
