"""A stage, and a case for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pytest_k8snet.policy.cases import Apply, Case, Step
from pytest_k8snet.policy.played import Played
from pytest_k8snet.policy.stage import Stage
from tests.unit.policy.made_up import MadeUpArena, MadeUpNetwork, Notebook


@pytest.fixture
def arena() -> MadeUpArena:
    return MadeUpArena()


@pytest.fixture
def network(arena: MadeUpArena) -> MadeUpNetwork:
    return MadeUpNetwork(arena)


@pytest.fixture
def stage(arena: MadeUpArena, network: MadeUpNetwork) -> Stage:
    return Stage(arena, network, {"sctp": "no SCTP here"})


@pytest.fixture
def notebook(network: MadeUpNetwork) -> Notebook:
    return Notebook(network)


@pytest.fixture
def play(stage: Stage, notebook: Notebook) -> Callable[[Case], Played]:
    return lambda case: stage.play(case, notebook)


def policy(name: str = "base", **spec: Any) -> Apply:
    return Apply(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"namespace": "x", "name": name},
            "spec": {"podSelector": {}, **spec},
        }
    )


@pytest.fixture
def deny_ingress() -> Apply:
    return policy(policyTypes=["Ingress"])


@pytest.fixture
def case(deny_ingress: Apply) -> Case:
    step = Step("apply the policy", (deny_ingress,), ports=(80,), protocols=("TCP",))
    return Case("POLICY-900", "nobody reaches namespace x", "core", "https://example.org", (step,))


@pytest.fixture
def with_steps() -> Callable[..., Case]:
    return lambda case, *steps: replace(case, steps=(*case.steps, *steps))
