"""Records by the Kubernetes DNS specification: https://github.com/kubernetes/dns/blob/master/docs/specification.md."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.embedded.dns.records import Objects, Records, build_records, pod_address, reverse_name

ZONE = "cluster.local"


def namespace(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name}}


def service(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "ns"}, "spec": {"type": "ClusterIP", **spec}}


def endpoint_slice(owner: str, *endpoints: dict[str, Any], **more: Any) -> dict[str, Any]:
    labels = {"kubernetes.io/service-name": owner}
    metadata = {"name": f"{owner}-1", "namespace": "ns", "labels": labels}
    return {"metadata": metadata, "addressType": "IPv4", "endpoints": list(endpoints), **more}


def endpoint(address: str, ready: bool | None = True, **more: Any) -> dict[str, Any]:
    return {"addresses": [address], "conditions": {} if ready is None else {"ready": ready}, **more}


def records(*services: dict[str, Any], slices: tuple[dict[str, Any], ...] = ()) -> Records:
    return build_records(Objects(services, slices, (namespace("ns"),)), ZONE)


def test_a_service_has_its_addresses_ports_and_names_of_its_addresses() -> None:
    ports = [{"name": "Web", "protocol": "TCP", "port": 80}, {"protocol": "UDP", "port": 90}]
    made = records(service("web", clusterIP="10.96.0.7", clusterIPs=["10.96.0.7", "fd00::7"], ports=ports))
    name = "web.ns.svc.cluster.local"
    addresses = {"A": ("10.96.0.7",), "AAAA": ("fd00::7",)}
    assert made[name] == addresses | {"SRV": (f"0 100 80 {name}.", f"0 100 90 {name}.")}
    assert made[f"_web._tcp.{name}"] == addresses | {"SRV": (f"0 100 80 {name}.",)}
    assert made["7.0.96.10.in-addr.arpa"] == {"PTR": (f"{name}.",)}
    assert made[reverse_name("fd00::7")] == {"PTR": (f"{name}.",)}


def test_an_unnamed_port_has_no_name() -> None:
    made = records(service("web", clusterIP="10.96.0.7", ports=[{"protocol": "TCP", "port": 80}]))
    assert [name for name, kinds in made.items() if "SRV" in kinds] == ["web.ns.svc.cluster.local"]


def test_the_zone_names_the_service_of_the_name_server_if_there_is_one() -> None:
    own = service("kube-dns", clusterIP="10.96.0.10")
    own["metadata"]["namespace"] = "kube-system"
    assert records(own)["cluster.local"]["NS"] == ("kube-dns.kube-system.svc.cluster.local.",)
    assert records()["cluster.local"]["NS"] == ("ns.dns.cluster.local.",)


def test_a_headless_service_has_all_ready_endpoints_and_no_other() -> None:
    ready = (endpoint("10.0.0.1", hostname="One"), endpoint("10.0.0.2"), endpoint("10.0.0.3", None))
    slices = (endpoint_slice("h", *ready, endpoint("10.0.0.4", False), ports=[{"name": "p", "port": 5}]),)
    made = records(service("h", clusterIP="None"), slices=slices)
    name = "h.ns.svc.cluster.local"
    addresses = {"A": ("10.0.0.1", "10.0.0.2", "10.0.0.3")}
    assert made[f"one.{name}"] == {"A": ("10.0.0.1",), "SRV": (f"0 100 5 one.{name}.",)}
    assert made[f"10-0-0-2.{name}"] == {"A": ("10.0.0.2",), "SRV": (f"0 100 5 10-0-0-2.{name}.",)}
    assert made["1.0.0.10.in-addr.arpa"] == {"PTR": (f"one.{name}.",)}
    targets = (f"0 100 5 one.{name}.", f"0 100 5 10-0-0-2.{name}.", f"0 100 5 10-0-0-3.{name}.")
    assert made[name] == made[f"_p._tcp.{name}"] == addresses | {"SRV": targets}
    assert "4.0.0.10.in-addr.arpa" not in made


def test_publish_not_ready_addresses_shows_endpoints_that_are_not_ready() -> None:
    slices = (endpoint_slice("h", endpoint("10.0.0.4", False)),)
    made = records(service("h", clusterIP="None", publishNotReadyAddresses=True), slices=slices)
    assert made["h.ns.svc.cluster.local"] == {"A": ("10.0.0.4",)}


def test_a_headless_service_without_ready_endpoints_does_not_exist() -> None:
    made = records(service("h", clusterIP="None"), slices=(endpoint_slice("h", endpoint("10.0.0.4", False)),))
    assert "h.ns.svc.cluster.local" not in made


def test_endpoints_of_other_services_and_namespaces_do_not_count() -> None:
    foreign = endpoint_slice("h", endpoint("10.0.0.9"))
    foreign["metadata"]["namespace"] = "other"
    made = records(service("h", clusterIP="None"), slices=(foreign, endpoint_slice("i", endpoint("10.0.0.8"))))
    assert "h.ns.svc.cluster.local" not in made


def test_an_external_name_is_an_alias() -> None:
    made = records(service("x", type="ExternalName", externalName="www.example.test"))
    assert made["x.ns.svc.cluster.local"] == {"CNAME": ("www.example.test.",)}


def test_the_schema_version_and_the_names_above_services_exist() -> None:
    made = records()
    assert made["dns-version.cluster.local"] == {"TXT": ('"1.1.0"',)}
    for name in ("svc.cluster.local", "pod.cluster.local", "ns.svc.cluster.local", "ns.pod.cluster.local"):
        assert made[name] == {}
    assert "other.svc.cluster.local" not in made


@pytest.mark.parametrize(
    ("label", "address"),
    [("10-244-1-5", "10.244.1.5"), ("fd00-10--5", "fd00:10::5"), ("10-244-1", None), ("web", None), ("1", None)],
)
def test_the_label_of_a_pod_means_its_address(label: str, address: str | None) -> None:
    assert pod_address(label) == address


@given(
    st.lists(
        st.tuples(
            st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)),
            st.sampled_from([True, False, None]),
            st.sampled_from(["", "one", "two"]),
        ),
        max_size=6,
    ),
    st.lists(st.sampled_from(["web", "dns", ""]), max_size=3, unique=True),
)
def test_headless_records_agree_with_the_endpoints(
    endpoints: list[tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, bool | None, str]], ports: list[str]
) -> None:
    made_of = [endpoint(str(a), ready, **({"hostname": host} if host else {})) for a, ready, host in endpoints]
    slices = (endpoint_slice("h", *made_of, ports=[{"name": name, "port": 80} for name in ports]),)
    made = records(service("h", clusterIP="None"), slices=slices)
    name = "h.ns.svc.cluster.local"
    shown = {str(address) for address, ready, _ in endpoints if ready is not False}
    found = made.get(name, {})
    assert {*found.get("A", ()), *found.get("AAAA", ())} == shown
    assert (name in made) is bool(shown)
    for address in shown:
        for target in made[reverse_name(address)]["PTR"]:
            own = made[target.rstrip(".")]
            assert address in (*own.get("A", ()), *own.get("AAAA", ()))
    for port in filter(None, ports):
        targets = {value.split()[3].rstrip(".") for value in made.get(f"_{port}._tcp.{name}", {}).get("SRV", ())}
        assert {a for target in targets for kind in ("A", "AAAA") for a in made[target].get(kind, ())} == shown
    assert all(label == label.lower() for label in made)
