"""Latency of paths between pods, beside that between their nodes in the same minutes."""

from __future__ import annotations

import pytest

from conformance_suites.clauses import NETWORK_LATENCY
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.measure.latency.judging import latencies, shorter
from pytest_k8snet.measure.latency.matrix import between_all_nodes, echo_medians
from pytest_k8snet.measure.latency.paths import HOSTS, Places
from pytest_k8snet.measure.latency.reporting import report
from pytest_k8snet.measuring import Measuring
from pytest_k8snet.probe.observation import Family
from pytest_k8snet.probing import Probing

NEEDS = ("host_network", "two_nodes")


class Judging:
    """Measures one kind of latency for one test, and says what is beyond its limits."""

    def __init__(self, cluster: Cluster, places: Places, measure: Measuring) -> None:
        self._cluster = cluster
        self._prober = cluster.attachment.prober
        self._places = places
        self._measure = measure

    def beyond_limits(self, kind: str, family: Family) -> list[str]:
        """Return what takes much longer than between the nodes, in words."""
        baseline, *paths = self._places.paths(family)
        found = latencies(self._prober, kind, baseline, paths, shorter(self._measure.plan))
        report(self._measure, found)
        return self._measure.beyond_limits(found.to_be_decided, unit="ms", against=HOSTS)

    def show_all_nodes(self, family: Family) -> None:
        """Put into the report how long an echo takes between pods of each two nodes."""
        found = echo_medians(
            self._prober, between_all_nodes(self._cluster, family), shorter(self._measure.plan).seconds
        )
        self._measure.matrix(f"median of a UDP echo between pods, {family}", "ms", "lower", found)


@pytest.fixture
def latency(cluster: Cluster, latency_places: Places, measure: Measuring, probe: Probing, family: Family) -> Judging:
    """Return who measures; skip the test where pods do not reach each other at all."""
    latency_places.demand_working(cluster, probe, family)
    return Judging(cluster, latency_places, measure)


@each_family
@check("PERF-120", spec=NETWORK_LATENCY, level="performance", requires=NEEDS, catches=("path-delayed",))
def test_pods_connect_as_quickly_as_nodes(latency: Judging, family: Family) -> None:
    """A TCP handshake between pods, and with a Service, takes at most twice as long as between their nodes."""
    assert latency.beyond_limits("connect", family) == []


@each_family
@check("PERF-121", spec=NETWORK_LATENCY, level="performance", requires=NEEDS, catches=("path-delayed",))
def test_pods_are_answered_as_quickly_as_nodes(latency: Judging, family: Family) -> None:
    """A request on an open connection between pods, and with a Service, is answered at most half as quickly."""
    assert latency.beyond_limits("exchange", family) == []


@each_family
@check("PERF-122", spec=NETWORK_LATENCY, level="performance", requires=NEEDS, catches=("path-delayed",))
def test_datagrams_of_pods_are_echoed_as_quickly_as_those_of_nodes(latency: Judging, family: Family) -> None:
    """A UDP datagram between pods, and with a Service, comes back within twice the time that it takes between nodes."""
    latency.show_all_nodes(family)
    assert latency.beyond_limits("echo", family) == []
