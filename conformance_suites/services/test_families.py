"""Families of Services: one or both, in the order that the Service asks for."""

from __future__ import annotations

from conformance_suites.clauses import SERVICE_FAMILIES
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.probe.observation import Family, Pod
from pytest_k8snet.probing import Probing
from pytest_k8snet.services.backends import Backends
from pytest_k8snet.services.presumed import Presumption
from pytest_k8snet.services.questions import inside
from pytest_k8snet.services.served import families_of

NAMES = {Family.IPV4: "IPv4", Family.IPV6: "IPv6"}
UNSERVED = (
    "service-udp-unserved",
    "service-ipv6-unserved",
    "service-missing-on-one-node",
    "service-new-lost",
    "endpoints-new-pods-missing",
    "endpoints-late",
)


@each_family
@check("SVC-100", spec=SERVICE_FAMILIES, level="core", catches=(*UNSERVED, "service-wrong-backend"))
def test_a_single_stack_service_has_the_family_that_it_asks_for(
    backends: Backends, clients: tuple[Pod, ...], presume: Presumption, probe: Probing, family: Family
) -> None:
    """A SingleStack Service has one cluster address, of the family that it asks for, and answers there."""
    presume.reached(clients, backends.all.pods, family)
    with backends.service(ipFamilyPolicy="SingleStack", ipFamilies=[NAMES[family]]) as served:
        assert families_of(served) == (family,)
        expected = inside("SingleStack", served, clients, [family])
        assert probe(expected) == expected


@each_family
@check(
    "SVC-101",
    spec=SERVICE_FAMILIES,
    level="core",
    requires=("dual_stack",),
    catches=(*UNSERVED, "service-wrong-backend"),
)
def test_a_dual_stack_service_has_both_families_in_its_order(
    backends: Backends, clients: tuple[Pod, ...], presume: Presumption, probe: Probing, family: Family
) -> None:
    """A RequireDualStack Service has an address of each family, in the order that it asks for, and answers there."""
    both = (family, *(other for other in Family if other is not family))
    for one in both:
        presume.reached(clients, backends.all.pods, one)
    with backends.service(ipFamilyPolicy="RequireDualStack", ipFamilies=[NAMES[one] for one in both]) as served:
        assert families_of(served) == both
        expected = inside("RequireDualStack", served, clients, both)
        assert probe(expected) == expected
