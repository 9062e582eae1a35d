"""How many pods each ReplicaSet of a Deployment gets next."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_k8snet.embedded.controllers.rollout import Rollout


def replicas(name: str, size: int, available: int) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"replicas": size}, "status": {"availableReplicas": available}}


def steps(
    wanted: int, new: tuple[int, int], old: tuple[int, int], *, surge: int | str = 1, missing: int | str = 0
) -> dict[str, int]:
    """The next sizes, given size and available pods of the new and of the old ReplicaSet."""
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": missing}}
    deployment = {"metadata": {"name": "d"}, "spec": {"replicas": wanted, "strategy": strategy}}
    rollout = Rollout(deployment, replicas("new", *new), [replicas("old", *old)])
    return {obj["metadata"]["name"]: size for obj, size in rollout.steps(0)}


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        pytest.param(steps(4, (0, 0), (4, 4)), {"new": 1}, id="a surge of one makes room for one"),
        pytest.param(steps(4, (1, 0), (4, 4)), {"new": 1}, id="nothing goes before the new pod is available"),
        pytest.param(steps(4, (1, 1), (4, 4)), {"new": 1, "old": 3}, id="an available new pod lets an old one go"),
        pytest.param(steps(4, (0, 0), (4, 2), missing=2), {"new": 1}, id="growing comes first"),
        pytest.param(steps(4, (1, 0), (4, 2), missing=2), {"new": 1, "old": 2}, id="broken old pods go at once"),
        pytest.param(steps(4, (4, 4), (0, 0)), {"new": 4}, id="done"),
        pytest.param(steps(2, (4, 4), (0, 0)), {"new": 2}, id="scaled down"),
        pytest.param(steps(10, (0, 0), (10, 10), surge="25%"), {"new": 3}, id="a share of surge is rounded up"),
        pytest.param(
            steps(3, (0, 0), (3, 3), surge=0, missing="25%"),
            {"new": 0, "old": 2},
            id="a share of missing pods is rounded down, but something must move",
        ),
        pytest.param(steps(4, (2, 2), (2, 4)), {"new": 3}, id="pods about to go do not count as available"),
    ],
)
def test_the_next_sizes_of_a_rollout(case: dict[str, int], expected: dict[str, int]) -> None:
    assert case == expected
