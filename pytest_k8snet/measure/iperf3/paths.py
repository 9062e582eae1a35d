"""The ways on which bandwidth is measured, and what stands for each of them in a cluster."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pytest_k8snet.measure.iperf3.bench import Site


class Path(enum.StrEnum):
    """From where to where. The values are names for people, and part of test ids."""

    HOSTS = "node to node"
    TWO_NODES = "pod to pod on another node"
    SAME_NODE = "pod to pod on the same node"
    CLUSTER_IP = "pod to the ClusterIP of a pod on another node"
    NODE_PORT = "pod to a NodePort of another node"
    TO_HOST = "pod to another node"

    @property
    def by_service(self) -> bool:
        """Whether a Service is on the way."""
        return self in (Path.CLUSTER_IP, Path.NODE_PORT)


@dataclass(frozen=True)
class Ends:
    """Where a path begins and ends."""

    client: Site
    server: Site


def ends_of(path: Path, near: str, far: str) -> Ends:
    """Return the ends of a path from one node to another."""
    server = Site(near if path is Path.SAME_NODE else far, host=path in (Path.HOSTS, Path.TO_HOST))
    return Ends(Site(near, host=path is Path.HOSTS), server)
