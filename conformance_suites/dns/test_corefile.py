"""What the cluster's own Corefile says is what its name servers do, directive by directive."""

from __future__ import annotations

import pytest

from conformance_suites.clauses import COREDNS, DNS_SERVICES_AND_PODS
from conformance_suites.dns.shop import Shop
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.dns.configuration import HEALTH_PORT, METRICS_PORT, READY_PORT, Configuration
from pytest_k8snet.dns.demands import answers, lives_for
from pytest_k8snet.dns.naming import Naming
from pytest_k8snet.dns.pages import counted, pages
from pytest_k8snet.dns.questions import KIND, Question
from pytest_k8snet.oracle.dns_records import pod_answer, pod_name
from pytest_k8snet.probe.observation import Family, Protocol

UNKNOWN = {Family.IPV4: "198.51.100.7", Family.IPV6: "2001:db8:ffff::7"}
"""Addresses of nobody's pods."""

QUESTIONS = 20


def port_of(corefile: Configuration, directive: str, usual: int) -> int:
    """Return the port of a directive; skip the test when it is not in the Corefile."""
    return corefile.port(directive, usual) or pytest.skip(f"the Corefile has no directive {directive}")


@check("DNS-080", spec=DNS_SERVICES_AND_PODS, level="extended", catches=("dns-pod-names-missing",))
def test_the_addresses_of_pods_have_names_as_the_mode_says(
    cluster: Cluster, naming: Naming, corefile: Configuration
) -> None:
    """ADDRESS.NAMESPACE.pod has the address of a pod, of any address, or of none, as the mode of ``pods`` says."""
    pod, questions = cluster.fleet.pods[0], {}
    for family in pod.families:
        for address in (pod.address(family), UNKNOWN[family]):
            asked = Question(pod_name(address, pod.namespace, naming.domain), KIND[family])
            questions[asked] = answers(pod_answer(corefile.pods, address, known=address in pod.addresses))
    expected = naming.demanding(f"pods {corefile.pods}", questions)
    assert naming(expected) == expected


@check("DNS-081", spec=f"{COREDNS}/kubernetes/", level="extended", catches=("dns-ttl-wrong",))
def test_records_live_as_long_as_the_corefile_says(naming: Naming, shop: Shop, corefile: Configuration) -> None:
    """No record of the cluster has a longer time to live than ``ttl`` says."""
    names = {"web": naming.kinds[0], "db": naming.kinds[0], "alias": "CNAME"}
    asked = [Question(naming.name(name, shop.first), kind) for name, kind in names.items()]
    expected = naming.demanding("time to live", dict.fromkeys(asked, lives_for(corefile.ttl)))
    assert naming(expected) == expected


@check("DNS-082", spec=f"{COREDNS}/health/", level="extended", catches=("dns-health-closed",))
def test_every_replica_says_that_it_lives(naming: Naming, corefile: Configuration) -> None:
    """Each replica answers OK at the port of ``health``."""
    port, replicas = port_of(corefile, "health", HEALTH_PORT), naming.answering(naming.servers.replicas)
    expected = pages("health", naming.source, replicas, port, "/health", "OK", "the Corefile has health")
    assert naming(expected) == expected


@check("DNS-083", spec=f"{COREDNS}/ready/", level="extended", catches=("dns-ready-closed",))
def test_every_replica_says_that_it_is_ready(naming: Naming, corefile: Configuration) -> None:
    """Each replica answers OK at the port of ``ready``."""
    port, replicas = port_of(corefile, "ready", READY_PORT), naming.answering(naming.servers.replicas)
    expected = pages("ready", naming.source, replicas, port, "/ready", "OK", "the Corefile has ready")
    assert naming(expected) == expected


@check("DNS-084", spec=f"{COREDNS}/metrics/", level="extended", catches=("dns-metrics-closed",))
def test_every_replica_counts_what_it_is_asked(naming: Naming, corefile: Configuration) -> None:
    """Each replica tells metrics at the port of ``prometheus``, which count the questions that it is asked."""
    port, replicas = port_of(corefile, "prometheus", METRICS_PORT), naming.answering(naming.servers.replicas)
    total = "coredns_dns_requests_total"
    expected = pages("metrics", naming.source, replicas, port, "/metrics", total, "the Corefile has prometheus")
    before = naming(expected)
    assert before == expected
    for replica in replicas:
        naming.repeatedly(replica, Question(naming.domain, "SOA"), QUESTIONS)
    after = naming(expected)
    assert after == expected
    more = {place: number - counted(before, total)[place] for place, number in counted(after, total).items()}
    assert {place: number for place, number in more.items() if number < QUESTIONS} == {}


@check("DNS-085", spec=f"{COREDNS}/loadbalance/", level="extended", catches=("dns-order-fixed",))
def test_addresses_come_in_changing_order(naming: Naming, shop: Shop, corefile: Configuration) -> None:
    """With ``loadbalance`` the addresses of a name come now in this order, now in that."""
    if corefile.directive("loadbalance") is None:
        pytest.skip("the Corefile has no directive loadbalance")
    question = Question(naming.name("many", shop.first), naming.kinds[0])
    for replica in naming.answering(naming.servers.replicas, [Protocol.TCP]):
        orders = {tuple(reply.values(question.kind)) for reply in naming.repeatedly(replica, question, QUESTIONS)}
        assert len(orders) > 1, f"{replica.label} answers {QUESTIONS} times in the same order"
