"""By which address hosts outside the cluster are seen where nothing changes it: by a node that they ask directly."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.probe.observation import Expectation, Family, Pod, Protocol
from pytest_k8snet.probe.questions import reach
from pytest_k8snet.services.questions import SeenAs, own_address
from pytest_k8snet.services.served import TCP_UDP, Door

DIRECT_SECONDS = 3.0


def from_outside(cluster: Cluster, family: Family) -> Expectation:
    """Expect that the host outside reaches the hostNetwork pod of each node: the control for what it must not reach."""
    hosts = cluster.with_family(cluster.fleet.host_pods, family)
    return reach("nodes, from outside", [cluster.outside], hosts, family, TCP_UDP)


def seen_by_nodes(cluster: Cluster, family: Family) -> SeenAs:
    """Return how endpoints must see a client whose address nothing changes: as the node that it asks sees it.

    Skips the check when the host outside does not reach the nodes.
    """
    asked = from_outside(cluster, family)
    table = cluster.attachment.prober(asked)
    if wrong := table.mismatches():
        probe, _, _, why = wrong[0]
        pytest.skip(f"{probe.source.name} -> {probe.column}: {why}; see EXP-001")
    known: dict[tuple[str, Protocol], str] = {
        (probe.target_node, probe.protocol): seen.server.source
        for probe, seen in table.seen.items()
        if seen.server is not None
    }

    def seen_as(client: Pod, door: Door) -> str:
        if client.addresses:
            return own_address(client, door)
        by_all = {source for (_, protocol), source in known.items() if protocol is door.protocol}
        return known.get((door.node, door.protocol), "") if door.node else _only(by_all)

    return seen_as


def _only(values: Collection[str]) -> str:
    return next(iter(values)) if len(values) == 1 else ""
