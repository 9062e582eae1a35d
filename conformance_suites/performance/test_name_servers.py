"""The latency of name servers: of each replica, of names in the cache and not, and of the walk along a search list."""

from __future__ import annotations

import math

import pytest

from conformance_suites.clauses import DNS_LATENCY, DNS_SERVICES_AND_PODS
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.dns.servers import NameServers
from pytest_k8snet.measure.latency.judging import shorter
from pytest_k8snet.measure.latency.names import known, path_to, replicas_beside_another, unknown, walked
from pytest_k8snet.measure.latency.reporting import figures
from pytest_k8snet.measure.latency.sample import Sample, merged
from pytest_k8snet.measuring import Measuring

MEDIAN_MS, TAIL_MS = 20, 100
"""The thresholds that Kubernetes' own scalability tests have for DNS (clusterloader2, dns-performance-metrics)."""

NEARLY_ALL, NEARLY_ALL_OF_FEW, FEW = 99, 90, 200
LOOKUPS = 3
RATE, MANY = 400, 1600
"""Questions in a second that are judged, and that are only told: what many need is a matter of the servers' CPU."""


@check("PERF-130", spec=DNS_SERVICES_AND_PODS, level="performance", catches=("dns-slow-replica",))
def test_no_replica_of_the_name_server_is_slower_than_another(
    cluster: Cluster, name_servers: NameServers, measure: Measuring
) -> None:
    """Each replica answers within 5 ms, or five times the time of another one, asked by the same pod."""
    source = cluster.fleet.pods[0]
    paths = [
        path_to(server, source, known(name_servers))
        for server in name_servers.replicas
        if server.family is cluster.families[0]
    ]
    if len(paths) < 2:
        pytest.skip(f"there is nothing to compare: {len(paths)} replica of the name server")
    found = replicas_beside_another(cluster.attachment.prober, paths, shorter(measure.plan))
    for path in paths:
        figures(measure, path.name, merged(path.samples))
    assert measure.beyond_limits(found, unit="ms", against="another replica") == []


def too_slow(name: str, sample: Sample) -> list[str]:
    """Return in words what of a sample takes longer than it may."""
    percent = NEARLY_ALL if sample.histogram.count >= FEW else NEARLY_ALL_OF_FEW
    median, tail = sample.percentile(50), sample.percentile(percent)
    found = [f"{name}: half of the answers take more than {median:.1f} ms"] if median > MEDIAN_MS else []
    return found + (
        [f"{name}: {100 - percent} % of the answers take more than {tail:.1f} ms"] if tail > TAIL_MS else []
    )


@check("PERF-131", spec=DNS_LATENCY, level="performance", catches=("dns-slow-replica",))
def test_names_are_found_within_the_time_that_kubernetes_expects(
    cluster: Cluster, name_servers: NameServers, measure: Measuring
) -> None:
    """Names of the cluster, cached or not, are answered within 20 ms in the median, and within 100 ms nearly always."""
    prober, source, front = cluster.attachment.prober, cluster.fleet.pods[0], name_servers.front[0]
    slow = []
    for what, messages in {"cached": known(name_servers), "not cached": unknown(name_servers)}.items():
        for rate in (RATE, MANY):
            name = f"{what}, {rate} questions a second"
            path = path_to(front, source, messages, name)
            sample = path.measure(prober, "dns", shorter(measure.plan).seconds, rate)
            figures(measure, name, sample)
            measure.figure(f"{name}: sent", sample.rate, "1/s")
            slow += too_slow(name, sample) if rate == RATE else []
    assert slow == []


@check("PERF-132", spec=DNS_SERVICES_AND_PODS, level="performance", catches=("dns-slow-replica",))
def test_the_walk_along_the_search_list_ends_in_time(
    cluster: Cluster, name_servers: NameServers, measure: Measuring
) -> None:
    """A name that the resolver completes by its search list is found; what the walk costs is reported."""
    direct, completed = walked(cluster.attachment.prober, cluster.fleet.pods[0], name_servers, LOOKUPS)
    assert math.isfinite(direct), "the whole name was not found"
    assert math.isfinite(completed), "the name without a dot at its end was not found"
    measure.figure("lookup of a whole name, median", direct, "ms")
    measure.figure("lookup along the search list, median", completed, "ms")
    measure.note(
        f"a dot at the end of names saves {completed - direct:.1f} ms a lookup ({completed / direct:.1f} times)"
    )
    assert completed <= TAIL_MS
