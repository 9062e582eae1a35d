"""Names outside the cluster: the name servers answer as those do to which the Corefile forwards them."""

from __future__ import annotations

import ipaddress

import pytest

from conformance_suites.clauses import COREDNS
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.dns.configuration import Configuration, below
from pytest_k8snet.dns.demands import denied_by, like
from pytest_k8snet.dns.naming import Naming
from pytest_k8snet.dns.questions import Question
from pytest_k8snet.dns.resolving import told
from pytest_k8snet.dns.servers import Server
from pytest_k8snet.oracle.dns_records import reverse_name

OUTSIDE = "k8snet-none.example"
NOBODY = "192.0.2.77"
"""An address for documents (RFC 5737)."""


@pytest.fixture(scope="module")
def upstream(cluster: Cluster, namespace: Namespace, corefile: Configuration) -> Server:
    """Return the server that names outside the cluster are forwarded to."""
    if not corefile.upstreams:
        pytest.skip("the Corefile has no directive forward")
    addresses = [target for target in corefile.upstreams if not target.startswith("/")]
    if not addresses:
        # A file of the replica's node: its pods with dnsPolicy Default are told the same.
        pod = namespace.pod("default", spec={"dnsPolicy": "Default"})
        addresses = [*told(cluster.attachment.prober, [pod])[pod.name].nameservers]
    usable = [address for address in addresses if _is_elsewhere(address)]
    if not usable:
        pytest.skip(f"names outside the cluster go to {' '.join(addresses) or 'nobody'}, whom pods cannot ask")
    return Server("upstream", usable[0])


def rcode(naming: Naming, upstream: Server, question: Question) -> str:
    """Return the code with which the upstream itself answers; skip the test when it does not."""
    replies = naming.repeatedly(upstream, question, 1)
    return replies[0].rcode if replies else pytest.skip(f"the upstream {upstream.address} does not answer pods")


@check("DNS-086", spec=f"{COREDNS}/forward/", level="extended", catches=("dns-forward-drops",))
def test_a_name_outside_the_cluster_is_answered_as_the_upstream_answers_it(naming: Naming, upstream: Server) -> None:
    """A name outside the cluster domain is forwarded, and answered with the upstream's response code."""
    question = Question(OUTSIDE, "A")
    expected = naming.demanding("outside", {question: like(rcode(naming, upstream, question), "the upstream")})
    assert naming(expected) == expected


@check("DNS-087", spec=f"{COREDNS}/kubernetes/", level="extended", catches=("dns-forward-drops", "dns-reverse-kept"))
def test_an_address_outside_the_cluster_falls_through(
    naming: Naming, upstream: Server, corefile: Configuration
) -> None:
    """The name of an address that the cluster does not have is asked of the upstream where ``fallthrough`` says so."""
    question, zones = Question(reverse_name(NOBODY), "PTR"), corefile.fallthrough
    if zones is not None and (not zones or any(below(question.name, zone) for zone in zones)):
        demand = like(rcode(naming, upstream, question), "the upstream")
    else:
        demand = denied_by("in-addr.arpa")
    expected = naming.demanding("outside", {question: demand})
    assert naming(expected) == expected


def _is_elsewhere(address: str) -> bool:
    try:
        return not ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False  # with a port, or over TLS
