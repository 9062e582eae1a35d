"""The records of Services with a cluster IP, by value."""

from __future__ import annotations

from conformance_suites.clauses import DNS_SPECIFICATION
from conformance_suites.dns.shop import Shop
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.dns.naming import Naming
from pytest_k8snet.dns.questions import KIND
from pytest_k8snet.probe.observation import Family


@each_family
@check("DNS-001", spec=DNS_SPECIFICATION, level="core", catches=("dns-service-address-wrong",))
def test_a_service_has_its_cluster_ips_and_no_other_address(naming: Naming, shop: Shop, family: Family) -> None:
    """The name of a Service has exactly its cluster IPs as A and AAAA records, at every server, over UDP and TCP."""
    zone = naming.zone(shop.first, shop.second)
    names = [f"web.{shop.first}", f"web.{shop.second}", f"plain.{shop.first}"]
    expected = naming.by_value("cluster IPs", zone, [(f"{name}.svc.{naming.domain}", KIND[family]) for name in names])
    assert naming(expected) == expected
