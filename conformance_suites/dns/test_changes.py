"""Name servers follow the API: what is made, changed and deleted, at every replica, and how fast."""

from __future__ import annotations

import random

from conformance_suites.clauses import DNS_CLUSTER_IP, DNS_EXTERNAL_NAME, DNS_HEADLESS
from conformance_suites.dns.shop import DB_PORTS, HTTP, any_address, endpoint, external_name, headless, slice_of
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.dns.naming import Naming
from pytest_k8snet.probe.observation import Expectation
from pytest_k8snet.probing import Probing


def follow(naming: Naming, probe: Probing, expected: Expectation, what: str, cached: int) -> None:
    """Demand that a change has come to every server, and report after how long: what is cached may be older."""
    expected = naming.within(expected, cached)
    table = naming(expected)
    assert table == expected
    probe.measured(f"{what} in DNS", round(table.seconds_to_converge or 0.0, 3), "s")


@check("DNS-050", spec=DNS_CLUSTER_IP, level="core", catches=("dns-replica-stale", "dns-changes-late"))
def test_a_service_is_in_dns_for_as_long_as_it_is_there(
    naming: Naming, probe: Probing, namespace: Namespace, cached: int
) -> None:
    """A new Service is found at every server, also by who has asked for it before; a deleted one is not."""
    asked = [(naming.name("changing", namespace.name), kind) for kind in naming.kinds]
    follow(naming, probe, naming.by_value("before", naming.zone(namespace.name), asked), "nothing", cached)
    made = namespace.service("changing", ports=[HTTP], ipFamilyPolicy="PreferDualStack")
    follow(naming, probe, naming.by_value("made", naming.zone(namespace.name), asked), "a new Service", cached)
    namespace.remove(made)
    follow(naming, probe, naming.by_value("deleted", naming.zone(namespace.name), asked), "a deleted Service", cached)


@check(
    "DNS-051",
    spec=DNS_HEADLESS,
    level="core",
    catches=("dns-replica-stale", "dns-changes-late", "dns-srv-port-wrong"),
)
def test_endpoints_are_in_dns_for_as_long_as_they_are_ready(
    cluster: Cluster, naming: Naming, probe: Probing, namespace: Namespace, cached: int
) -> None:
    """A new endpoint of a headless Service is found at every server, and one that is not ready any more is not."""
    numbers, family = random.Random(), cluster.families[0]
    name = naming.name("changing-db", namespace.name)
    asked = [(name, naming.kinds[0]), (f"_sql._tcp.{name}", "SRV"), (f"changing-2.{name}", naming.kinds[0])]
    hosts = {f"changing-{number}": any_address(family, numbers) for number in (1, 2)}
    headless(namespace, "changing-db", DB_PORTS)
    for what, ready in (("one endpoint", 1), ("a new endpoint", 2), ("an endpoint that is not ready any more", 1)):
        endpoints = [endpoint(hosts[host], host, ready=place < ready) for place, host in enumerate(sorted(hosts))]
        slice_of(namespace, "changing-db", family, endpoints, DB_PORTS)
        follow(naming, probe, naming.by_value(what, naming.zone(namespace.name), asked), what, cached)


@check("DNS-052", spec=DNS_EXTERNAL_NAME, level="core", catches=("dns-replica-stale", "dns-changes-late"))
def test_an_alias_leads_to_where_it_leads_now(
    naming: Naming, probe: Probing, namespace: Namespace, cached: int
) -> None:
    """A changed externalName is answered by every server."""
    asked = [(naming.name("changing-alias", namespace.name), "CNAME")]
    for target in ("one.example.test", "two.example.test"):
        external_name(namespace, "changing-alias", target)
        follow(naming, probe, naming.by_value(target, naming.zone(namespace.name), asked), "an alias", cached)


@check("DNS-053", spec=DNS_HEADLESS, level="core", catches=("dns-replica-stale", "dns-changes-late"))
def test_a_new_pod_is_in_dns_when_it_is_ready(
    naming: Naming, probe: Probing, namespace: Namespace, cached: int
) -> None:
    """A pod behind a headless Service is found from its becoming Ready until it is gone."""
    name = naming.name("changing-pods", namespace.name)
    asked = [(name, kind) for kind in naming.kinds]
    headless(namespace, "changing-pods", [HTTP], selector={"role": "changing"})
    naming(naming.by_value("before", naming.zone(namespace.name), asked))
    pod = namespace.pod("changing", labels={"role": "changing"})
    found = naming.by_value("Ready", naming.zone_with(name, pod.addresses, namespace.name), asked)
    follow(naming, probe, found, "a pod that is Ready", cached)
    namespace.delete(pod, grace=1)
    gone = naming.by_value("gone", naming.zone_with(name, (), namespace.name), asked)
    follow(naming, probe, gone, "a pod that is gone", cached)
