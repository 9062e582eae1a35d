"""What a person gets to repeat a case that went wrong."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest
import yaml

from pytest_k8snet.policy.by_hand import manifests
from pytest_k8snet.policy.cases import Apply, Case
from pytest_k8snet.policy.played import Played
from pytest_k8snet.policy.world import after, symbolic_arena
from tests.unit.policy.made_up import MadeUpNetwork, Notebook, connected


@pytest.fixture
def script(play: Callable[[Case], Played], case: Case, network: MadeUpNetwork, notebook: Notebook) -> str:
    network.defect = lambda probe, arena: connected(probe) if arena.state.policies else None
    play(case)
    return notebook.shown["the same by hand"]


def test_the_policies_are_yaml_that_can_be_applied(deny_ingress: Apply) -> None:
    state = after(symbolic_arena(), deny_ingress)
    (loaded,) = yaml.safe_load_all(manifests(state, "hand-"))
    assert loaded["kind"] == "NetworkPolicy"
    assert loaded["metadata"] == {"namespace": "hand-x", "name": "base"}


def test_no_policies_are_said_to_be_none() -> None:
    assert manifests(symbolic_arena()) == "(no policies)\n"


def test_the_script_is_one_that_a_shell_understands(script: str) -> None:
    assert subprocess.run(["sh", "-n"], input=script, text=True, check=False).returncode == 0


def test_the_script_makes_the_pods_applies_the_policies_asks_what_was_wrong_and_cleans_up(script: str) -> None:
    assert script.count(" --command -- python3 ") == 9
    assert "namespace: by-hand-x" in script
    assert "kubectl delete --wait=false namespace/by-hand-x namespace/by-hand-y namespace/by-hand-z" in script
    assert "must not connect" in script
    assert "ask by-hand-" in script
