"""Records by the Kubernetes DNS specification, clause by clause."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.oracle.dns_records import Answer, Zone, address_kind, pod_name, reverse_name

DOMAIN = "cluster.local"
WEB = "web.shop.svc.cluster.local"
Object = dict[str, Any]


def service(name: str, **spec: Any) -> Object:
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": {"type": "ClusterIP", **spec}}


def piece(owner: str, *endpoints: Object, ports: tuple[Object, ...] = (), kind: str = "IPv4") -> Object:
    metadata = {"name": f"{owner}-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": owner}}
    return {"metadata": metadata, "addressType": kind, "endpoints": list(endpoints), "ports": list(ports)}


def endpoint(address: str, ready: bool | None = True, **more: Any) -> Object:
    return {"addresses": [address], "conditions": {} if ready is None else {"ready": ready}, **more}


def zone(*services: Object, slices: tuple[Object, ...] = ()) -> Zone:
    return Zone(DOMAIN, services, slices)


def values(found: Answer) -> tuple[str, set[str]]:
    return found.rcode, set(found.values)


def test_2_2_the_version_of_the_schema() -> None:
    assert values(zone().answer("dns-version.cluster.local", "TXT")) == ("NOERROR", {'"1.1.0"'})


def test_2_3_a_service_has_its_addresses_named_ports_and_reverse_names() -> None:
    ports = [{"name": "Http", "protocol": "TCP", "port": 80}, {"protocol": "UDP", "port": 90}]
    made = zone(service("web", clusterIP="10.0.0.7", clusterIPs=["10.0.0.7", "fd00::7"], ports=ports))
    assert values(made.answer(WEB, "A")) == ("NOERROR", {"10.0.0.7"})
    assert values(made.answer(WEB.upper(), "AAAA")) == ("NOERROR", {"fd00::7"})
    assert values(made.answer(f"_http._tcp.{WEB}", "SRV")) == ("NOERROR", {f"80 {WEB}."})
    assert values(made.answer("7.0.0.10.in-addr.arpa", "PTR")) == ("NOERROR", {f"{WEB}."})
    assert values(made.answer(reverse_name("fd00::7"), "PTR")) == ("NOERROR", {f"{WEB}."})
    assert made.names("SRV") == [f"_http._tcp.{WEB}"]


def test_a_name_that_exists_has_an_empty_answer_of_another_kind_and_one_that_does_not_is_an_error() -> None:
    made = zone(service("web", clusterIP="10.0.0.7"))
    assert values(made.answer(WEB, "AAAA")) == ("NOERROR", set())
    assert values(made.answer("shop.svc.cluster.local", "A")) == ("NOERROR", set())
    assert values(made.answer("none.shop.svc.cluster.local", "A")) == ("NXDOMAIN", set())
    assert values(made.answer("eb.shop.svc.cluster.local", "A")) == ("NXDOMAIN", set())


@pytest.mark.parametrize(("ready", "published"), [(True, True), (None, True), (False, False)])
def test_2_4_1_a_headless_service_has_the_addresses_of_its_ready_endpoints(ready: bool | None, published: bool) -> None:
    slices = (piece("db", endpoint("10.1.0.1"), endpoint("10.1.0.2", ready)),)
    found = values(zone(service("db", clusterIP="None"), slices=slices).answer("db.shop.svc.cluster.local", "A"))
    assert found == ("NOERROR", {"10.1.0.1"} | ({"10.1.0.2"} if published else set()))


def test_2_4_1_without_ready_endpoints_a_headless_service_has_no_name() -> None:
    slices = (piece("db", endpoint("10.1.0.2", False)),)
    made = zone(service("db", clusterIP="None"), slices=slices)
    assert values(made.answer("db.shop.svc.cluster.local", "A")) == ("NXDOMAIN", set())


def test_2_4_an_endpoint_with_a_hostname_has_names_there_and_back_and_one_without_only_its_address() -> None:
    ports = ({"name": "sql", "protocol": "TCP", "port": 5432}, {"name": "admin", "protocol": "TCP", "port": 1})
    slices = (piece("db", endpoint("10.1.0.1", hostname="db-1"), endpoint("10.1.0.2"), ports=ports),)
    made, name = zone(service("db", clusterIP="None"), slices=slices), "db.shop.svc.cluster.local"
    assert values(made.answer(f"db-1.{name}", "A")) == ("NOERROR", {"10.1.0.1"})
    assert values(made.answer(f"_sql._tcp.{name}", "SRV")) == ("NOERROR", {f"5432 db-1.{name}."})
    assert values(made.answer("1.0.1.10.in-addr.arpa", "PTR")) == ("NOERROR", {f"db-1.{name}."})
    assert values(made.answer("2.0.1.10.in-addr.arpa", "PTR")) == ("NXDOMAIN", set())


def test_2_5_an_external_name_is_an_alias_for_questions_of_every_kind() -> None:
    made = zone(service("ext", type="ExternalName", externalName="example.test."))
    for kind in ("A", "AAAA", "CNAME"):
        found = made.answer("ext.shop.svc.cluster.local", kind)
        assert (found.kind, *values(found)) == ("CNAME", "NOERROR", {"example.test."})


def test_slices_of_names_have_no_addresses() -> None:
    slices = (piece("db", endpoint("example.test"), kind="FQDN"),)
    made = zone(service("db", clusterIP="None"), slices=slices)
    assert values(made.answer("db.shop.svc.cluster.local", "A")) == ("NXDOMAIN", set())


@given(st.lists(st.ip_addresses(), min_size=1, max_size=4, unique=True))
def test_each_cluster_ip_leads_to_the_service_and_back(addresses: list[ipaddress.IPv4Address]) -> None:
    texts = [str(address) for address in addresses]
    made = zone(service("web", clusterIP=texts[0], clusterIPs=texts))
    for text in texts:
        assert text in made.answer(WEB, address_kind(text)).values
        assert made.answer(reverse_name(text), "PTR").values == {f"{WEB}."}


def test_a_pods_name_is_its_address_with_dashes() -> None:
    assert pod_name("10.1.0.2", "shop", DOMAIN) == "10-1-0-2.shop.pod.cluster.local"
    assert pod_name("fd00::2", "shop", DOMAIN) == "fd00--2.shop.pod.cluster.local"
