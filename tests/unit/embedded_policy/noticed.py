"""Which policy cases notice which faults, found without a cluster: by the rules that the nodes would get.

A case is played through in thought. What the rules of each node let pass is held against what the oracle says, first
without a fault and then with each fault that rewrites the world of which the rules are made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import permutations, product, zip_longest
from types import SimpleNamespace
from typing import Any, cast

from pytest_k8snet.embedded.injection import Target, catalogue
from pytest_k8snet.embedded.nftables.content import Content
from pytest_k8snet.embedded.policy.controller import Rewrite
from pytest_k8snet.embedded.policy.rewritten import RewrittenWorld
from pytest_k8snet.embedded.policy.world import Machine, NamedPort, Pod, World
from pytest_k8snet.oracle.policy_world import Verdict
from pytest_k8snet.policy.cases import Case, CreatePod, Manifest, RestartPod, Route, Step, is_cluster_wide
from pytest_k8snet.policy.simulation import located_somewhere
from pytest_k8snet.policy.world import State, after, judged, symbolic_arena
from tests.unit.embedded_policy.packets import Flow, Nodes

Rules = Mapping[str, Content]
"""What is in the tables of the nodes, by node."""

Cell = tuple[str, str, str, str, int]
"""Source, target, family, protocol, port."""


def unchanged(world: World) -> World:
    """Enforce what is stored."""
    return world


# These need time, or connections that last, to be noticed; no case can show them by rules alone.
IN_TIME = {"policy-late", "policy-late-for-new-pods", "policy-established-ignored", "policy-address-reuse-stale"}
PREDICTED = {
    name: fault
    for name, fault in catalogue().items()
    if isinstance(fault, RewrittenWorld) and name.startswith("policy-") and name not in IN_TIME
}
"""The faults of which the rules tell whether a case notices them."""


def noticed(case: Case) -> list[str]:
    """Return the faults of PREDICTED that a case notices."""
    by_service = any(step.route is not Route.POD for step in case.steps)
    asked = (name for name in PREDICTED if by_service or name != "policy-clusterip-bypass")
    healthy = [nodes.contents for _, _, nodes, _ in Enforced(unchanged).steps(case)]
    return [name for name in asked if wrong(case, begin(PREDICTED[name]), healthy)]


def begin(fault: RewrittenWorld) -> Rewrite:
    """Return what a fault makes of the world, as if it were put in now."""
    nobody = SimpleNamespace(policies=SimpleNamespace(need=lambda: None), services=None, network=None, kubelet=None)
    return fault.begin(cast(Target, nobody))


class Enforced:
    """What the embedded cluster would enforce while a case is played, if ``rewrite`` came in between."""

    def __init__(self, rewrite: Rewrite) -> None:
        self._rewrite = rewrite
        self._births: dict[str, int] = {}
        self._restarts: dict[str, int] = {}
        self._alive: set[str] = set()
        self._stored: dict[str, dict[str, Any]] = {}
        self._version = 0

    def steps(self, case: Case) -> Iterator[tuple[Step, State, Nodes, dict[str, Pod]]]:
        """Yield, after each step, the state and the rules of the nodes."""
        state = symbolic_arena()
        self._see(state)
        for step in case.steps:
            for action in step.actions:
                state = after(state, action)
                if isinstance(action, CreatePod):
                    state = located_somewhere(state, action.pod)
                if isinstance(action, RestartPod):
                    self._restarts[action.pod] = self._restarts.get(action.pod, 0) + 1
                nodes, pods = self._see(state)
            yield step, state, nodes, pods

    def _see(self, state: State) -> tuple[Nodes, dict[str, Pod]]:
        for name in state.pods.keys() - self._alive:
            self._births[name] = self._births.get(name, 0) + 1
        self._alive = set(state.pods)
        pods = {name: self._pod(state, name) for name in state.pods}
        self._stored = {name: self._as_stored(name, policy) for name, policy in state.policies.items()}
        stored = self._stored.values()
        world = World(
            tuple(policy for policy in stored if not is_cluster_wide(policy)),
            tuple(pods.values()),
            state.namespaces,
            cluster_policies=tuple(filter(is_cluster_wide, stored)),
            machines=tuple(Machine({}, addresses) for addresses in state.nodes.values()),
        )
        return Nodes(self._rewrite(world)), pods

    def _as_stored(self, name: str, policy: Manifest) -> dict[str, Any]:
        """Give a policy what the API adds: a number that grows with each change."""
        known = self._stored.get(name)
        if known is not None and known["spec"] == policy["spec"]:
            return known
        self._version += 1
        return {
            **policy,
            "metadata": {**policy["metadata"], "resourceVersion": str(self._version), "uid": f"policy {self._version}"},
        }

    def _pod(self, state: State, name: str) -> Pod:
        pod = state.pods[name]
        return Pod(
            name.partition("/")[0],
            pod.labels,
            pod.addresses,
            tuple(NamedPort(port.name, port.protocol.lower(), port.number) for port in pod.ports),
            (f"veth-{name.replace('/', '-')}",),
            pod.node,
            f"{name} {self._births[name]}",
            self._restarts.get(name, 0),
        )


def wrong(case: Case, rewrite: Rewrite = unchanged, sound: Sequence[Rules] = ()) -> Cell | None:
    """Return the first cell that the rules treat otherwise than the oracle says, None when there is none.

    ``sound`` are the rules after each step that need no look, because they are those of the healthy cluster.
    """
    steps = Enforced(rewrite).steps(case)
    for (step, state, nodes, pods), known in zip_longest(steps, sound):
        if nodes.contents == known:
            continue
        for cell in _cells(step, state):
            said = judged(state, *cell, step.route).verdict
            if said is not Verdict.UNDEFINED and _passes(nodes, state, pods, cell, step.route) != (said == "allowed"):
                return cell
    return None


def _cells(step: Step, state: State) -> Iterator[Cell]:
    pairs: Sequence[tuple[str, str]] = list(permutations(state.pods, 2))
    for (source, target), family, protocol, port in product(pairs, state.families(), step.protocols, step.ports):
        yield source, target, family, protocol, port


def _passes(nodes: Nodes, state: State, pods: dict[str, Pod], cell: Cell, route: Route) -> bool:
    source, target, family, protocol, port = cell
    version = 6 if family == "ipv6" else 4
    flow = Flow(pods[source], pods[target], version, protocol.lower(), port)
    if route is not Route.POD:
        asked = next(one for one in state.pods[target].service if (":" in one) == (version == 6))
        flow = replace(flow, asked=asked)
    return nodes.pass_(flow)
