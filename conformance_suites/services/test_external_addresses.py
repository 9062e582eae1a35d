"""Addresses outside the cluster that lead to a Service: externalIPs, and those of balancers by their ipMode."""

from __future__ import annotations

from typing import Any

import pytest

from conformance_suites.clauses import SERVICE_EXTERNAL_IPS, SERVICE_IP_MODE
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.probe.observation import Family, Pod
from pytest_k8snet.probing import Probing
from pytest_k8snet.services.backends import OF_BALANCERS, Backends, not_permitted
from pytest_k8snet.services.exposure import Exposure
from pytest_k8snet.services.external import BALANCER_CLASS, balanced_at, nobodys_address
from pytest_k8snet.services.presumed import Presumption
from pytest_k8snet.services.questions import alive, nobody, through
from pytest_k8snet.services.served import ports_at

OF_A_BALANCER: dict[str, Any] = {"type": "LoadBalancer", "loadBalancerClass": BALANCER_CLASS}
UNSERVED = ("service-external-ips-unserved",)
UNUSUAL_PORT = 20090
"""One that nobody serves on a node by himself, and no other check asks nodes for."""


@each_family
@check("SVC-064", spec=SERVICE_IP_MODE, level="extended", catches=("service-ip-mode-ignored",))
def test_a_balancer_that_is_a_proxy_keeps_its_address(
    backends: Backends, cluster: Cluster, clients: tuple[Pod, ...], presume: Presumption, probe: Probing, family: Family
) -> None:
    """With ipMode: Proxy nodes leave traffic to a balancer's address to the balancer; with VIP they serve it."""
    if reason := not_permitted(cluster.api, OF_BALANCERS):
        pytest.skip(reason)
    target, (vip, proxy) = backends.all.pods[0], [nobodys_address(cluster, family, number) for number in (0, 1)]
    with backends.if_taken(**OF_A_BALANCER) as first, backends.if_taken(**OF_A_BALANCER) as second:
        presume.plain(second, backends.all.pods, family)
        served = balanced_at(cluster, backends, first, vip, "VIP")
        presume.holds(through("ipMode: VIP", served, clients, served.balanced(family), tries=4), "SVC-060")
        doors = balanced_at(cluster, backends, second, proxy, "Proxy").balanced(family)
        because = "with ipMode: Proxy only the balancer answers at its address, and here is none"
        expected = nobody("ipMode: Proxy", clients, doors, because, alive(clients, target, family), target=target)
        assert probe(expected) == expected


@each_family
@check("SVC-065", spec=SERVICE_EXTERNAL_IPS, level="extended", catches=UNSERVED)
def test_an_external_address_leads_to_every_endpoint(
    backends: Backends, cluster: Cluster, clients: tuple[Pod, ...], presume: Presumption, probe: Probing, family: Family
) -> None:
    """What comes to a node for an address of a Service's externalIPs is answered by its endpoints, each of them."""
    address = nobodys_address(cluster, family, 0)
    with backends.if_taken(externalIPs=[address]) as served:
        presume.plain(served, backends.all.pods, family)
        expected = through("externalIPs", served, clients, served.at_external(address), spread=True)
        assert probe(expected) == expected


@each_family
@check("SVC-066", spec=SERVICE_EXTERNAL_IPS, level="extended", requires=("outside", "host_network"), catches=UNSERVED)
def test_a_nodes_address_as_an_external_one_is_served_everywhere(
    backends: Backends, cluster: Cluster, presume: Presumption, probe: Probing, family: Family
) -> None:
    """A Service whose externalIPs are addresses of nodes is reached there from outside, from pods and from nodes."""
    exposure, addresses = Exposure(cluster, family), [*cluster.node_addresses(family).values()]
    with backends.if_taken(externalIPs=addresses, ports=ports_at(UNUSUAL_PORT)) as served:
        presume.plain(served, backends.all.pods, family)
        presume.holds(exposure.of_host_network(), "EXP-001")
        expected = exposure.of_service("externalIPs", served, served.at_external(*addresses))
        assert probe(expected) == expected
