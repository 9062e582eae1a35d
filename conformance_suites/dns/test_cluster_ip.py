"""The records of Services with a cluster IP, by value."""

from __future__ import annotations

from conformance_suites.clauses import DNS_CLUSTER_IP
from conformance_suites.dns.shop import WEB_PORTS, Shop
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.dns.naming import Naming
from pytest_k8snet.dns.questions import KIND
from pytest_k8snet.oracle.dns_records import reverse_name
from pytest_k8snet.probe.observation import Family


@each_family
@check(
    "DNS-001",
    spec=DNS_CLUSTER_IP,
    level="core",
    catches=("dns-service-address-wrong", "dns-namespace-ignored", "dns-nxdomain-for-nodata"),
)
def test_a_service_has_its_cluster_ips_and_no_other_address(naming: Naming, shop: Shop, family: Family) -> None:
    """The name of a Service has exactly its cluster IPs as A and AAAA records, at every server, over UDP and TCP."""
    zone = naming.zone(shop.first, shop.second)
    names = [
        naming.name("web", shop.first),
        naming.name("web", shop.second),
        naming.name("plain", shop.first),
        naming.name("single", shop.first),
    ]
    expected = naming.by_value("cluster IPs", zone, [(name, KIND[family]) for name in names])
    assert naming(expected) == expected


@check("DNS-002", spec=DNS_CLUSTER_IP, level="core", catches=("dns-srv-port-wrong", "dns-namespace-ignored"))
def test_a_named_port_has_a_service_record(naming: Naming, shop: Shop) -> None:
    """Each named port of a Service has an SRV record with its number and the Service's name."""
    zone = naming.zone(shop.first, shop.second)
    names = [
        f"_{port['name']}._{str(port.get('protocol', 'TCP')).lower()}.{naming.name('web', namespace)}"
        for namespace in (shop.first, shop.second)
        for port in WEB_PORTS
    ]
    expected = naming.by_value("named ports", zone, [(name, "SRV") for name in names])
    assert naming(expected) == expected


@check("DNS-003", spec=DNS_CLUSTER_IP, level="core", catches=("dns-srv-of-unnamed-port",))
def test_a_port_without_a_name_has_no_service_record(naming: Naming, shop: Shop) -> None:
    """A port without a name, a wrong name and the right name with the wrong protocol have no SRV record."""
    zone, plain, web = naming.zone(shop.first), naming.name("plain", shop.first), naming.name("web", shop.first)
    names = [
        f"_80._tcp.{plain}",
        f"_http._tcp.{plain}",
        f"_http._udp.{web}",
        f"_query._tcp.{web}",
        f"_other._tcp.{web}",
    ]
    expected = naming.by_value("no such ports", zone, [(name, "SRV") for name in names])
    assert naming(expected) == expected


@each_family
@check("DNS-004", spec=DNS_CLUSTER_IP, level="core", catches=("dns-ptr-missing",))
def test_a_cluster_ip_leads_back_to_its_service(
    cluster: Cluster, naming: Naming, shop: Shop, family: Family, cached_reverse: int
) -> None:
    """Each cluster IP has a PTR record with the name of its Service."""
    zone = naming.zone(shop.first, shop.second)
    addresses = [
        address
        for namespace in (shop.first, shop.second)
        for service in cluster.api.objects("v1", "Service", namespace)
        for address in service["spec"].get("clusterIPs") or ()
        if address != "None" and Family.of(address) is family
    ]
    expected = naming.by_value("addresses", zone, [(reverse_name(address), "PTR") for address in addresses])
    expected = naming.within(expected, cached_reverse)
    assert naming(expected) == expected
