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
from pytest_k8snet.measure.latency.sample import merged
from pytest_k8snet.measuring import Measuring

MEDIAN_MS, TAIL_MS = 20, 100
"""The thresholds that Kubernetes' own scalability tests have for DNS (clusterloader2, dns-performance-metrics)."""

NEARLY_ALL, NEARLY_ALL_OF_FEW, FEW = 99, 90, 200
LOOKUPS = 3
RATES = (400, 1600)


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


@check("PERF-131", spec=DNS_LATENCY, level="performance", catches=("dns-slow-replica",))
def test_names_are_found_within_the_time_that_kubernetes_expects(
    cluster: Cluster, name_servers: NameServers, measure: Measuring
) -> None:
    """Names of the cluster, cached or not, are answered within 20 ms in the median, and within 100 ms nearly always."""
    prober, source, front = cluster.attachment.prober, cluster.fleet.pods[0], name_servers.front[0]
    slow = []
    for what, messages in {"cached": known(name_servers), "not cached": unknown(name_servers)}.items():
        for rate in RATES:
            name = f"{what}, {rate} questions a second"
            path = path_to(front, source, messages, name)
            sample = path.measure(prober, "dns", shorter(measure.plan).seconds, rate)
            figures(measure, name, sample)
            measure.figure(f"{name}: sent", sample.rate, "1/s")
            if (median := sample.percentile(50)) > MEDIAN_MS:
                slow.append(f"{name}: half of the answers take more than {median:.1f} ms")
            percent = NEARLY_ALL if sample.histogram.count >= FEW else NEARLY_ALL_OF_FEW
            if (tail := sample.percentile(percent)) > TAIL_MS:
                slow.append(f"{name}: {100 - percent} % of the answers take more than {tail:.1f} ms")
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
