"""What a policy case is: policies and changes step by step, and where to look after each.

Cases speak of namespaces x, y, z and pods x/a ... z/c; the arena gives these their real names and addresses.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_k8snet.oracle.policy_world import NamedPort

Manifest = Mapping[str, Any]
Labels = Mapping[str, str]


class Route(enum.StrEnum):
    """Where a probe is sent to: the pod's own address, the ClusterIP of its Service, or the Service's name."""

    POD = "pod"
    CLUSTER_IP = "cluster-ip"
    NAME = "name"


@dataclass(frozen=True)
class Apply:
    """Create or update a policy; ``policy`` is a whole manifest with the case's names in it."""

    policy: Manifest


@dataclass(frozen=True)
class DeletePolicy:
    """Delete the policy that is called so by ``named``."""

    policy: str


@dataclass(frozen=True)
class LabelPod:
    """Set labels of the pod ``namespace/name``; a value None removes one."""

    pod: str
    labels: Mapping[str, str | None]


@dataclass(frozen=True)
class LabelNamespace:
    """Set labels of a namespace; a value None removes one."""

    namespace: str
    labels: Mapping[str, str | None]


@dataclass(frozen=True)
class CreatePod:
    """Start the pod ``namespace/name`` like those of the arena and wait until it is Ready.

    It serves what they all serve; ``ports`` are the names that it declares instead of theirs, None for the same.
    """

    pod: str
    labels: Labels = field(default_factory=dict)
    ports: tuple[NamedPort, ...] | None = None


@dataclass(frozen=True)
class DeletePod:
    """Delete a pod and wait until it is gone."""

    pod: str


@dataclass(frozen=True)
class RestartPod:
    """End the container of a pod and wait until it runs again; the address stays."""

    pod: str


@dataclass(frozen=True)
class CreateNamespace:
    """Make a namespace."""

    namespace: str
    labels: Labels = field(default_factory=dict)


@dataclass(frozen=True)
class DeleteNamespace:
    """Delete a namespace with all that is in it and wait until it is gone."""

    namespace: str


Action = (
    Apply
    | DeletePolicy
    | LabelPod
    | LabelNamespace
    | CreatePod
    | DeletePod
    | RestartPod
    | CreateNamespace
    | DeleteNamespace
)


def is_cluster_wide(policy: Manifest) -> bool:
    """Tell whether a policy is one of those that policy.networking.k8s.io has, and no NetworkPolicy."""
    return "namespace" not in policy["metadata"]


def named(policy: Manifest) -> str:
    """Return how cases call a policy: ``x/base``, and ``ClusterNetworkPolicy/base`` where it has no namespace."""
    metadata = policy["metadata"]
    return f"{policy['kind'] if is_cluster_wide(policy) else metadata['namespace']}/{metadata['name']}"


@dataclass(frozen=True)
class Step:
    """Changes that are made at once, and what is asked after them.

    Every pod asks every pod at each of ``ports`` in each of ``protocols`` (TCP, UDP, SCTP) by ``route``.
    """

    title: str
    actions: tuple[Action, ...]
    route: Route = Route.POD
    ports: tuple[int, ...] = (80, 81)
    protocols: tuple[str, ...] = ("TCP", "UDP", "SCTP")


@dataclass(frozen=True)
class Case:
    """A policy case. ``id`` is permanent (POLICY-120).

    ``cyclonus``, ``upstream`` (kubernetes/kubernetes) and ``conformance`` (network-policy-api) name what it covers.
    ``spec`` is the URL of the clause, ``requires`` are keys of checks.REQUIREMENTS, ``catches`` names of faults,
    ``file`` and ``line`` its place. ``cyclonus_default``: what cyclonus runs when nothing else is asked for.
    """

    id: str
    title: str
    level: str
    spec: str
    steps: tuple[Step, ...]
    catches: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    cyclonus: tuple[str, ...] = ()
    cyclonus_default: bool = False
    upstream: tuple[str, ...] = ()
    conformance: tuple[str, ...] = ()
    file: Path = Path()
    line: int = 0

    def __str__(self) -> str:
        return self.id

    @property
    def only_policies(self) -> bool:
        """Whether policies are all that it changes: no pods, no namespaces, no labels."""
        return all(isinstance(action, Apply | DeletePolicy) for step in self.steps for action in step.actions)
