"""The latency between pods of each two nodes, for a picture: one short measurement each, and no verdict."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.errors import MeasurementError
from pytest_k8snet.measure.latency.paths import Path
from pytest_k8snet.probe.observation import Family, Pod
from pytest_k8snet.probe.prober import Prober

LARGEST = 6
"""Nodes: 36 measurements are enough, and of so many a picture can still be read."""

Pair = tuple[str, str]


def between_all_nodes(cluster: Cluster, family: Family) -> dict[Pair, Path]:
    """Return a path from a pod of each node to one of each, of the first LARGEST nodes."""
    names = [node.name for node in cluster.nodes[:LARGEST]]
    of_node: dict[str, list[Pod]] = {name: [pod for pod in cluster.fleet.pods if pod.node == name] for name in names}
    found = {}
    for here in names:
        for there in names:
            source = of_node[here][0]
            others = [pod for pod in of_node[there] if pod != source]
            if others:
                target = others[0]
                found[here, there] = Path(f"{here} -> {there}", source, target.address(family), target.port)
    return found


def echo_medians(prober: Prober, paths: Mapping[Pair, Path], seconds: float) -> dict[Pair, float]:
    """Return the median of a UDP echo along each path in milliseconds; paths that cannot be measured are left out."""
    found = {}
    for pair, path in paths.items():
        try:
            found[pair] = path.measure(prober, "echo", seconds).percentile(50)
        except MeasurementError:
            continue  # no verdict is built on it, and the picture shows the hole
    return found
