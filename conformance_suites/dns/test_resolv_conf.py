"""What a pod is told of name servers: /etc/resolv.conf by dnsPolicy and dnsConfig."""

from __future__ import annotations

from typing import Any

import pytest

from conformance_suites.clauses import DNS_CONFIG, DNS_POLICY, DNS_SEARCH_LIMITS
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.dns.naming import Naming
from pytest_k8snet.dns.resolving import told
from pytest_k8snet.dns.servers import ResolvConf
from pytest_k8snet.kube.pods import PodRequest

SERVER, SEARCHES, NDOTS = "192.0.2.53", ("one.example.test", "two.example.test"), "ndots:2"
CONFIG = {
    "nameservers": [SERVER],
    "searches": list(SEARCHES),
    "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}],
}

MANY = tuple(f"number-{number:02}.of-many.k8snet.example.test" for number in range(1, 25))
"""More than the six names and 256 characters of old resolvers, within the 32 and 2048 that Kubernetes takes."""


@pytest.fixture(scope="module")
def files(cluster: Cluster, namespace: Namespace) -> dict[str, ResolvConf]:
    """Return the resolv.conf of a pod of each kind."""
    kinds: dict[str, dict[str, Any]] = {
        "cluster-first": {},
        "none": {"dnsPolicy": "None", "dnsConfig": CONFIG},
        "default": {"dnsPolicy": "Default"},
        "added": {"dnsConfig": CONFIG},
        "many": {"dnsPolicy": "None", "dnsConfig": {"nameservers": [SERVER], "searches": list(MANY)}},
    }
    pods = namespace.start(*(PodRequest(name, spec=spec) for name, spec in kinds.items()))
    return told(cluster.attachment.prober, pods)


@check("DNS-060", spec=DNS_POLICY, level="core", catches=("resolv-conf-search-missing", "resolv-conf-ndots-one"))
def test_a_pod_asks_the_cluster_first(naming: Naming, namespace: Namespace, files: dict[str, ResolvConf]) -> None:
    """A pod is told the cluster's name server, the search list of its namespace, and ndots:5."""
    seen, domain = files["cluster-first"], naming.domain
    assert set(seen.nameservers) <= {server.address for server in naming.servers.front}
    assert seen.search[:3] == (f"{namespace.name}.svc.{domain}", f"svc.{domain}", domain)
    assert "ndots:5" in seen.options


@check("DNS-061", spec=DNS_POLICY, level="core", catches=("resolv-conf-default-as-cluster-first",))
def test_a_pod_with_the_policy_default_is_told_what_its_node_is(naming: Naming, files: dict[str, ResolvConf]) -> None:
    """With dnsPolicy Default a pod is not told the cluster's name server, nor names of the cluster to search."""
    seen = files["default"]
    assert not set(seen.nameservers) & {server.address for server in naming.servers.front}
    assert not [name for name in seen.search if name.endswith(f"svc.{naming.domain}")]


@check("DNS-062", spec=DNS_CONFIG, level="core", catches=("dns-policy-none-ignored", "resolv-conf-options-lost"))
def test_a_pod_with_the_policy_none_is_told_its_dns_config_alone(files: dict[str, ResolvConf]) -> None:
    """With dnsPolicy None a pod is told exactly what its dnsConfig says."""
    assert files["none"] == ResolvConf((SERVER,), SEARCHES, frozenset({NDOTS, "edns0"}))


@check("DNS-063", spec=DNS_CONFIG, level="core", catches=("dns-config-ignored", "resolv-conf-search-missing"))
def test_dns_config_adds_to_the_policy(naming: Naming, namespace: Namespace, files: dict[str, ResolvConf]) -> None:
    """What dnsConfig names is added to what the policy gives; an option of the same name takes its place."""
    seen = files["added"]
    assert set(seen.nameservers) - {server.address for server in naming.servers.front} == {SERVER}
    assert seen.search[0] == f"{namespace.name}.svc.{naming.domain}"
    assert set(SEARCHES) <= set(seen.search)
    assert [option for option in seen.options if option.startswith("ndots")] == [NDOTS]
    assert "edns0" in seen.options


@check("DNS-065", spec=DNS_SEARCH_LIMITS, level="extended", catches=("resolv-conf-search-cut",))
def test_a_pod_is_told_a_long_search_list(files: dict[str, ResolvConf]) -> None:
    """A search list of more than six names and 256 characters is told in full, in its order."""
    assert files["many"].search[: len(MANY)] == MANY


@check(
    "DNS-064",
    spec=DNS_POLICY,
    level="extended",
    requires=("host_network",),
    catches=("resolv-conf-search-missing", "resolv-conf-ndots-one"),
)
def test_a_host_network_pod_can_ask_the_cluster_first(cluster: Cluster, naming: Naming) -> None:
    """With ClusterFirstWithHostNet a pod on its node's network is told the same as one on the pod network."""
    with cluster.namespace("DNS of hostNetwork", enforce="privileged") as own:
        port = cluster.fleet.host_pods[0].port + 1
        pod = own.pod("host", host_network=True, containers={"agent": (port,)})
        seen = told(cluster.attachment.prober, [pod])[pod.name]
    assert set(seen.nameservers) <= {server.address for server in naming.servers.front}
    assert seen.search[:1] == (f"{own.name}.svc.{naming.domain}",)
    assert "ndots:5" in seen.options
