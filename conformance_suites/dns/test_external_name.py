"""The records of Services that are aliases."""

from __future__ import annotations

from conformance_suites.clauses import DNS_EXTERNAL_NAME
from conformance_suites.dns.shop import Shop
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.dns.demands import followed
from pytest_k8snet.dns.naming import Naming
from pytest_k8snet.dns.questions import KIND, Question
from pytest_k8snet.probe.observation import Family


@check("DNS-020", spec=DNS_EXTERNAL_NAME, level="core", catches=("dns-cname-wrong",))
def test_an_external_name_is_an_alias(naming: Naming, shop: Shop) -> None:
    """The name of an ExternalName Service has a CNAME record with its externalName, whatever that is."""
    asked = [(naming.name(name, shop.first), "CNAME") for name in ("alias", "elsewhere")]
    expected = naming.by_value("aliases", naming.zone(shop.first), asked)
    assert naming(expected) == expected


@each_family
@check("DNS-021", spec=DNS_EXTERNAL_NAME, level="extended", catches=("dns-cname-wrong", "dns-alias-not-followed"))
def test_an_alias_of_a_service_is_answered_with_the_address_of_that_service(
    naming: Naming, shop: Shop, family: Family
) -> None:
    """Asked for the address of an alias of a Service, a server answers with the alias and with the address."""
    name, kind = naming.name("alias", shop.first), KIND[family]
    expected = naming.demanding("aliases", {Question(name, kind): followed(naming.zone(shop.first).answer(name, kind))})
    assert naming(expected) == expected
