"""Updating a Deployment under load, and counting the requests that it costs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.errors import PodNotReady
from pytest_k8snet.kube import pods
from pytest_k8snet.kube.pods import PodRequest
from pytest_k8snet.kube.wait import Deadline
from pytest_k8snet.probe.observation import Outcome, Pod, Probe
from pytest_k8snet.probing import Probing
from pytest_k8snet.services.served import Door

REPLICAS = 2
ROLLOUT_SECONDS = 120.0
AT_ONCE = 4
REQUEST_SECONDS = 3.0
"""A request without an answer by then is lost: a pod that has just begun on a busy machine may need more than one."""

Object = dict[str, Any]


class Rollout:
    """A Deployment of agents that go on serving for ``drain`` seconds after they were told to end."""

    def __init__(
        self, cluster: Cluster, namespace: Namespace, name: str, labels: dict[str, str], *, drain: int
    ) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._name = name
        request = PodRequest(name, labels=labels, readiness=True, drain=drain)
        state, settings = cluster.attachment.state, cluster.attachment.settings
        self._template = pods.probe_pod(state.run_id, namespace.name, request, settings)
        self._labels = labels

    def start(self) -> tuple[Pod, ...]:
        """Make the Deployment and wait for its pods."""
        self._namespace.apply(self._manifest("1"))
        self._rolled_out()
        return self._namespace.wait(*(pod["metadata"]["name"] for pod in self._pods()))

    def lost_requests(self, probing: Probing, doors: Collection[Door], clients: Collection[Pod]) -> list[str]:
        """Replace all pods while requests are made all the time; return those that were not answered, in words."""
        probes = self._requests(doors, clients)
        prober = self._cluster.attachment.prober
        patience = replace(prober.patience, timeout=REQUEST_SECONDS, attempts=1)
        self._namespace.apply(self._manifest("2"))
        made, lost, slowest, deadline, over = 0, [], 0.0, Deadline(ROLLOUT_SECONDS), False
        while not over:
            # What comes after the last of the old pods is gone counts as well.
            over = self._is_over() and len(self._pods()) == REPLICAS
            seen = prober.observe(probes, patience)
            slowest = max([slowest, *(saw.millis for saw in seen.values() if saw.outcome is Outcome.CONNECTED)])
            made += sum(saw.outcome is not Outcome.PROBE_ERROR for saw in seen.values())
            lost += [
                f"{probe.source.name} -> {probe.column} at {probe.address}: {saw.outcome} {saw.detail}".rstrip()
                for probe, saw in seen.items()
                if saw.outcome not in (Outcome.CONNECTED, Outcome.PROBE_ERROR)
            ]
            if not deadline.left():
                raise PodNotReady(f"the Deployment {self._name} was not updated within {ROLLOUT_SECONDS:g} s")
        probing.measured("requests during the update", made, "requests")
        probing.measured("lost requests", len(lost), "requests")
        probing.measured("slowest answered request", round(slowest / 1000, 3), "s")
        return lost

    @staticmethod
    def _requests(doors: Collection[Door], clients: Collection[Pod]) -> list[Probe]:
        return [
            Probe(client, door.address, door.port, door.protocol, door.name, attempt=attempt)
            for door in doors
            for client in clients
            for attempt in range(AT_ONCE)
        ]

    def _rolled_out(self) -> None:
        deadline = Deadline(ROLLOUT_SECONDS)
        while not self._is_over():
            if not deadline.left():
                raise PodNotReady(f"the Deployment {self._name} was not ready within {ROLLOUT_SECONDS:g} s")

    def _is_over(self) -> bool:
        now = self._namespace.get("apps/v1", "Deployment", self._name)
        status = now.get("status", {})
        numbers = [status.get(field, 0) for field in ("replicas", "updatedReplicas", "availableReplicas")]
        return status.get("observedGeneration") == now["metadata"]["generation"] and set(numbers) == {REPLICAS}

    def _pods(self) -> list[Object]:
        return self._namespace.objects("v1", "Pod", labels=",".join(f"{k}={v}" for k, v in self._labels.items()))

    def _manifest(self, version: str) -> Object:
        metadata = {"labels": self._template["metadata"]["labels"], "annotations": {"k8snet.io/version": version}}
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": self._name},
            "spec": {
                "replicas": REPLICAS,
                "selector": {"matchLabels": self._labels},
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
                "template": {"metadata": metadata, "spec": self._template["spec"]},
            },
        }
