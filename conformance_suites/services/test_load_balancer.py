"""Services of type LoadBalancer, where somebody gives them an address."""

from __future__ import annotations

import pytest

from conformance_suites.clauses import SERVICE_EXTERNAL_POLICY, SERVICE_LOAD_BALANCER, SERVICE_SPEC
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.probe.observation import Family, Pod
from pytest_k8snet.probing import Probing
from pytest_k8snet.services.backends import Backends
from pytest_k8snet.services.balancer import with_address
from pytest_k8snet.services.presumed import Presumption
from pytest_k8snet.services.questions import alive, merged, nobody, through
from pytest_k8snet.services.served import Door, Served
from pytest_k8snet.services.vantage import from_outside, seen_by_nodes

# For documentation only (RFC 5737, RFC 3849): nobody has such an address.
NOBODYS_RANGES = ["203.0.113.0/24", "2001:db8::/32"]


def balanced(backends: Backends, served: Served, family: Family) -> tuple[Served, list[Door]]:
    """Return a Service once it has an address, and the doors there; skip the check without one of the family."""
    now = with_address(backends.namespace, served)
    if not (doors := now.balanced(family)):
        pytest.skip(f"the load balancer gave no {family} address, but {now.obj['status']['loadBalancer']}")
    return now, doors


@each_family
@check(
    "SVC-060",
    spec=SERVICE_LOAD_BALANCER,
    level="extended",
    requires=("load_balancer", "outside"),
    catches=(
        "service-balancer-unserved",
        "service-single-endpoint",
        "service-endpoint-unused",
        "service-change-lost",
    ),
)
def test_a_balancers_address_is_answered_by_every_endpoint(
    backends: Backends,
    cluster: Cluster,
    clients: tuple[Pod, ...],
    presume: Presumption,
    probe: Probing,
    family: Family,
) -> None:
    """The address that a load balancer gave leads to every endpoint, from outside, from pods and from nodes."""
    hosts = cluster.with_family(cluster.fleet.host_pods, family)
    with backends.service(type="LoadBalancer") as made:
        presume.plain(made, backends.all.pods, family)
        seen_by_nodes(cluster, family)
        served, doors = balanced(backends, made, family)
        outside = through("from outside", served, [cluster.outside], doors, spread=True)
        expected = merged("load balancer", outside, through("inside", served, [*clients, *hosts], doors, tries=4))
        assert probe(expected) == expected


@each_family
@check(
    "SVC-061",
    spec=SERVICE_EXTERNAL_POLICY,
    level="extended",
    requires=("load_balancer", "outside"),
    catches=(
        "service-external-local-ignored",
        "service-external-local-masqueraded",
        "service-health-check-wrong",
        "service-balancer-unserved",
        "service-change-lost",
    ),
)
def test_with_external_local_a_balancer_uses_nodes_with_endpoints_and_shows_the_client(
    backends: Backends, cluster: Cluster, presume: Presumption, probe: Probing, family: Family
) -> None:
    """With externalTrafficPolicy: Local no connection to a load balancer is lost, and endpoints see the client."""
    group = backends.on_first_node
    with backends.service(group, type="LoadBalancer", externalTrafficPolicy="Local") as made:
        presume.plain(made, group.pods, family)
        seen_as = seen_by_nodes(cluster, family)
        served, doors = balanced(backends, made, family)
        expected = through("from outside", served, [cluster.outside], doors, tries=16, seen_as=seen_as)
        assert probe(expected) == expected


@each_family
@check(
    "SVC-062",
    spec=SERVICE_SPEC,
    level="extended",
    requires=("load_balancer", "outside"),
    catches=("service-source-ranges-ignored",),
)
def test_source_ranges_keep_others_out(
    backends: Backends,
    cluster: Cluster,
    clients: tuple[Pod, ...],
    presume: Presumption,
    probe: Probing,
    family: Family,
) -> None:
    """A load balancer lets nobody in whose address is not in loadBalancerSourceRanges."""
    target = backends.all.pods[0]
    closed = backends.service(type="LoadBalancer", loadBalancerSourceRanges=NOBODYS_RANGES)
    with backends.service(type="LoadBalancer") as plain, closed as guarded:
        presume.plain(plain, backends.all.pods, family)
        seen_by_nodes(cluster, family)
        served, doors = balanced(backends, plain, family)
        presume.holds(through("a balancer for everyone", served, [cluster.outside], doors), "SVC-060")
        _, forbidden = balanced(backends, guarded, family)
        living = (from_outside(cluster, family), alive(clients, target, family))
        because = f"only {' and '.join(NOBODYS_RANGES)} may come in"
        expected = nobody("source ranges", [cluster.outside], forbidden, because, *living, target=target)
        assert probe(expected) == expected
