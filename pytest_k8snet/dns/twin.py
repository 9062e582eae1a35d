"""A twin of a name server: started beside the replicas, as they are, but behind no Service, so that it may be ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.dns.servers import NameServers, Server
from pytest_k8snet.errors import ApiError
from pytest_k8snet.kube import labels
from pytest_k8snet.kube.client import Object
from pytest_k8snet.kube.wait import Deadline, wait_for_pods

READY_SECONDS = 60.0
GRACE_SECONDS = 30
REFUSED = (403, 422)


@dataclass(frozen=True)
class Twin:
    """A pod that runs what a replica runs, by the same Corefile."""

    cluster: Cluster
    namespace: str
    name: str
    server: Server

    def end(self) -> None:
        """Delete the pod and do not wait: it has GRACE_SECONDS to end."""
        self.cluster.api.delete("v1", "Pod", self.name, self.namespace, grace=GRACE_SECONDS)

    def wait_gone(self) -> None:
        """Wait until the pod is gone. Raises ApiError."""
        self.cluster.api.wait_gone("v1", "Pod", self.name, self.namespace, seconds=2.0 * GRACE_SECONDS)


@contextmanager
def twin_of_a_replica(cluster: Cluster, servers: NameServers) -> Iterator[Twin]:
    """Start a twin and wait until it is Ready; remove it on leaving. Skips the check where that is not allowed.

    It belongs to a namespace of the run, so that the API removes it with this one, however the run ends.
    """
    state, model = cluster.attachment.state, servers.replicas[0]
    owner = cluster.api.get("v1", "Namespace", state.namespace)
    pod = _manifest(cluster.api.get("v1", "Pod", model.label, servers.namespace), state.run_id, owner)
    name = pod["metadata"]["name"]
    try:
        cluster.api.create(pod)
    except ApiError as error:
        if error.status not in REFUSED:
            raise
        pytest.skip(f"no twin of {model.label} can be made beside it: {error}")
    try:
        (ready,) = wait_for_pods(cluster.api, servers.namespace, [name], Deadline(READY_SECONDS))
        address = next(ip["ip"] for ip in ready["status"]["podIPs"] if Server("", ip["ip"]).family is model.family)
        yield Twin(cluster, servers.namespace, name, replace(model, label=name, address=address))
    finally:
        cluster.api.delete("v1", "Pod", name, servers.namespace, grace=0)


def _manifest(replica: Object, run_id: str, owner: Object) -> Object:
    """Return the twin of a replica; of its labels, by which others select it, it has none."""
    identity = {field: owner["metadata"][field] for field in ("name", "uid")}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"k8snet-{run_id}-twin",
            "namespace": replica["metadata"]["namespace"],
            "labels": {labels.RUN: run_id},
            "ownerReferences": [{"apiVersion": "v1", "kind": "Namespace", **identity}],
        },
        "spec": replica["spec"],
    }
