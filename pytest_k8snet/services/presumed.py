"""What a finer check of Services presumes: without it others fail and say where, and this one has nothing to judge."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.probe.observation import Expectation, Family, Pod, Protocol
from pytest_k8snet.probe.questions import reach
from pytest_k8snet.services.backends import Backends
from pytest_k8snet.services.questions import merged, through
from pytest_k8snet.services.served import TCP_UDP, Served

DIRECT_SECONDS = 6.0
AGAIN_SECONDS = 2.0
"""For what has had its time before, and did not come."""


class Presumption:
    """Skips checks for which the ground is not there. One in each process: it remembers what it has waited for."""

    def __init__(self, cluster: Cluster, clients: tuple[Pod, ...]) -> None:
        self._cluster = cluster
        self._clients = clients
        self._failed: set[str] = set()

    def reached(
        self, clients: Collection[Pod], pods: Collection[Pod], family: Family, protocols: Collection[Protocol] = TCP_UDP
    ) -> None:
        """Skip the check when the clients do not reach the pods at their own addresses, without NAT."""
        inside = [client for client in clients if client.addresses]
        if inside:
            asked = reach("directly", inside, pods, family, protocols, which=lambda *_: True, unchanged_source=True)
            self._demand(replace(asked, convergence=DIRECT_SECONDS), "MODEL-010 to 023")

    def served(self, served: Served, clients: Collection[Pod], *families: Family) -> None:
        """Skip the check when the clients are not answered by the right pods at the Service's cluster address."""
        asked = [
            through("at the cluster address", served, clients, served.inside(family), tries=4)
            for family in families or self._cluster.families
        ]
        self._demand(merged("a plain Service", *asked), "SVC-001 to 005")

    def plain(self, served: Served, pods: Collection[Pod], *families: Family) -> None:
        """Skip the check when one pod of each node does not reach the pods, or the Service in front of them.

        In some ``families``, in all that the cluster has when none is named.
        """
        for family in families or self._cluster.families:
            self.reached(self._clients, pods, family)
        self.served(served, self._clients, *families)

    def working(self, backends: Backends) -> None:
        """Skip the check when a plain Service is not answered as it should be."""
        with backends.service() as plain:
            self.plain(plain, backends.all.pods)

    def nodes(self, clients: Collection[Pod], family: Family) -> None:
        """Skip the check when the clients do not reach the nodes at their addresses."""
        hosts = self._cluster.with_family(self._cluster.fleet.host_pods, family)
        if hosts:
            asked = reach("nodes", clients, hosts, family, TCP_UDP)
            self._demand(replace(asked, convergence=DIRECT_SECONDS), "MODEL-020 to 024")

    def holds(self, asked: Expectation, see: str) -> None:
        """Skip the check when what it presumes does not come true; ``see`` names the check that fails then."""
        self._demand(asked, see)

    def _demand(self, asked: Expectation, see: str) -> None:
        limit = AGAIN_SECONDS if see in self._failed else asked.convergence
        table = self._cluster.attachment.prober(replace(asked, convergence=limit))
        self._failed.discard(see)
        if table.seconds_to_converge is None:
            self._failed.add(see)
            probe, _, _, why = table.mismatches()[0]
            pytest.skip(f"{asked.title}: {probe.source.name} -> {probe.column} {probe.protocol}: {why}; see {see}")
