"""The cluster, as tests see it: its nodes and fleet, and namespaces in which a test makes what it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pytest_k8snet import fleet
from pytest_k8snet.attach import Attachment
from pytest_k8snet.errors import NoVerdict
from pytest_k8snet.kube import labels, pods
from pytest_k8snet.kube.client import KubeApi, Object
from pytest_k8snet.kube.pods import PodRequest
from pytest_k8snet.kube.wait import Deadline, wait_for_pods
from pytest_k8snet.probe.observation import Family, Pod
from pytest_k8snet.state import Fleet, Node

PODS_SECONDS = 120.0


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
    def mtu(self) -> int:
        """The smallest interface MTU of the fleet's pods in bytes."""
        return self.attachment.state.mtu

    @contextmanager
    def namespace(self, purpose: str, *, enforce: str = "restricted") -> Iterator[Namespace]:
        """Make a namespace; delete it on leaving. ``enforce`` is its Pod Security level."""
        run_id = self.attachment.state.run_id
        name = labels.namespace_name(run_id, purpose)
        try:
            fleet.make_namespace(self.api, run_id, purpose, self.attachment.settings, enforce=enforce)
            yield Namespace(self, name)
        finally:
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

    def start(self, *wanted: PodRequest) -> tuple[Pod, ...]:
        """Start the wanted pods side by side and wait until all are Ready. Raises PodNotReady."""
        attachment = self._cluster.attachment
        for request in wanted:
            attachment.api.create(pods.probe_pod(attachment.state.run_id, self.name, request, attachment.settings))
        return self.wait(*(request.name for request in wanted))

    def wait(self, *names: str) -> tuple[Pod, ...]:
        """Wait until pods are Ready and return them as they are now."""
        found = wait_for_pods(self._cluster.api, self.name, names, Deadline(PODS_SECONDS))
        return tuple(fleet.as_pod(obj) for obj in found)

    def delete(self, pod: Pod) -> None:
        """Delete a pod and wait until it is gone."""
        self._cluster.api.delete("v1", "Pod", pod.name, self.name, grace=0)
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


def _selects(pod: Pod) -> Object:
    return {"matchLabels": {"k8snet.io/pod": pod.name}}
