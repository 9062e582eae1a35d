"""What policies are about: pods as they are connected now, nodes, namespaces and the policies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_k8snet.embedded.api.objects import Obj, labels_of, name_of, namespace_of
from pytest_k8snet.embedded.api.selectors import selector_matches

PEERS = {"Ingress": "from", "Egress": "to"}
"""Where the rules of a direction have their peers."""

Beforehand = Callable[[Sequence[Obj], str], Iterable[str]]
"""From the policies that isolate a pod in a direction (Ingress or Egress) to nftables rules that come before theirs."""


@dataclass(frozen=True)
class NamedPort:
    """A port that a container declares with a name; ``protocol`` is tcp, udp or sctp."""

    name: str
    protocol: str
    number: int


@dataclass(frozen=True, eq=False)
class Pod:
    """A pod with a network of its own. ``devices`` are its interfaces on its node; hostNetwork pods have none.

    ``addresses`` are of both families, ``restarts`` counts those of all its containers. One that is not ``shielded``
    is a peer like any other, but the policies that select it do not hold for it; only faults make such pods.
    """

    namespace: str
    labels: Mapping[str, str]
    addresses: tuple[str, ...]
    ports: tuple[NamedPort, ...] = ()
    devices: tuple[str, ...] = ()
    node: str = ""
    uid: str = ""
    restarts: int = 0
    shielded: bool = True


@dataclass(frozen=True)
class Machine:
    """A node as a peer: its labels, and its addresses of both families."""

    labels: Mapping[str, str]
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class World:
    """Everything that decides who may talk to whom. ``namespaces`` are their labels by name.

    ``cluster_policies`` are of the kinds that policy.networking.k8s.io has. ``beforehand`` is empty but for faults.
    """

    policies: tuple[Obj, ...] = ()
    pods: tuple[Pod, ...] = ()
    namespaces: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    beforehand: tuple[Beforehand, ...] = ()
    cluster_policies: tuple[Obj, ...] = ()
    machines: tuple[Machine, ...] = ()

    @property
    def surroundings(self) -> tuple[object, ...]:
        """All but the policies."""
        return self.pods, self.namespaces, self.machines, self.beforehand

    @property
    def every_policy(self) -> tuple[Obj, ...]:
        """The policies of all kinds."""
        return self.policies + self.cluster_policies


class Census:
    """Finds the pods of a world that policies speak of. The same question is answered once."""

    def __init__(self, world: World) -> None:
        self.everyone = world.pods
        self._namespaces = world.namespaces
        self._by_namespace: dict[str, list[Pod]] = {}
        for pod in world.pods:
            self._by_namespace.setdefault(pod.namespace, []).append(pod)
        self._answers: dict[str, list[Pod]] = {}

    def selected(self, policy: Obj) -> list[Pod]:
        """Return the pods that a policy is about."""
        return self.peers(policy, {"podSelector": policy["spec"].get("podSelector") or {}})

    def peers(self, policy: Obj, peer: Obj) -> list[Pod]:
        """Return the pods that a peer without an ipBlock names: a missing selector and ``{}`` are different things."""
        key = known_by(policy, peer)
        if key not in self._answers:
            spaces = self._spaces(policy, peer.get("namespaceSelector"))
            self._answers[key] = self._matching(spaces, peer.get("podSelector") or {})
        return self._answers[key]

    def _matching(self, namespaces: Iterable[str], selector: Obj) -> list[Pod]:
        pods = (pod for namespace in namespaces for pod in self._by_namespace.get(namespace, ()))
        return [pod for pod in pods if not selector or selector_matches(selector, pod.labels)]

    def _spaces(self, policy: Obj, selector: Obj | None) -> list[str]:
        if selector is None:
            return [namespace_of(policy)]
        return [name for name, labels in self._namespaces.items() if selector_matches(selector, labels)]


def known_by(policy: Obj, peer: Obj | None) -> str:
    """Return what a peer is, whichever policy names it: without a namespaceSelector the policy's namespace counts."""
    home = namespace_of(policy) if peer and peer.get("namespaceSelector") is None and not peer.get("ipBlock") else ""
    return repr((home, peer))


def policy_types(policy: Obj) -> frozenset[str]:
    """Return the directions that a policy isolates: as it says, otherwise Ingress, and Egress if it has such rules."""
    spec = policy["spec"]
    return frozenset(spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]))


def machine(node: Obj) -> Machine:
    """Return a node of the API as a peer."""
    addresses = node.get("status", {}).get("addresses") or ()
    return Machine(labels_of(node), tuple(one["address"] for one in addresses if one["type"].endswith("IP")))


def named_ports(pod: Obj) -> Iterator[NamedPort]:
    """Return the named ports of a pod of the API, those of its init containers too."""
    for container in (*(pod["spec"].get("initContainers") or ()), *pod["spec"]["containers"]):
        for port in container.get("ports") or ():
            if port.get("name"):
                protocol = (port.get("protocol") or "TCP").lower()
                yield NamedPort(port["name"], protocol, int(port["containerPort"]))


def restarts_of(pod: Obj) -> int:
    """Return how often the containers of a pod of the API were started again."""
    return sum(container.get("restartCount", 0) for container in pod.get("status", {}).get("containerStatuses") or ())


def namespace_labels(namespaces: Iterable[Obj]) -> dict[str, Mapping[str, str]]:
    """Return the labels of namespaces by their names."""
    return {name_of(namespace): labels_of(namespace) for namespace in namespaces}
