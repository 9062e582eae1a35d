"""Whether a pod may run on a node: selectors, affinity, taints, hostPorts. Messages are the scheduler's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from pytest_k8snet.embedded.api.objects import Obj, is_terminating, labels_of, lookup, name_of, namespace_of

HOSTNAME = "kubernetes.io/hostname"
UNSCHEDULABLE = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
MAX_PODS_REASON = "Too many pods"


class Situation:
    """What runs where while one pod looks for a node."""

    def __init__(self, pods: Iterable[Obj], nodes: Iterable[Obj]) -> None:
        placed = [pod for pod in pods if lookup(pod, "spec", "nodeName") and not _ended(pod)]
        self._by_node: dict[str, list[Obj]] = {name_of(node): [] for node in nodes}
        for pod in placed:
            self._by_node.setdefault(pod["spec"]["nodeName"], []).append(pod)

    def on(self, node: str) -> list[Obj]:
        """The pods on a node."""
        return self._by_node.get(node, [])

    def pods_on(self, node: str) -> int:
        """How many pods are on a node, not counting those that are on their way out."""
        return sum(not is_terminating(pod) for pod in self.on(node))


def why_not(pod: Obj, node: Obj, situation: Situation) -> str:
    """Return why ``pod`` may not run on ``node``, "" when it may."""
    spec = pod["spec"]
    if taint := _untolerated(spec, node):
        return f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"
    if not matches_selectors(spec, node):
        return "node(s) didn't match Pod's node affinity/selector"
    if ports_taken(pod, situation.on(name_of(node))):
        return "node(s) didn't have free ports for the requested pod ports"
    if len(situation.on(name_of(node))) >= int(lookup(node, "status", "allocatable", "pods") or 0):
        return MAX_PODS_REASON
    return _affinity(pod, situation.on(name_of(node)))


class HostPort(NamedTuple):
    """A port of the node's that a pod takes; ``address`` may be that of all."""

    address: str
    protocol: str
    port: int


def host_ports(pod: Obj) -> Iterator[HostPort]:
    """Each hostPort of a pod; with hostNetwork every containerPort is one."""
    for container in pod["spec"].get("containers") or ():
        for port in container.get("ports") or ():
            number = port.get("hostPort") or (port["containerPort"] if pod["spec"].get("hostNetwork") else 0)
            if number:
                yield HostPort(port.get("hostIP") or "0.0.0.0", port.get("protocol") or "TCP", int(number))


def _ended(pod: Obj) -> bool:
    return lookup(pod, "status", "phase") in ("Succeeded", "Failed")


def _untolerated(spec: Obj, node: Obj) -> Obj | None:
    taints = list(lookup(node, "spec", "taints") or ())
    if lookup(node, "spec", "unschedulable"):
        taints.append(UNSCHEDULABLE)
    tolerations = spec.get("tolerations") or ()
    for taint in taints:
        if taint.get("effect") != "PreferNoSchedule" and not any(_tolerates(entry, taint) for entry in tolerations):
            return dict(taint)
    return None


def _tolerates(toleration: Obj, taint: Obj) -> bool:
    if toleration.get("effect") not in (None, "", taint.get("effect")):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint["key"])
    return bool(toleration.get("key") == taint["key"] and (toleration.get("value") or "") == (taint.get("value") or ""))


def matches_selectors(spec: Obj, node: Obj) -> bool:
    """Whether a node has what nodeSelector and node affinity ask for."""
    labels = labels_of(node)
    if any(labels.get(key) != value for key, value in (spec.get("nodeSelector") or {}).items()):
        return False
    required = lookup(spec, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    if not required:
        return True
    return any(_matches_term(term, node) for term in required.get("nodeSelectorTerms") or ())


def _matches_term(term: Obj, node: Obj) -> bool:
    fields = {"metadata.name": name_of(node)}
    return all(_matches(entry, labels_of(node)) for entry in term.get("matchExpressions") or ()) and all(
        _matches(entry, fields) for entry in term.get("matchFields") or ()
    )


def _matches(expression: Obj, values: dict[str, str]) -> bool:
    value = values.get(expression["key"])
    wanted: list[str] = expression.get("values") or []
    match expression["operator"]:
        case "In":
            return value in wanted
        case "NotIn":
            return value not in wanted
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt":
            return value is not None and int(value) > int(wanted[0])
        case "Lt":
            return value is not None and int(value) < int(wanted[0])
    return False


def ports_taken(pod: Obj, others: Iterable[Obj]) -> bool:
    """Whether one of the pod's hostPorts is taken by one of ``others``, pods of the same node."""
    wanted = list(host_ports(pod))
    taken = [entry for other in others for entry in host_ports(other)]
    return any(_same_port(mine, theirs) for mine in wanted for theirs in taken)


def _same_port(left: HostPort, right: HostPort) -> bool:
    every = {"0.0.0.0", "::"} & {left.address, right.address}
    return bool(every or left.address == right.address) and left.protocol == right.protocol and left.port == right.port


def _affinity(pod: Obj, here: Sequence[Obj]) -> str:
    """Pod affinity for the topology of single nodes; other topologies have one member each as well."""
    key = "requiredDuringSchedulingIgnoredDuringExecution"
    for term in lookup(pod, "spec", "affinity", "podAntiAffinity", key) or ():
        if any(_selected(term, other, pod) for other in here):
            return "node(s) didn't match pod anti-affinity rules"
    for other in here:
        for term in lookup(other, "spec", "affinity", "podAntiAffinity", key) or ():
            if _selected(term, pod, other):
                return "node(s) didn't satisfy existing pods anti-affinity rules"
    for term in lookup(pod, "spec", "affinity", "podAffinity", key) or ():
        if not any(_selected(term, other, pod) for other in here):
            return "node(s) didn't match pod affinity rules"
    return ""


def _selected(term: dict[str, Any], pod: Obj, owner: Obj) -> bool:
    namespaces = term.get("namespaces") or [namespace_of(owner)]
    selector = term.get("labelSelector")
    if selector is None or ("namespaceSelector" not in term and namespace_of(pod) not in namespaces):
        return False
    labels = labels_of(pod)
    return all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items()) and all(
        _matches(entry, labels) for entry in selector.get("matchExpressions") or ()
    )
