"""The cluster, as tests see it: its nodes and fleet, and namespaces in which a test makes what it needs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from pytest_k8snet import fleet
from pytest_k8snet.attach import Attachment
from pytest_k8snet.errors import AgentLost, AgentRefused, ApiError, NoVerdict, PodNotReady
from pytest_k8snet.kube import labels, pods
from pytest_k8snet.kube.client import KubeApi, Object
from pytest_k8snet.kube.pods import PodRequest
from pytest_k8snet.kube.wait import Deadline, ready, running, wait_for_pods
from pytest_k8snet.probe.observation import Family, Pod
from pytest_k8snet.state import Fleet, Node

PODS_SECONDS = 120.0
RESTART_SECONDS = 20.0  # a kubelet waits 10 s before the second restart of a container
IPV4_UDP_HEADERS, IPV6_UDP_HEADERS = 20 + 8, 40 + 8


class Cluster:
    """The cluster of this run. Get it from the fixture ``k8snet_cluster``."""

    def __init__(self, attachment: Attachment) -> None:
        self.attachment = attachment

    @property
    def api(self) -> KubeApi:
        """The Kubernetes API, objects as dictionaries."""
        return self.attachment.api

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes that take probe pods."""
        return self.attachment.state.nodes

    @property
    def fleet(self) -> Fleet:
        """The probe pods that every test may use; do not change them."""
        return self.attachment.state.fleet

    @property
    def families(self) -> tuple[Family, ...]:
        """The address families of pods."""
        return self.attachment.state.families

    @property
    def outside(self) -> Pod:
        """A source outside the cluster. Raises NoVerdict when there is none; require "outside" in the check."""
        if self.attachment.state.outside is None:
            raise NoVerdict(f"no host outside the cluster: {self.attachment.state.missing.get('outside', '')}")
        return self.attachment.state.outside

    @property
    def missing(self) -> dict[str, str]:
        """What the cluster lacks of checks.REQUIREMENTS, with the reason."""
        return self.attachment.state.missing

    @property
    def mtu(self) -> int:
        """The smallest interface MTU of the fleet's pods in bytes."""
        return self.attachment.state.mtu

    def largest_datagram(self, family: Family) -> int:
        """Return the bytes of UDP payload that fill one packet of the pods' MTU."""
        return self.mtu - (IPV6_UDP_HEADERS if family is Family.IPV6 else IPV4_UDP_HEADERS)

    def now(self, pods: Iterable[Pod]) -> tuple[Pod, ...]:
        """Return pods as the API describes them now."""
        return tuple(fleet.as_pod(self.api.get("v1", "Pod", pod.name, pod.namespace)) for pod in pods)

    def with_family(self, pods: Iterable[Pod], family: Family) -> tuple[Pod, ...]:
        """Return the pods that have an address of a family; hostNetwork pods have only what their node has."""
        return tuple(pod for pod in pods if family in pod.families)

    def node_addresses(self, family: Family) -> dict[str, str]:
        """Return the nodes' addresses of a family, by the node's name."""
        return {node.name: address for node in self.nodes for address in node.addresses if Family.of(address) is family}

    def node(self, name: str) -> Node:
        """Return a node by its name."""
        return self.attachment.state.node(name)

    @property
    def host_port(self) -> tuple[Pod, int]:
        """The fleet's pod with a hostPort, and the port. Raises NoVerdict when there is none; require "host_port"."""
        if self.fleet.host_port_pod is None:
            raise NoVerdict(f"no pod with a hostPort: {self.attachment.state.missing.get('host_port', '')}")
        return self.fleet.host_port_pod, self.fleet.host_port

    def restart(self, pod: Pod) -> None:
        """End the agent of a pod, and wait until the kubelet has started its container again."""
        before = _restarts(self.api.get("v1", "Pod", pod.name, pod.namespace))
        deadline = Deadline(PODS_SECONDS)
        while deadline.left():
            if self._ended(pod) and self._started_again(pod, before, Deadline(RESTART_SECONDS)):
                return
        raise PodNotReady(f"the container of {pod.namespace}/{pod.name} was ended, but not started again")

    def _started_again(self, pod: Pod, before: int, deadline: Deadline) -> bool:
        while deadline.left():
            now = self.api.get("v1", "Pod", pod.name, pod.namespace)
            if _restarts(now) > before and ready(now):
                return True
            time.sleep(0.05)
        return False

    def _ended(self, pod: Pod) -> bool:
        """Ask a pod's agent to end; return False while it does not serve yet and so cannot be asked."""
        try:
            self.attachment.prober.ask(pod, {"op": "end", "port": pod.port}, again=False)
        except AgentRefused as error:
            if error.errno != "ECONNREFUSED":
                raise
            time.sleep(0.05)
            return False
        except AgentLost:
            # The exec'd agent dies with the container, so its answer may be lost. Whether it was asked, only the
            # container's restart tells.
            return True
        return True

    @contextmanager
    def namespace(
        self, purpose: str, *, enforce: str = "restricted", labels: Mapping[str, str] | None = None
    ) -> Iterator[Namespace]:
        """Make a namespace; delete it on leaving. ``enforce`` is its Pod Security level."""
        run_id, settings = self.attachment.state.run_id, self.attachment.settings
        manifest = pods.namespace(run_id, purpose, settings, enforce=enforce, more=labels)
        name = manifest["metadata"]["name"]
        try:
            fleet.make_namespace(self.api, run_id, manifest, settings)
            yield Namespace(self, name)
        finally:
            # When the API does not answer now, the end of the run removes it, or says that it could not. Raised here
            # it would hide what has happened before, and take the test's verdict away.
            with suppress(ApiError):
                self.api.delete_all("v1", "Pod", name, grace=0)
                self.api.delete("v1", "Namespace", name)


class Namespace:
    """A namespace of a test's own; everything in it goes with it."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self._cluster = cluster
        self.name = name

    def pod(self, name: str, node: str = "", **wanted: Any) -> Pod:
        """Start a probe pod and wait until it is Ready. More by the fields of PodRequest, such as ``labels``."""
        return self.start(PodRequest(name, node, **wanted))[0]

    def pods(self, *names: str) -> tuple[Pod, ...]:
        """Start probe pods side by side, spread over the nodes in turn."""
        nodes = self._cluster.nodes
        return self.start(*(PodRequest(name, nodes[place % len(nodes)].name) for place, name in enumerate(names)))

    def replicas(self, name: str, **wanted: Any) -> tuple[Pod, ...]:
        """Start a probe pod on each of two nodes, NAME-1 and NAME-2; two on one node when there are no two."""
        nodes = self._cluster.nodes
        return self.start(*(PodRequest(f"{name}-{n + 1}", nodes[n % len(nodes)].name, **wanted) for n in range(2)))

    def start(self, *wanted: PodRequest) -> tuple[Pod, ...]:
        """Start the wanted pods side by side and wait until all are Ready. Raises PodNotReady."""
        self.create(*wanted)
        return self.wait(*(request.name for request in wanted))

    def create(self, *wanted: PodRequest) -> None:
        """Create the wanted pods; ``wait`` tells when they are Ready."""
        attachment = self._cluster.attachment
        for request in wanted:
            attachment.api.create(pods.probe_pod(attachment.state.run_id, self.name, request, attachment.settings))

    def begin(self, name: str, node: str = "", **wanted: Any) -> None:
        """Create a probe pod and do not wait for it; see ``wait`` and ``becomes_ready``."""
        self.create(PodRequest(name, node, **wanted))

    def becomes_ready(self, name: str, *, seconds: float) -> bool:
        """Tell whether a pod is Ready within some seconds."""
        try:
            wait_for_pods(self._cluster.api, self.name, [name], Deadline(seconds))
        except PodNotReady:
            return False
        return True

    def wait(self, *names: str) -> tuple[Pod, ...]:
        """Wait until pods are Ready and return them as they are now."""
        found = wait_for_pods(self._cluster.api, self.name, names, Deadline(PODS_SECONDS))
        return tuple(fleet.as_pod(obj) for obj in found)

    def wait_running(self, *names: str) -> tuple[Pod, ...]:
        """Wait until pods run, Ready or not, and return them as they are now."""
        found = wait_for_pods(self._cluster.api, self.name, names, Deadline(PODS_SECONDS), until=running)
        return tuple(fleet.as_pod(obj) for obj in found)

    def get(self, api_version: str, kind: str, name: str) -> Object:
        """Return an object of this namespace as the API has it now."""
        return self._cluster.api.get(api_version, kind, name, self.name)

    def objects(self, api_version: str, kind: str, *, labels: str | None = None) -> list[Object]:
        """Return the objects of a kind in this namespace."""
        return self._cluster.api.objects(api_version, kind, self.name, labels=labels)

    def label(self, pod: Pod, **changed: str | None) -> None:
        """Give a pod other labels; None takes one away."""
        self._cluster.api.patch("v1", "Pod", pod.name, {"metadata": {"labels": changed}}, self.name)

    def twins(self, name: str) -> tuple[Pod, Pod]:
        """Start one pod with two containers and return it as each of them sees it."""
        first = self.pod(name, containers={"first": (pods.POD_PORT,), "second": (pods.POD_PORT + 1,)})
        return first, replace(first, container="second", port=pods.POD_PORT + 1)

    def end(self, pod: Pod, *, grace: int) -> None:
        """Delete a pod and do not wait until it is gone: it has ``grace`` seconds to end."""
        self._cluster.api.delete("v1", "Pod", pod.name, self.name, grace=grace)

    def delete(self, *doomed: Pod, grace: int = 0) -> None:
        """Delete pods and wait until they are gone.

        With a ``grace`` of some seconds their addresses are free then; with 0 this may take a moment longer.
        """
        for pod in doomed:
            self._cluster.api.delete("v1", "Pod", pod.name, self.name, grace=grace)
        for pod in doomed:
            self._cluster.api.wait_gone("v1", "Pod", pod.name, self.name)

    def service(self, name: str, *, port: int = 80, target: str | None = None, **spec: Any) -> Object:
        """Make a Service for the pod ``target`` (or for ``selector=...``). More by the fields of a Service's spec."""
        whole = {
            "selector": {"k8snet.io/pod": target or name},
            "ports": [{"port": port, "targetPort": pods.POD_PORT}],
        } | spec
        return self.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": whole})

    def policy(self, name: str, *, to: Pod, allow: Pod) -> Object:
        """Make a NetworkPolicy: of all pods of this namespace, only ``allow`` may connect to ``to``."""
        spec = {
            "podSelector": _selects(to),
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": _selects(allow)}]}],
        }
        kind = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
        return self.apply(kind | {"metadata": {"name": name}, "spec": spec})

    def apply(self, manifest: Mapping[str, Any]) -> Object:
        """Apply a manifest in this namespace."""
        run = {labels.RUN: self._cluster.attachment.state.run_id}
        metadata = dict(manifest["metadata"])
        metadata |= {"namespace": self.name, "labels": metadata.get("labels", {}) | run}
        return self._cluster.api.apply({**manifest, "metadata": metadata})

    def selected(self, selector: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of the pods that the ``matchLabels`` of a selector name, as the API finds them."""
        wanted = ",".join(f"{key}={value}" for key, value in selector["matchLabels"].items())
        found = self._cluster.api.objects("v1", "Pod", self.name, labels=wanted)
        return tuple(sorted(pod["metadata"]["name"] for pod in found))

    def remove(self, manifest: Mapping[str, Any]) -> None:
        """Delete what a manifest describes from this namespace."""
        self._cluster.api.delete(manifest["apiVersion"], manifest["kind"], manifest["metadata"]["name"], self.name)


def _restarts(pod: Object) -> int:
    return sum(status["restartCount"] for status in pod.get("status", {}).get("containerStatuses") or ())


def _selects(pod: Pod) -> Object:
    return {"matchLabels": {"k8snet.io/pod": pod.name}}
