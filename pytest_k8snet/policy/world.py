"""The state of an arena as data, and what each change of a case makes of it: what the oracle is asked about.

A case's names stay as they are (namespaces x, y, z); addresses are those of the cluster, or made up when a case is
only looked at. Nothing here speaks to a cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pytest_k8snet.oracle.cluster_policy import judge_tiers, judge_tiers_service
from pytest_k8snet.oracle.network_policy import judge, judge_service
from pytest_k8snet.oracle.policy_world import Backend, Connection, Frontend, Judgement, NamedPort, Party, World
from pytest_k8snet.policy.cases import (
    Action,
    Apply,
    CreateNamespace,
    CreatePod,
    DeleteNamespace,
    DeletePod,
    DeletePolicy,
    LabelNamespace,
    LabelPod,
    Labels,
    Manifest,
    RestartPod,
    Route,
    Step,
    is_cluster_wide,
    named,
)
from pytest_k8snet.policy.placeholders import NAMESPACE_NAME, concrete, pods_of

NAMESPACES = ("x", "y", "z")
PODS = ("a", "b", "c")
SYMBOLIC_NODES = 3
# A label that only some have, for selectors that ask whether it is there.
TEAMS = {"y": "red", "z": "blue"}
TIERS = {"b": "db", "c": "web"}
PORTS = (80, 81)
PROTOCOLS = ("TCP", "UDP", "SCTP")
NAMED_PORTS = tuple(
    NamedPort(f"serve-{number}-{protocol.lower()}", protocol, number) for number in PORTS for protocol in PROTOCOLS
)
Thing = TypeVar("Thing")


class ImpossibleAction(ValueError):
    """A change of something that is not there, or a second one of what there can be only one of."""


@dataclass(frozen=True, slots=True)
class ArenaPod:
    """A pod of an arena. ``addresses`` are its own, ``service`` those of its Service; empty until they are known."""

    labels: Labels
    ports: tuple[NamedPort, ...] = NAMED_PORTS
    addresses: tuple[str, ...] = ()
    node: str = ""
    service: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """An arena at one moment: labels of namespaces, pods by ``namespace/name``, addresses of nodes, policies.

    ``policies`` go by ``cases.named``; their placeholders were filled in with the addresses of when they were applied.
    """

    namespaces: Mapping[str, Labels]
    pods: Mapping[str, ArenaPod]
    nodes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    policies: Mapping[str, Manifest] = field(default_factory=dict)

    def families(self) -> tuple[str, ...]:
        """Return the families in which pods have addresses: ipv4, ipv6 or both."""
        return tuple(sorted({_family(address) for pod in self.pods.values() for address in pod.addresses}))


def namespace_labels(name: str, labels: Labels) -> dict[str, str]:
    """Return all labels of a namespace: the API adds its name."""
    return dict(labels) | {NAMESPACE_NAME: name}


def usual_labels(namespace: str) -> dict[str, str]:
    """Return the labels that a namespace of the arena is made with."""
    return {"ns": namespace} | ({"team": TEAMS[namespace]} if namespace in TEAMS else {})


def arena(pods: Mapping[str, ArenaPod], nodes: Mapping[str, tuple[str, ...]]) -> State:
    """Return an arena without policies whose namespaces have their usual labels. ``pods`` go by ``namespace/name``."""
    names = dict.fromkeys(pod.partition("/")[0] for pod in pods)
    return State({name: namespace_labels(name, usual_labels(name)) for name in names}, pods, nodes)


def symbolic_arena() -> State:
    """Return an arena of x/a ... z/c with made-up addresses of both families, on three nodes."""
    pods = {}
    for namespace_place, namespace in enumerate(NAMESPACES, 1):
        for place, name in enumerate(PODS, 1):
            host, node = 64 * namespace_place + place, node_place(f"{namespace}/{name}") % SYMBOLIC_NODES + 1
            pods[f"{namespace}/{name}"] = ArenaPod(
                {"pod": name} | ({"tier": TIERS[name]} if name in TIERS else {}),
                addresses=(f"10.244.{node}.{host}", f"fd00:10:244:{node}::{host:x}"),
                node=f"node-{node}",
                service=(f"10.96.0.{host}", f"fd00:10:96::{host:x}"),
            )
    places = range(1, SYMBOLIC_NODES + 1)
    return arena(pods, {f"node-{place}": (f"172.18.0.{place}", f"fd00:172:18::{place}") for place in places})


def node_place(pod: str) -> int:
    """Return the place of a pod's node in the list of all nodes, which begins again at its end.

    Neither the pods of a namespace nor those of one name share a node: else a rule for the one would look like one for
    the other, and what is wrong on the way within a node, or in a CIDR of it, would show in few cases.
    """
    namespace, _, name = pod.partition("/")
    return _place(namespace, NAMESPACES) + _place(name, PODS)


def _place(name: str, usual: tuple[str, ...]) -> int:
    return usual.index(name) + 1 if name in usual else 0


def after(state: State, action: Action) -> State:
    """Return the state that an action leads to.

    A created pod has no addresses yet: give them with ``located``. Raises ImpossibleAction, with what is there.
    """
    match action:
        case Apply(policy):
            return _applied(state, policy)
        case DeletePolicy(name):
            return replace(state, policies=_without(state.policies, name, "policy"))
        case LabelPod(name, labels):
            pod = _get(state.pods, name, "pod")
            labelled = replace(pod, labels=_relabelled(pod.labels, labels))
            return replace(state, pods=dict(state.pods) | {name: labelled})
        case LabelNamespace(name, labels):
            changed = namespace_labels(name, _relabelled(_get(state.namespaces, name, "namespace"), labels))
            return replace(state, namespaces=dict(state.namespaces) | {name: changed})
        case CreatePod(name, labels, ports):
            _get(state.namespaces, name.partition("/")[0], "namespace")
            _absent(state.pods, name, "pod")
            created = ArenaPod(labels, NAMED_PORTS if ports is None else ports)
            return replace(state, pods=dict(state.pods) | {name: created})
        case DeletePod(name):
            return replace(state, pods=_without(state.pods, name, "pod"))
        case RestartPod(name):
            _get(state.pods, name, "pod")
            return state
        case CreateNamespace(name, labels):
            _absent(state.namespaces, name, "namespace")
            return replace(state, namespaces=dict(state.namespaces) | {name: namespace_labels(name, labels)})
        case DeleteNamespace(name):
            return State(
                _without(state.namespaces, name, "namespace"),
                {key: pod for key, pod in state.pods.items() if not key.startswith(f"{name}/")},
                state.nodes,
                {key: policy for key, policy in state.policies.items() if not key.startswith(f"{name}/")},
            )


def after_step(state: State, step: Step) -> State:
    """Return the state after all actions of a step, in their order."""
    for action in step.actions:
        state = after(state, action)
    return state


def located(state: State, pod: str, addresses: Iterable[str], node: str, service: Iterable[str] = ()) -> State:
    """Return the state with the addresses of a pod that was created."""
    placed = replace(_get(state.pods, pod, "pod"), addresses=tuple(addresses), node=node, service=tuple(service))
    return replace(state, pods=dict(state.pods) | {pod: placed})


def as_oracle_world(state: State) -> World:
    """Return what the oracle must know of the state, besides the cluster-wide policies."""
    namespaced = (policy for policy in state.policies.values() if not is_cluster_wide(policy))
    return World(tuple(namespaced), state.namespaces)


def cluster_policies(state: State) -> tuple[Manifest, ...]:
    """Return the cluster-wide policies."""
    return tuple(policy for policy in state.policies.values() if is_cluster_wide(policy))


def party(state: State, pod: str, family: str) -> Party:
    """Return a pod as an end of a connection in a family (ipv4, ipv6). Raises LookupError without such an address."""
    found = _get(state.pods, pod, "pod")
    address = _of_family(found.addresses, family, f"pod {pod}")
    namespace, _, name = pod.partition("/")
    return Party(name, address, namespace, found.labels, found.ports, found.node)


def judged(state: State, source: str, target: str, family: str, protocol: str, port: int, route: Route) -> Judgement:
    """Return what the oracle says of a connection between two pods, which are named ``namespace/name``.

    Each pod has a Service of its own with it as the only backend, at the same ports. Raises LookupError for a pod
    without an address in the family, its own or its Service's.
    """
    world, client, server = as_oracle_world(state), party(state, source, family), party(state, target, family)
    wide = cluster_policies(state)
    if route is Route.POD:
        connection = Connection(client, server, protocol, port)
        return judge_tiers(world, wide, connection) if wide else judge(world, connection)
    frontend = Frontend(_of_family(state.pods[target].service, family, f"the Service of pod {target}"), port, protocol)
    backends = (Backend(server, port),)
    if wide:
        return judge_tiers_service(world, wide, client, frontend, backends)
    return judge_service(world, client, frontend, backends)


def _family(address: str) -> str:
    return "ipv6" if ":" in address else "ipv4"


def _of_family(addresses: Iterable[str], family: str, whose: str) -> str:
    for address in addresses:
        if _family(address) == family:
            return address
    raise LookupError(f"{whose} has no {family} address; it has {', '.join(addresses) or 'none'}")


def _applied(state: State, policy: Manifest) -> State:
    if not is_cluster_wide(policy):
        _get(state.namespaces, policy["metadata"]["namespace"], "namespace")
    for pod in sorted(pods_of(policy)):
        _get(state.pods, pod, "pod")
    filled = concrete(
        policy,
        {},
        {key: pod.addresses for key, pod in state.pods.items()},
        {key: state.nodes.get(pod.node, ()) for key, pod in state.pods.items()},
        {key: pod.service for key, pod in state.pods.items()},
        state.families(),
    )
    return replace(state, policies=dict(state.policies) | {named(policy): filled})


def _relabelled(labels: Labels, changes: Mapping[str, str | None]) -> dict[str, str]:
    return {key: value for key, value in (dict(labels) | dict(changes)).items() if value is not None}


def _get(things: Mapping[str, Thing], name: str, what: str) -> Thing:
    if name not in things:
        raise ImpossibleAction(f"there is no {what} {name} at this step; there are {', '.join(things) or 'none'}")
    return things[name]


def _absent(things: Mapping[str, object], name: str, what: str) -> None:
    if name in things:
        raise ImpossibleAction(f"there is a {what} {name} already")


def _without(things: Mapping[str, Thing], name: str, what: str) -> dict[str, Thing]:
    _get(things, name, what)
    return {key: thing for key, thing in things.items() if key != name}
