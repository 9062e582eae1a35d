"""Whether the probe pods that a wrong table concerns are there: a pod that is gone says nothing of the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytest_k8snet.errors import PodNotReady
from pytest_k8snet.kube.client import KubeApi, Object
from pytest_k8snet.kube.wait import hopeless
from pytest_k8snet.probe.observation import Expected, Pod, Probe
from pytest_k8snet.state import ClusterState

Cell = tuple[Probe, Expected]


def demand_pods(api: KubeApi, state: ClusterState, cells: Iterable[Cell]) -> None:
    """See that the fleet's pods that cells come from or lead to run on nodes that are Ready.

    Raises:
        PodNotReady: one does not.

    """
    concerned = list(_concerned(state, list(cells)))
    found = {
        (namespace, obj["metadata"]["name"]): obj
        for namespace in dict.fromkeys(pod.namespace for pod in concerned)
        for obj in api.objects("v1", "Pod", namespace)
    }
    nodes = {obj["metadata"]["name"]: obj for obj in api.objects("v1", "Node")} if concerned else {}
    for pod in concerned:
        if why := _why_not(found.get((pod.namespace, pod.name)), nodes.get(pod.node)):
            raise PodNotReady(
                f"no verdict: probe pod {pod.namespace}/{pod.name} on node {pod.node}, which this concerns, {why}",
                hint=f"This says nothing about the network. See 'kubectl -n {pod.namespace} get events'.",
            )


def _concerned(state: ClusterState, cells: list[Cell]) -> Iterator[Pod]:
    names = {
        name
        for probe, expected in cells
        for name in (expected.server, *expected.servers, expected.target, probe.column)
    }
    addresses = {probe.address for probe, _ in cells}
    sources = {probe.source for probe, _ in cells}
    for pod in state.fleet.all():
        if pod in sources or pod.name in names or (not pod.host_network and not addresses.isdisjoint(pod.addresses)):
            yield pod


def _why_not(pod: Object | None, node: Object | None) -> str:
    if pod is None:
        return "is gone"
    if "deletionTimestamp" in pod["metadata"]:
        return "is being deleted"
    if why := hopeless(pod)[0]:
        return f"does not run: {why}"
    # Its own readiness is no measure: a kubelet that cannot reach its pods is a finding.
    conditions = {c["type"]: c["status"] for c in (node or {}).get("status", {}).get("conditions") or ()}
    return "" if conditions.get("Ready") == "True" else "is on a node that is not Ready"
