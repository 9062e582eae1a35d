"""The search for the smallest case, on a stage and by a network that are made up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_k8snet.errors import AgentLost
from pytest_k8snet.oracle.policy_world import Verdict
from pytest_k8snet.policy.case_files import load_own
from pytest_k8snet.policy.cases import Apply, Route
from pytest_k8snet.policy.fuzz import Drawn, draw
from pytest_k8snet.policy.smallest import Trial, cell_of, play
from pytest_k8snet.policy.stage import Stage
from pytest_k8snet.policy.world import judged
from pytest_k8snet.probe.observation import Expectation, Observation, Probe
from pytest_k8snet.probe.table import TruthTable
from tests.unit.policy.made_up import SILENT, MadeUpArena, MadeUpNetwork, Notebook, connected


class Report(Notebook):
    """A notebook that takes files as well."""

    def __init__(self, prober: MadeUpNetwork, folder: Path) -> None:
        super().__init__(prober)
        self._folder = folder
        self.recorded = 0

    def __call__(self, expectation: Expectation) -> TruthTable:
        self.recorded += 1
        return super().__call__(expectation)

    def write(self, name: str, text: str) -> Path:
        (self._folder / name).write_text(text)
        return self._folder / name


@pytest.fixture
def report(network: MadeUpNetwork, tmp_path: Path) -> Report:
    return Report(network, tmp_path)


@pytest.fixture
def drawn() -> Drawn:
    """Four policies, of which one has an egress rule with an exception."""
    return draw(7, 4)


def except_is_ignored(probe: Probe, arena: MadeUpArena) -> Observation | None:
    state = arena.state
    if "except" not in str(state.policies):
        return None
    policies = {name: _without_except(policy) for name, policy in state.policies.items()}
    source, target = probe.source.name.replace("-", "/"), probe.column.partition(":")[0]
    said = judged(
        replace(state, policies=policies), source, target, probe.family, probe.protocol.upper(), probe.port, Route.POD
    )
    return connected(probe) if said.verdict is Verdict.ALLOWED else SILENT


def _without_except(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_except(field) for name, field in value.items() if name != "except"}
    return [_without_except(item) for item in value] if isinstance(value, list) else value


def test_a_case_that_comes_true_is_not_shrunk(stage: Stage, drawn: Drawn, report: Report, tmp_path: Path) -> None:
    assert play(stage, drawn, report) == drawn.case
    assert (report.shown, [*tmp_path.iterdir()]) == ({}, [])


def test_a_case_that_goes_wrong_is_shrunk_to_one_policy_of_one_rule(
    stage: Stage, drawn: Drawn, report: Report, network: MadeUpNetwork, arena: MadeUpArena, tmp_path: Path
) -> None:
    network.defect = except_is_ignored
    assert play(stage, drawn, report) != drawn.case
    [case] = load_own(tmp_path / "fuzz-7-4.yaml")
    [action] = case.steps[0].actions
    assert isinstance(action, Apply)
    assert len(drawn.case.steps[0].actions) > 1
    assert [len(action.policy["spec"].get(direction, [])) for direction in ("ingress", "egress")] == [0, 1]
    assert (case.id, len(case.steps[0].ports), len(case.steps[0].protocols)) == ("POLICY-903", 1, 1)
    assert "shrunk with" in report.notes[0]
    assert arena.state.policies == {}


def test_tries_leave_no_trace(stage: Stage, drawn: Drawn, report: Report, network: MadeUpNetwork) -> None:
    network.defect = except_is_ignored
    play(stage, drawn, report)
    assert len([title for title in network.tables if title.startswith("fuzz-4")]) > 5
    assert report.recorded == 2  # the whole case and the smallest


def test_a_try_asks_one_cell(drawn: Drawn, stage: Stage, network: MadeUpNetwork, report: Report) -> None:
    table = stage.play(drawn.case, report).steps[-1].table
    probe = [*table.seen][5]
    assert [*Trial(network, cell_of(probe), 0.1)(table.expectation).seen] == [probe]


def test_silence_where_policies_allow_is_shrunk_as_well(
    stage: Stage, drawn: Drawn, report: Report, network: MadeUpNetwork, tmp_path: Path
) -> None:
    network.defect = lambda probe, arena: SILENT if arena.state.policies and probe.column.startswith("x/c") else None
    play(stage, drawn, report)
    [case] = load_own(tmp_path / "fuzz-7-4.yaml")
    assert len(case.steps[0].actions) == 1


def test_a_pod_that_is_lost_ends_the_search_and_not_the_verdict(
    stage: Stage, drawn: Drawn, report: Report, network: MadeUpNetwork, tmp_path: Path
) -> None:
    whole = len(drawn.case.steps[0].actions)

    def lost(probe: Probe, arena: MadeUpArena) -> Observation | None:
        if 0 < len(arena.state.policies) < whole:
            raise AgentLost("the exec stream broke")
        return except_is_ignored(probe, arena)

    network.defect = lost
    assert play(stage, drawn, report) != drawn.case
    assert any("which then ended: the exec stream broke" in note for note in report.notes)
    [case] = load_own(tmp_path / "fuzz-7-4.yaml")
    assert len(case.steps[0].actions) == whole


def test_a_failure_that_is_gone_in_the_end_leaves_the_whole_set_in_the_file(
    stage: Stage, drawn: Drawn, report: Report, network: MadeUpNetwork, tmp_path: Path
) -> None:
    def only_the_first_time(probe: Probe, arena: MadeUpArena) -> Observation | None:
        again = len([title for title in network.tables if title.startswith("fuzz-4")]) > 1
        return None if again else except_is_ignored(probe, arena)

    network.defect = only_the_first_time
    assert play(stage, drawn, report) != drawn.case
    [case] = load_own(tmp_path / "fuzz-7-4.yaml")
    assert case.steps == drawn.case.steps
    assert any("the file has the whole set" in note for note in report.notes)
