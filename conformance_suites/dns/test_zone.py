"""What holds of the cluster domain as a whole: its version, and names that do not exist or have no such record."""

from __future__ import annotations

from conformance_suites.clauses import DNS_NEGATIVE_ANSWERS, DNS_VERSION
from conformance_suites.dns.shop import Shop
from pytest_k8snet.checks import check
from pytest_k8snet.dns.demands import denied_by
from pytest_k8snet.dns.naming import Naming
from pytest_k8snet.dns.questions import Question


def _absent(naming: Naming, shop: Shop) -> list[str]:
    web = naming.name("web", shop.first)
    return [naming.name("none", shop.first), naming.name("web", "k8snet-none"), f"none.{web}", f"_none._tcp.{web}"]


@check("DNS-030", spec=DNS_VERSION, level="extended", catches=("dns-version-missing",))
def test_the_cluster_domain_tells_the_version_of_its_schema(naming: Naming) -> None:
    """The name dns-version of the cluster domain has a TXT record with the version of the specification."""
    expected = naming.by_value("version", naming.zone(), [(f"dns-version.{naming.domain}", "TXT")])
    assert naming(expected) == expected


@check("DNS-031", spec=DNS_NEGATIVE_ANSWERS, level="core", catches=("dns-nxdomain-for-nodata",))
def test_a_name_without_such_a_record_exists(naming: Naming, shop: Shop) -> None:
    """A name that has no record of the asked kind is answered with NOERROR and nothing, not with NXDOMAIN."""
    web, namespace = naming.name("web", shop.first), f"{shop.first}.svc.{naming.domain}"
    asked = [(web, "MX"), (web, "TXT"), (naming.name("db", shop.first), "MX"), (namespace, "A")]
    expected = naming.by_value("no such record", naming.zone(shop.first), asked)
    assert naming(expected) == expected


@check("DNS-032", spec=DNS_NEGATIVE_ANSWERS, level="core", catches=("dns-nodata-for-nxdomain", "dns-namespace-ignored"))
def test_a_name_that_is_not_there_does_not_exist(naming: Naming, shop: Shop) -> None:
    """A Service, namespace, endpoint or port that is not there is answered with NXDOMAIN."""
    asked = [(name, kind) for name in _absent(naming, shop) for kind in ("A", "SRV")]
    expected = naming.by_value("no such name", naming.zone(shop.first), asked)
    assert naming(expected) == expected


@check("DNS-033", spec=DNS_NEGATIVE_ANSWERS, level="extended", catches=("dns-soa-missing", "dns-namespace-ignored"))
def test_a_negative_answer_tells_for_how_long_it_holds(naming: Naming, shop: Shop) -> None:
    """Negative answers carry the SOA record of the cluster domain, by which others know how long to remember them."""
    asked = [Question(name, "A") for name in _absent(naming, shop)] + [Question(naming.name("web", shop.first), "MX")]
    expected = naming.demanding("negative answers", dict.fromkeys(asked, denied_by(naming.domain)))
    assert naming(expected) == expected
