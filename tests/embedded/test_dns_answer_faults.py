"""Faults in what name servers answer, and in what pods are told: each breaks one thing and is gone when restored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dns.flags
import dns.message
import pytest

from tests.embedded.conftest import Space
from tests.embedded.dns_client import Client

DNS = "kube-dns.kube-system.svc.cluster.local"
Asked = tuple[str, str]

ALTERED: dict[str, Asked] = {
    # fault: a question that is answered otherwise; the answer to another one stays
    "dns-alias-not-followed": ("alias", "A"),
    "dns-case-lost": ("DB", "A"),
    "dns-case-sensitive": ("DB", "A"),
    "dns-cname-wrong": ("alias", "CNAME"),
    "dns-edns-ignored": ("db", "A"),
    "dns-endpoint-ptr-missing": ("1.2.18.198.in-addr.arpa", "PTR"),
    "dns-headless-one-endpoint": ("db", "A"),
    "dns-hostname-missing": ("db-1.db", "A"),
    "dns-id-wrong": ("none", "A"),
    "dns-nodata-for-nxdomain": ("none", "A"),
    "dns-nxdomain-for-nodata": ("db", "MX"),
    "dns-pod-names-missing": ("10-9-8-7.kube-system.pod.cluster.local", "A"),
    "dns-ptr-missing": ("10.0.96.10.in-addr.arpa", "PTR"),
    "dns-reverse-kept": ("7.100.51.198.in-addr.arpa", "PTR"),
    "dns-service-address-wrong": ("plain", "A"),
    "dns-soa-missing": ("none", "A"),
    "dns-srv-of-unnamed-port": ("_80._tcp.plain", "SRV"),
    "dns-srv-port-wrong": ("_sql._tcp.db", "SRV"),
    "dns-srv-target-wrong": ("_sql._tcp.db", "SRV"),
    "dns-truncation-unsaid": ("big.example.test", "TXT"),
    "dns-ttl-wrong": ("db", "A"),
    "dns-unready-published": ("db", "A"),
    "dns-version-missing": ("dns-version.cluster.local", "TXT"),
}

FILES: dict[str, tuple[str, dict[str, Any]]] = {
    # fault: the file of which the pod finds another text, and the pod
    "dns-config-ignored": ("resolv.conf", {"dnsConfig": {"searches": ["more.test"]}}),
    "dns-policy-none-ignored": (
        "resolv.conf",
        {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["192.0.2.1"], "searches": ["more.test"]}},
    ),
    "host-aliases-missing": ("hosts", {"hostAliases": [{"ip": "192.0.2.1", "hostnames": ["alias"]}]}),
    "resolv-conf-default-as-cluster-first": ("resolv.conf", {"dnsPolicy": "Default"}),
    "resolv-conf-ndots-one": ("resolv.conf", {}),
    "resolv-conf-options-lost": (
        "resolv.conf",
        {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["192.0.2.1"], "options": [{"name": "edns0"}]}},
    ),
    "resolv-conf-search-cut": ("resolv.conf", {"dnsConfig": {"searches": [f"{n}.more.test" for n in range(8)]}}),
    "resolv-conf-search-missing": ("resolv.conf", {}),
    "subdomain-ignored": ("hosts", {"hostname": "first", "subdomain": "db"}),
}

PAGES = {"dns-health-closed": (8080, "health"), "dns-ready-closed": (8181, "ready"), "dns-metrics-closed": (9153, "")}


@pytest.fixture(scope="module")
def client(module_space: Space) -> Client:
    def apply(kind: str, name: str, **more: Any) -> None:
        version = "discovery.k8s.io/v1" if kind == "EndpointSlice" else "v1"
        metadata = {"name": name, "namespace": module_space.name, "labels": more.pop("labels", {})}
        module_space.api.create({"apiVersion": version, "kind": kind, "metadata": metadata, **more})

    port = {"name": "sql", "port": 5432}
    apply("Service", "db", spec={"clusterIP": "None", "ports": [port]})
    apply("Service", "plain", spec={"ports": [{"port": 80}]})
    apply("Service", "alias", spec={"type": "ExternalName", "externalName": DNS})
    endpoints = [
        {"addresses": [f"198.18.2.{n}"], "hostname": f"db-{n}", "conditions": {"ready": n < 3}} for n in (1, 2, 3)
    ]
    labels = {"kubernetes.io/service-name": "db"}
    ports = [port | {"protocol": "TCP"}]
    apply("EndpointSlice", "db-1", labels=labels, addressType="IPv4", endpoints=endpoints, ports=ports)
    made = Client(module_space)
    made.wait(lambda: len(made.values(f"db.{module_space.name}.svc.cluster.local")) == 2, "the endpoints in DNS")
    return made


def answer(client: Client, asked: Asked) -> tuple[Any, ...]:
    """All that a fault may change of an answer but the order of records."""
    name, kind = asked
    whole = name if name.endswith((".arpa", ".local", ".test")) else f"{name}.{client.space.name}.svc.cluster.local"
    query = dns.message.make_query(f"{whole}.", kind, use_edns=0, payload=1232)
    seen = dns.message.from_wire(bytes.fromhex(client._exchange(query, "", False, 5)))
    remembered = name.endswith(".arpa")  # and then with a time to live that goes down
    texts = sorted(f"{s.name} {0 if remembered else s.ttl} {rdata}" for s in seen.answer for rdata in s)
    owners = [str(rrset.name) for rrset in seen.authority]
    truncated = bool(seen.flags & dns.flags.TC)
    return seen.rcode(), texts, owners, truncated, seen.edns, str(seen.question[0].name), seen.id == query.id


@pytest.mark.parametrize("name", ALTERED)
def test_one_answer_is_altered_and_another_is_not(client: Client, name: str) -> None:
    other = (DNS, "A") if name not in ("dns-edns-ignored", "dns-ttl-wrong", "dns-service-address-wrong") else None
    healthy = answer(client, ALTERED[name]), other and answer(client, other)
    with client.space.fault(name):
        assert answer(client, ALTERED[name]) != healthy[0]
        assert (other and answer(client, other)) == healthy[1]
    assert (answer(client, ALTERED[name]), other and answer(client, other)) == healthy


@pytest.mark.parametrize("name", FILES)
def test_a_new_pod_finds_another_text(client: Client, name: str) -> None:
    file, spec = FILES[name]

    def text(pod: str) -> str:
        client.space.create(pod, **spec)
        address = client.space.wait(pod)["status"]["podIPs"]
        found = client.space.exec(pod, "cat", f"/etc/{file}").stdout
        for entry in address:
            found = found.replace(entry["ip"], "itself")
        return found.replace(pod, "name")

    with client.space.fault(name):
        broken = text(f"{name}-1")
    assert broken != text(f"{name}-2")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_closed_to_pods_and_the_replica_stays_ready(client: Client, name: str) -> None:
    port, path = PAGES[name]
    url = f"http://{client.servers[0][0]}:{port}/{path or 'metrics'}"
    assert client.fetch(url)
    with client.space.fault(name):
        assert client.fetch(url) == ""
        assert len(client.replicas()) == 2
    assert client.fetch(url)


def outcomes(client: Client, name: str, times: int) -> set[str]:
    return {client.outcome(name, "A", client.servers[0][0]) for _ in range(times)}


def test_names_outside_get_no_answer(client: Client) -> None:
    assert outcomes(client, "www.example.test", 1) == {"NOERROR"}
    with client.space.fault("dns-forward-drops"):
        assert outcomes(client, "www.example.test", 1) == {"TimeoutError"}
        assert outcomes(client, DNS, 1) == {"NOERROR"}


def order(client: Client) -> list[str]:
    seen = client.ask("many.example.test", "A", client.servers[0][0])
    return [rdata.to_text() for rrset in seen.answer for rdata in rrset]


def test_the_order_of_addresses_is_fixed(client: Client) -> None:
    with client.space.fault("dns-order-fixed"):
        assert all(order(client) == sorted(order(client)) for _ in range(8))


@pytest.mark.parametrize("name", ["dns-replica-stale", "dns-changes-late"])
def test_a_change_is_not_heard_of(client: Client, name: str) -> None:
    service = f"changing-{name}.{client.space.name}.svc.cluster.local"
    metadata = {"name": f"changing-{name}", "namespace": client.space.name}
    known: Callable[[int], str] = lambda replica: client.outcome(service, "A", client.servers[replica][0])  # noqa: E731
    with client.space.fault(name):
        assert [known(0), known(1)] == ["NXDOMAIN"] * 2
        spec = {"ports": [{"port": 80}]}
        client.space.api.create({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
        if name == "dns-replica-stale":
            client.wait(lambda: known(1) == "NOERROR", "the Service at the other replica")
        assert known(0) == "NXDOMAIN"
    client.wait(lambda: known(0) == "NOERROR", "the Service at the replica that was stale")
