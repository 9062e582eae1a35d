"""Questions from pods to the cluster's name servers, and what the resolver of a pod makes of the answers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import dns.flags
import dns.rcode
import pytest

from tests.embedded.conftest import Object, Space, addresses
from tests.embedded.dns_client import Client

RESOLVE = """
import json, socket, sys
found = {}
for name in json.loads(sys.argv[1]):
    try:
        found[name] = sorted({entry[4][0] for entry in socket.getaddrinfo(name, 1)})
    except socket.gaierror as error:
        found[name] = []
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def client(module_space: Space) -> Client:
    return Client(module_space)


@pytest.fixture(scope="module")
def zone(module_space: Space) -> str:
    """The domain of the namespace's Services; there is ``web`` with an address, and ``pods`` without."""
    ports = [{"name": "web", "port": 80}, {"name": "dns", "port": 53, "protocol": "UDP"}]
    make_service(module_space, "web", ports=ports, ipFamilyPolicy="PreferDualStack")
    make_service(module_space, "pods", clusterIP="None", ports=ports[:1])
    make_service(module_space, "away", type="ExternalName", externalName="www.example.test")
    module_space.api.create(
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": "pods-by-hand",
                "namespace": module_space.name,
                "labels": {"kubernetes.io/service-name": "pods"},
            },
            "addressType": "IPv4",
            "ports": [{"name": "web", "port": 8080, "protocol": "TCP"}],
            "endpoints": [
                {"addresses": ["10.244.9.1"], "hostname": "first", "conditions": {"ready": True}},
                {"addresses": ["10.244.9.2"], "conditions": {"ready": True}},
                {"addresses": ["10.244.9.3"], "conditions": {"ready": False}},
            ],
        }
    )
    return f"{module_space.name}.svc.cluster.local"


def make_service(space: Space, name: str, **spec: Any) -> Object:
    metadata = {"name": name, "namespace": space.name}
    return space.api.create({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})


def test_every_replica_answers_on_both_families_by_udp_and_tcp(client: Client, zone: str) -> None:
    service = client.space.api.get("v1", "Service", "web", client.space.name)
    four, six = service["spec"]["clusterIPs"]
    for server in (address for pair in client.servers for address in pair):
        client.wait(partial(client.values, f"web.{zone}", server=server), f"web at {server}")
        for tcp in (False, True):
            assert client.values(f"web.{zone}", "A", server, tcp) == [four]
            assert client.values(f"web.{zone}", "AAAA", server, tcp) == [six]


def test_srv_and_ptr_lead_to_the_service(client: Client, zone: str) -> None:
    (address,) = client.values(f"web.{zone}")
    assert client.values(f"_dns._udp.web.{zone}", "SRV") == [f"0 100 53 web.{zone}."]
    reverse = ".".join(reversed(address.split(".")))
    assert client.values(f"{reverse}.in-addr.arpa", "PTR") == [f"web.{zone}."]


def test_a_headless_service_has_its_ready_endpoints(client: Client, zone: str) -> None:
    client.wait(lambda: bool(client.values(f"pods.{zone}")), "an address of pods")
    assert client.values(f"pods.{zone}") == ["10.244.9.1", "10.244.9.2"]
    assert client.values(f"first.pods.{zone}") == ["10.244.9.1"]
    targets = [f"0 50 8080 10-244-9-2.pods.{zone}.", f"0 50 8080 first.pods.{zone}."]
    assert client.values(f"_web._tcp.pods.{zone}", "SRV") == targets


def test_a_name_that_is_not_there_is_told_from_one_without_such_records(client: Client, zone: str) -> None:
    missing, empty = client.ask(f"none.{zone}"), client.ask(f"web.{zone}", "TXT")
    assert (missing.rcode(), empty.rcode()) == (dns.rcode.NXDOMAIN, dns.rcode.NOERROR)
    assert not missing.answer
    assert not empty.answer
    assert [rrset.rdtype.name for message in (missing, empty) for rrset in message.authority] == ["SOA", "SOA"]


def test_an_external_name_is_followed_outside(client: Client, zone: str) -> None:
    assert client.values(f"away.{zone}", "CNAME") == ["www.example.test."]
    assert client.values(f"away.{zone}", "A") == ["203.0.113.2"]


def test_a_long_answer_from_outside_is_cut_by_udp_and_whole_by_tcp(client: Client) -> None:
    cut, whole = client.ask("big.example.test", "TXT"), client.ask("big.example.test", "TXT", tcp=True)
    assert cut.flags & dns.flags.TC
    assert not cut.answer
    assert not whole.flags & dns.flags.TC
    (rdata,) = whole.answer[0]
    assert sum(map(len, rdata.strings)) == 3000
    wide = client.ask("big.example.test", "TXT", use_edns=0, payload=4096)
    assert not wide.flags & dns.flags.TC
    assert wide.edns == 0


def test_the_resolver_of_a_pod_walks_the_search_list(client: Client, zone: str) -> None:
    space = client.space
    own = space.name
    config = {
        "nameservers": [client.servers[1][0]],
        "searches": [zone, "svc.cluster.local", "cluster.local"],
        "options": [{"name": "ndots", "value": "5"}],
    }
    space.create("resolving", dnsPolicy="None", dnsConfig=config)
    space.wait("resolving")
    names = ["web", f"web.{own}", f"web.{own}.svc", f"web.{zone}", f"web.{zone}.", "none", "www.example.test"]
    found = json.loads(space.exec("resolving", "python3", "-c", RESOLVE, json.dumps(names)).stdout)
    web = sorted(space.api.get("v1", "Service", "web", own)["spec"]["clusterIPs"])
    assert found == {
        **dict.fromkeys(names[:5], web),
        "none": [],
        "www.example.test": ["2001:db8::2", "203.0.113.2"],
    }


def test_the_replicas_are_those_of_a_deployment_and_on_different_nodes(client: Client) -> None:
    made = client.space.api.get("apps/v1", "Deployment", "coredns", "kube-system")
    assert made["status"]["availableReplicas"] == made["spec"]["replicas"] == 2
    assert len({pod["spec"]["nodeName"] for pod in client.replicas()}) == 2
    assert all(pod["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet" for pod in client.replicas())


@pytest.mark.parametrize(
    ("spec", "nameserver", "search"),
    [
        ({}, "10.96.0.10", True),
        ({"dnsPolicy": "Default"}, "10.200.0.201", False),
        ({"hostNetwork": True}, "10.200.0.201", False),
        ({"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}, "10.96.0.10", True),
    ],
    ids=["ClusterFirst", "Default", "hostNetwork", "ClusterFirstWithHostNet"],
)
def test_resolv_conf_is_as_the_policy_says(space: Space, spec: Object, nameserver: str, search: bool) -> None:
    space.create("a", **spec)
    space.wait("a")
    lines = [f"search {space.name}.svc.cluster.local svc.cluster.local cluster.local"] if search else []
    lines += [f"nameserver {nameserver}", *(["options ndots:5"] if search else [])]
    assert space.exec("a", "cat", "/etc/resolv.conf").stdout.splitlines() == lines


def test_health_readiness_and_metrics_are_served(client: Client) -> None:
    server = client.servers[0][0]
    assert client.fetch(f"http://{server}:8080/health") == "OK"
    assert client.fetch(f"http://{server}:8181/ready") == "OK"
    client.ask("cluster.local", "SOA")
    assert 'coredns_dns_requests_total{family="1",proto="udp"' in client.fetch(f"http://{server}:9153/metrics")


@contextmanager
def corefile(space: Space) -> Iterator[Callable[[str, str], None]]:
    """Replaces a piece of the Corefile; what it was before comes back in the end."""
    before = space.api.get("v1", "ConfigMap", "coredns", "kube-system")["data"]["Corefile"]

    def write(text: str) -> None:
        space.api.patch("v1", "ConfigMap", "coredns", {"data": {"Corefile": text}}, "kube-system")

    def change(old: str, new: str) -> None:
        assert old in before
        write(before.replace(old, new))

    try:
        yield change
    finally:
        write(before)


def test_a_changed_corefile_takes_effect_and_a_broken_one_does_not(client: Client) -> None:
    name = "10-1-2-3.default.pod.cluster.local"
    metrics = f"http://{client.servers[0][0]}:9153/metrics"
    with corefile(client.space) as change:
        change("pods insecure", "pods verified")
        client.wait(lambda: not client.values(name), "pods verified in effect")
        change("errors", "surprise")
        client.wait(lambda: "coredns_reload_failed_total 1" in client.fetch(metrics), "the refusal")
        assert not client.values(name)
        client_address = addresses(client.space.get("client"))[0]
        own = f"{client_address.replace('.', '-')}.{client.space.name}.pod.cluster.local"
        client.wait(lambda: client.values(own) == [client_address], "the pod's own name")
    client.wait(lambda: client.values(name) == ["10.1.2.3"], "pods insecure in effect again")


def test_without_an_upstream_that_answers_there_is_a_failure_in_time(client: Client) -> None:
    with corefile(client.space) as change:
        change("forward . /etc/resolv.conf", "forward . 10.244.250.250")
        client.wait(lambda: client.ask("new.example.test").rcode() == dns.rcode.SERVFAIL, "SERVFAIL")
        began = time.monotonic()
        client.ask("other.example.test")
        assert time.monotonic() - began < 4


def test_a_deleted_service_is_forgotten(client: Client, zone: str) -> None:
    make_service(client.space, "brief", ports=[{"port": 80}])
    client.wait(lambda: bool(client.values(f"brief.{zone}")), "the new Service")
    client.space.api.delete("v1", "Service", "brief", client.space.name)
    client.wait(lambda: client.ask(f"brief.{zone}").rcode() == dns.rcode.NXDOMAIN, "its end")
