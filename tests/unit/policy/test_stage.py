"""Playing cases, by an arena and a network that are made up."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from pytest_k8snet.errors import AgentLost, ApiError
from pytest_k8snet.policy.cases import (
    Action,
    Apply,
    Case,
    DeletePod,
    DeletePolicy,
    LabelNamespace,
    LabelPod,
    RestartPod,
    Step,
)
from pytest_k8snet.policy.played import Played
from pytest_k8snet.probe.observation import Observation, Probe
from tests.unit.policy.conftest import policy
from tests.unit.policy.made_up import SILENT, MadeUpArena, MadeUpNetwork, Notebook, connected

Play = Callable[[Case], Played]
WithSteps = Callable[..., Case]


def test_a_case_that_comes_true_equals_what_was_played(
    play: Play, case: Case, arena: MadeUpArena, notebook: Notebook
) -> None:
    assert play(case) == case
    assert arena.state.policies == {}
    assert "time to enforce, step 1" in notebook.measurements
    assert "time to release, policies gone" in notebook.measurements


def test_the_arena_is_tried_without_policies_before_the_first_case_only(
    play: Play, case: Case, network: MadeUpNetwork, arena: MadeUpArena
) -> None:
    play(case)
    play(case)
    assert network.tables.count("no policy, by pod") == 1
    assert arena.built == 1


@pytest.mark.parametrize(
    "other",
    [
        LabelPod("x/b", {"pod2": "updated"}),
        LabelNamespace("y", {"ns2": "updated"}),
        RestartPod("x/b"),
        DeletePod("y/a"),
    ],
)
def test_pods_of_which_more_than_policies_has_changed_meet_no_other_case(
    play: Play, case: Case, arena: MadeUpArena, with_steps: WithSteps, other: Action
) -> None:
    """A network that follows changes of labels slowly, or forgets what was restarted, fails no case but that one."""
    changing = with_steps(case, Step("change it", (other,), ports=(80,), protocols=("TCP",)))
    assert play(changing) == changing
    assert play(case) == case
    assert play(case) == case
    assert arena.built == 2


def test_what_a_policy_does_not_change_is_watched_for_as_long_as_changes_took(
    play: Play, case: Case, network: MadeUpNetwork, with_steps: WithSteps
) -> None:
    """A policy that allows everything is right before it is in force, and one that blocks by mistake blocks late."""
    seconds = 0.3
    applied: list[float] = []

    def late(probe: Probe, arena: MadeUpArena) -> Observation | None:
        if not arena.state.policies:
            applied.clear()
            return None
        applied.append(time.monotonic())
        in_force = applied[-1] - applied[0] > seconds
        if "x/base" in arena.state.policies:
            return None if in_force else connected(probe)
        return SILENT if in_force else None

    network.patience = replace(network.patience, converge=5.0)
    network.defect = late
    allowing = policy("allowing", ingress=[{}])
    harmless = replace(case, id="POLICY-901", steps=(replace(case.steps[0], title="allow all", actions=(allowing,)),))
    assert play(case) == case
    assert play(harmless) != harmless


def test_a_leak_fails_the_case_and_shows_how_to_repeat_it(
    play: Play, case: Case, network: MadeUpNetwork, arena: MadeUpArena, notebook: Notebook
) -> None:
    network.defect = lambda probe, arena: connected(probe)
    played = play(case)
    assert played != case
    assert "POLICY-900, step 1 of 1: apply the policy" in played.explain()[0]
    assert "kind: NetworkPolicy" in notebook.shown["policies"]
    assert "kubectl apply" in notebook.shown["the same by hand"]
    assert arena.state.policies == {}


def test_a_case_ends_with_its_first_wrong_step(
    play: Play, case: Case, network: MadeUpNetwork, with_steps: WithSteps, deny_ingress: Apply
) -> None:
    two = with_steps(case, Step("delete it", (DeletePolicy("x/base"),), ports=(80,), protocols=("TCP",)))
    network.defect = lambda probe, arena: connected(probe) if arena.state.policies else None
    played = play(two)
    assert len(played.steps) == 1
    assert played != two


def test_what_does_not_connect_without_policies_is_left_out_and_said(
    play: Play, case: Case, network: MadeUpNetwork, notebook: Notebook
) -> None:
    network.defect = lambda probe, arena: SILENT if probe.column == "y/b:80" else None
    assert play(case) == case
    assert notebook.notes == []


def test_what_breaks_between_cases_is_tried_in_a_new_arena_before_it_counts(
    play: Play, case: Case, network: MadeUpNetwork, arena: MadeUpArena, notebook: Notebook
) -> None:
    play(case)
    network.defect = lambda probe, arena: SILENT if probe.column == "y/b:80" else None
    assert play(case) == case
    assert arena.built == 2
    assert any("do not connect without policies either" in note for note in notebook.notes)
    assert arena.state.policies == {}


def test_a_policy_that_blocks_too_much_fails_because_all_connects_when_it_is_gone(
    play: Play, case: Case, network: MadeUpNetwork, arena: MadeUpArena
) -> None:
    network.defect = lambda probe, arena: SILENT if probe.column == "y/b:80" and arena.state.policies else None
    assert play(case) != case
    assert arena.built == 1


def test_policies_that_stay_when_they_are_deleted_fail_the_case_that_deletes(
    play: Play, case: Case, network: MadeUpNetwork, with_steps: WithSteps
) -> None:
    two = with_steps(case, Step("delete it", (DeletePolicy("x/base"),), ports=(80,), protocols=("TCP",)))
    stale: set[int] = set()

    def stays(probe: Probe, arena: MadeUpArena) -> Observation | None:
        if arena.state.policies:
            stale.add(arena.built)
        return SILENT if arena.built in stale and probe.column.startswith("x/") else None

    network.defect = stays
    assert play(two) != two


def test_a_case_that_cannot_be_undone_leaves_no_arena_to_the_next(
    play: Play, case: Case, network: MadeUpNetwork, arena: MadeUpArena, notebook: Notebook
) -> None:
    stale: set[int] = set()

    def stays(probe: Probe, arena: MadeUpArena) -> Observation | None:
        if arena.state.policies:
            stale.add(arena.built)
        return SILENT if arena.built in stale and probe.column.startswith("x/") else None

    network.defect = stays
    assert play(case) == case
    assert any("stayed closed after the policies were gone" in note for note in notebook.notes)
    play(case)
    assert arena.built == 2


def test_a_lost_probe_pod_costs_one_repetition_in_a_new_arena(
    play: Play, case: Case, network: MadeUpNetwork, arena: MadeUpArena, notebook: Notebook
) -> None:
    lost = iter([False, True])

    def once(probe: Probe, arena: MadeUpArena) -> Observation | None:
        if arena.state.policies and next(lost, False) is True:
            raise AgentLost("the exec stream broke")
        return None

    network.defect = once
    assert play(case) == case
    assert arena.built == 2
    assert "a probe pod was lost: the exec stream broke" in notebook.notes[0]


def test_a_probe_pod_that_is_lost_again_leaves_no_verdict(play: Play, case: Case, network: MadeUpNetwork) -> None:
    def always(probe: Probe, arena: MadeUpArena) -> Observation | None:
        if arena.state.policies:
            raise AgentLost("the exec stream broke")
        return None

    network.defect = always
    with pytest.raises(AgentLost):
        play(case)


def test_a_policy_that_the_api_refuses_is_no_verdict_and_leaves_no_arena(
    play: Play, case: Case, arena: MadeUpArena
) -> None:
    def refuse(action: object) -> None:
        raise ApiError("apply NetworkPolicy base: spec.podSelector: Required value", status=422)

    arena.perform = refuse
    with pytest.raises(ApiError, match="Required value"):
        play(case)
    assert arena._open is False


def test_sctp_that_cannot_be_spoken_is_left_out_and_said(play: Play, case: Case) -> None:
    both = replace(case, steps=(replace(case.steps[0], protocols=("TCP", "SCTP")),))
    expectation = play(both).steps[0].table.expectation
    assert {str(probe.protocol) for probe in expectation.cells} == {"tcp"}
    assert "SCTP is not asked: no SCTP here" in expectation.notes


def test_a_case_of_which_nothing_connects_without_policies_is_skipped(
    play: Play, case: Case, network: MadeUpNetwork
) -> None:
    network.defect = lambda probe, arena: SILENT
    with pytest.raises(pytest.skip.Exception, match="nothing that it asks connects without policies"):
        play(case)
