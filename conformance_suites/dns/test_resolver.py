"""Names inside a pod, as its own resolver finds them: short and full, of itself, and of hostAliases."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from conformance_suites.clauses import DNS_CONFIG, DNS_HEADLESS, DNS_HOSTNAME, DNS_NAMESPACES, HOST_ALIASES
from conformance_suites.dns.shop import HTTP, Shop, headless
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.dns.naming import Naming
from pytest_k8snet.dns.resolving import Stub, look_up, look_up_until, told
from pytest_k8snet.kube.pods import PodRequest
from pytest_k8snet.probe.observation import Pod

ALIASES = [{"ip": "192.0.2.10", "hostnames": ["foo.local", "bar.local"]}, {"ip": "192.0.2.11", "hostnames": ["baz"]}]
NEVER = [{"conditionType": "k8snet.io/never"}]
"""A readiness gate that nobody opens: the pod runs and is not Ready."""


@dataclass(frozen=True)
class Peers:
    """``named`` has a hostname and a subdomain; ``unready`` too, and is never Ready."""

    named: Pod
    unready: Pod
    stub: Pod


@pytest.fixture(scope="module")
def peers(namespace: Namespace) -> Peers:
    """Return pods behind two headless Services of the same pods: ``peers``, and ``early``, which waits for nobody."""
    selector = {"role": "peer"}
    headless(namespace, "peers", [HTTP], selector=selector)
    headless(namespace, "early", [HTTP], selector=selector, publishNotReadyAddresses=True)
    named = {"hostname": "first", "subdomain": "peers", "hostAliases": ALIASES}
    unready = {"hostname": "second", "subdomain": "peers", "readinessGates": NEVER}
    namespace.create(PodRequest("unready", labels=selector, spec=unready))
    first, stub = namespace.start(PodRequest("named", labels=selector, spec=named), PodRequest("stub"))
    (second,) = namespace.wait_running("unready")
    return Peers(first, second, stub)


@check(
    "DNS-070",
    spec=DNS_NAMESPACES,
    level="core",
    catches=("resolv-conf-search-missing", "dns-unready-published", "dns-id-wrong"),
)
def test_short_names_are_found_from_a_pod(
    cluster: Cluster, naming: Naming, namespace: Namespace, peers: Peers, shop: Shop
) -> None:
    """From a pod a Service is found as SERVICE in its own namespace, and everywhere with more of its name."""
    full = naming.name("peers", namespace.name)
    own = {"peers", f"peers.{namespace.name}", f"peers.{namespace.name}.svc", full, f"{full}."}
    other = {f"plain.{shop.first}", f"plain.{shop.first}.svc"}
    naming.demand_answers(peers.named)
    plain = cluster.api.get("v1", "Service", "plain", shop.first)["spec"]["clusterIPs"]
    expected = dict.fromkeys(own, peers.named.addresses) | dict.fromkeys(other, tuple(plain)) | {"plain": ()}
    found = look_up_until(cluster.attachment.prober, peers.named, expected)
    assert found == {name: set(addresses) for name, addresses in expected.items()}


@check("DNS-071", spec=DNS_HOSTNAME, level="core", catches=("subdomain-ignored",))
def test_a_pod_with_a_subdomain_knows_its_full_name(
    cluster: Cluster, naming: Naming, namespace: Namespace, peers: Peers
) -> None:
    """Inside a pod with hostname and subdomain the full name is HOSTNAME.SUBDOMAIN.NAMESPACE.svc.DOMAIN."""
    found = look_up(cluster.attachment.prober, peers.named, ["first"])["first"]
    assert (found.canonical, sorted(found.addresses)) == (
        f"first.{naming.name('peers', namespace.name)}",
        sorted(peers.named.addresses),
    )


@check("DNS-072", spec=HOST_ALIASES, level="core", catches=("host-aliases-missing",))
def test_host_aliases_are_found_in_the_pod(cluster: Cluster, peers: Peers) -> None:
    """Each name of hostAliases is found inside the pod, with its address."""
    wanted = {name: (str(alias["ip"]),) for alias in ALIASES for name in alias["hostnames"]}
    found = look_up(cluster.attachment.prober, peers.named, wanted)
    assert {name: one.addresses for name, one in found.items()} == wanted


@check(
    "DNS-073",
    spec=DNS_HEADLESS,
    level="core",
    catches=("dns-unready-published", "dns-publish-ignored", "dns-hostname-missing"),
)
def test_pods_that_are_not_ready_are_published_only_where_that_is_wanted(
    naming: Naming, namespace: Namespace, peers: Peers
) -> None:
    """A headless Service has the addresses of its Ready pods, with publishNotReadyAddresses those of all."""
    zone = naming.zone(namespace.name)
    names = [naming.name(name, namespace.name) for name in ("peers", "early")]
    names += [f"{host}.{names[0]}" for host in ("first", "second")]
    expected = naming.by_value("pods", zone, [(name, kind) for name in names for kind in naming.kinds])
    assert naming(expected) == expected
    early = {value for kind in naming.kinds for value in zone.answer(names[1], kind).values}
    assert early == {*peers.named.addresses, *peers.unready.addresses}


@check("DNS-074", spec=DNS_CONFIG, level="extended", catches=("resolv-conf-options-lost", "dns-policy-none-ignored"))
def test_the_resolver_walks_the_search_list_by_ndots(cluster: Cluster, namespace: Namespace, peers: Peers) -> None:
    """A name with fewer dots than ndots is first asked for with each name of the search list, others as they are."""
    prober, stub = cluster.attachment.prober, Stub(cluster.attachment.prober, peers.stub)
    config = {
        "nameservers": [peers.stub.addresses[0]],
        "searches": ["one.example.test", "two.example.test"],
        "options": [{"name": "ndots", "value": "2"}],
    }
    stub.serve({})
    pod = namespace.pod("walker", spec={"dnsPolicy": "None", "dnsConfig": config})
    walks = {
        "few.dots": ["few.dots.one.example.test", "few.dots.two.example.test", "few.dots"],
        "more.dots.here": ["more.dots.here"],
        "full.name.": ["full.name"],
    }
    for name, walk in walks.items():
        stub.serve({})
        look_up(prober, pod, [name])
        asked = list(dict.fromkeys(question.name for question in stub.asked()))
        assert asked[: len(walk)] == walk, f"{name} with {told(prober, [pod])[pod.name]}"
