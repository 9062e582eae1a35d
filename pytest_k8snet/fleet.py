"""The fleet: the namespaces and probe pods that every suite uses, made once for a run."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pytest_k8snet.errors import ApiError, PreflightError
from pytest_k8snet.kube import pods
from pytest_k8snet.kube.client import KubeApi, Object
from pytest_k8snet.kube.pods import PodRequest
from pytest_k8snet.kube.wait import Deadline, wait_for_pods
from pytest_k8snet.options import Settings
from pytest_k8snet.probe.observation import Pod
from pytest_k8snet.state import Fleet, Node

FLEET_SECONDS = 120.0
FLEET, HOST = "fleet", "host network"
# Below the ports of NodePort Services, 30000-32767.
HOST_PORTS = range(23000, 30000)
ZONE = "topology.kubernetes.io/zone"
OF_NOT_READY = {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}


@dataclass(frozen=True)
class Grounds:
    """Where the fleet lives. ``host_refused`` is why the cluster lets no hostNetwork pod run, "" when it does."""

    namespace: str
    host_namespace: str
    host_refused: str = ""


def usable_nodes(api: KubeApi, settings: Settings) -> list[Node]:
    """Return the nodes that take probe pods.

    Raises:
        PreflightError: one of them is not Ready, or there is none.

    """
    found, left_out = [], []
    selector = ",".join(f"{key}={value}" for key, value in settings.node_selector.items())
    for obj in api.objects("v1", "Node", labels=selector or None):
        if reason := _left_out(obj, settings):
            left_out.append(f"{obj['metadata']['name']} ({reason})")
        else:
            _demand_ready(obj)
            found.append(_node(obj))
    if not found:
        raise PreflightError(
            f"no node takes probe pods: {', '.join(left_out) or 'no node matches the selector'}",
            hint="Tolerate the taints with --k8snet-tolerations, or choose with --k8snet-node-selector.",
        )
    return found


def without_zones(nodes: Collection[Node]) -> str:
    """Return why these nodes are not in two zones, each of them in one, or ""."""
    if unlabelled := [node.name for node in nodes if not node.zone]:
        return f"no label {ZONE} at {', '.join(unlabelled)}"
    zones = {node.zone for node in nodes}
    return "" if len(zones) > 1 else f"all nodes are in the zone {zones.pop()}"


def _left_out(obj: Object, settings: Settings) -> str:
    """Return why a node takes no probe pods by the will of its owner, or "" when it takes them."""
    # Not those that the control plane puts on a node that is NotReady: that is no will, and the run says it.
    taints = [taint for taint in obj["spec"].get("taints") or [] if taint["key"] not in OF_NOT_READY]
    if obj["spec"].get("unschedulable"):
        return "unschedulable"
    against = [t for t in taints if t["effect"] != "PreferNoSchedule" and not _tolerated(t, settings)]
    return ", ".join(taint["key"] for taint in against)


def _demand_ready(obj: Object) -> None:
    conditions = {c["type"]: c for c in obj.get("status", {}).get("conditions") or []}
    state = conditions.get("Ready", {})
    # The taint goes a moment after the condition came, and until then no pod is scheduled.
    taints = [taint["key"] for taint in obj["spec"].get("taints") or [] if taint["key"] in OF_NOT_READY]
    if state.get("status") != "True":
        why = f"{state.get('reason', 'no condition')}: {state.get('message', '')}".rstrip(": ")
    elif taints:
        why = f"it still has the taint {taints[0]}"
    else:
        return
    name = obj["metadata"]["name"]
    raise PreflightError(
        f"node {name} is not Ready: {why}",
        hint=f"See 'kubectl describe node {name}'; leave it out with --k8snet-node-selector.",
    )


def _tolerated(taint: Object, settings: Settings) -> bool:
    return any(
        t.get("key") in {None, taint["key"]}
        and t.get("effect") in {None, taint["effect"]}
        and (t.get("operator") == "Exists" or t.get("value", "") == taint.get("value", ""))
        for t in settings.tolerations
    )


def _node(obj: Object) -> Node:
    status, info = obj["status"], obj["status"].get("nodeInfo", {})
    spec = obj["spec"]
    return Node(
        name=obj["metadata"]["name"],
        zone=(obj["metadata"].get("labels") or {}).get(ZONE, ""),
        addresses=tuple(a["address"] for a in status.get("addresses", ()) if a["type"] == "InternalIP"),
        pod_cidrs=tuple(spec.get("podCIDRs") or ([spec["podCIDR"]] if spec.get("podCIDR") else ())),
        kernel=info.get("kernelVersion", ""),
        os=info.get("osImage", ""),
        runtime=info.get("containerRuntimeVersion", ""),
        kubelet=info.get("kubeletVersion", ""),
    )


def host_port_of(run_id: str) -> int:
    """Return the first of two ports of the nodes for a run: several runs in one cluster should not meet."""
    return HOST_PORTS[int(run_id, 16) % (len(HOST_PORTS) // 2) * 2]


def make_grounds(api: KubeApi, run_id: str, settings: Settings) -> Grounds:
    """Make the namespaces, with the agent in each. A cluster that refuses the second keeps only ordinary pods."""
    ordinary = make_namespace(api, run_id, pods.namespace(run_id, FLEET, settings), settings)
    refused = ""
    manifest = pods.namespace(run_id, HOST, settings, enforce="privileged")
    name = manifest["metadata"]["name"]
    try:
        make_namespace(api, run_id, manifest, settings)
    except ApiError as error:
        if error.status != 403:
            raise
        refused = error.message
    return Grounds(ordinary, name, refused)


def make_namespace(api: KubeApi, run_id: str, manifest: Object, settings: Settings) -> str:
    """Make a namespace for probe pods, with the agent's ConfigMap and the pull secret, and return its name."""
    name: str = api.create(manifest)["metadata"]["name"]
    api.create(pods.agent_config(run_id, name))
    if settings.image_pull_secret:
        _copy_pull_secret(api, settings.image_pull_secret, name)
    return name


def _copy_pull_secret(api: KubeApi, named: str, namespace: str) -> None:
    source, _, secret = named.partition("/")
    found = api.get("v1", "Secret", secret, source)
    metadata = {"name": secret, "namespace": namespace}
    copied = {key: found[key] for key in ("apiVersion", "kind", "type", "data") if key in found}
    api.create(copied | {"metadata": metadata})


def make_fleet(
    api: KubeApi, run_id: str, grounds: Grounds, nodes: Sequence[Node], settings: Settings
) -> tuple[Fleet, str]:
    """Start the fleet and wait until it is Ready; return it and why it has no hostNetwork pods, if so."""
    port = host_port_of(run_id)
    ordinary = [PodRequest(f"n{number}-{twin}", node.name) for number, node in enumerate(nodes, 1) for twin in "ab"]
    hosts = [
        PodRequest(f"n{number}-host", node.name, {"agent": (port,)}, host_network=True)
        for number, node in enumerate(nodes, 1)
    ]
    special = PodRequest("n1-hostport", nodes[0].name, host_ports={pods.POD_PORT: port + 1})
    deadline = Deadline(FLEET_SECONDS)
    for wanted in ordinary:
        api.create(pods.probe_pod(run_id, grounds.namespace, wanted, settings))
    refused = grounds.host_refused or _try_hosts(api, run_id, grounds, [*hosts, special], settings)
    found = [as_pod(o) for o in wait_for_pods(api, grounds.namespace, [w.name for w in ordinary], deadline)]
    if refused:
        return Fleet(tuple(found)), refused
    names = [wanted.name for wanted in (*hosts, special)]
    *on_host, with_port = [as_pod(o) for o in wait_for_pods(api, grounds.host_namespace, names, deadline)]
    return Fleet(tuple(found), tuple(on_host), with_port, port + 1), ""


def _try_hosts(api: KubeApi, run_id: str, grounds: Grounds, wanted: Sequence[PodRequest], settings: Settings) -> str:
    for request in wanted:
        try:
            api.create(pods.probe_pod(run_id, grounds.host_namespace, request, settings))
        except ApiError as error:
            if error.status != 403:
                raise
            return error.message
    return ""


def as_pod(obj: Object) -> Pod:
    """Return the probe pod that an API object describes; its port is the first that its agent serves."""
    container = obj["spec"]["containers"][0]
    ports = [
        int(match[1]) for match in map(re.compile(r"--port=(\d+)").fullmatch, container.get("command", ())) if match
    ]
    return Pod(
        namespace=obj["metadata"]["namespace"],
        name=obj["metadata"]["name"],
        node=obj["spec"].get("nodeName", ""),
        addresses=tuple(entry["ip"] for entry in obj.get("status", {}).get("podIPs") or ()),
        port=ports[0] if ports else pods.POD_PORT,
        container=container["name"],
        host_network=bool(obj["spec"].get("hostNetwork")),
    )
