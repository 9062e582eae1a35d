"""The records of headless Services, by value."""

from __future__ import annotations

from conformance_suites.clauses import DNS_HEADLESS
from conformance_suites.dns.shop import DB_PORTS, Shop
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.dns.demands import ANY_ANSWER, targets_below
from pytest_k8snet.dns.naming import Naming
from pytest_k8snet.dns.questions import KIND, Question, replies
from pytest_k8snet.oracle.dns_records import reverse_name
from pytest_k8snet.probe.observation import Family

HOSTS = ("db-1", "db-2", "db-3")
NOT_READY = "db-4"


@each_family
@check("DNS-010", spec=DNS_HEADLESS, level="core", catches=("dns-headless-one-endpoint", "dns-unready-published"))
def test_a_headless_service_has_the_addresses_of_all_ready_endpoints(
    naming: Naming, shop: Shop, family: Family
) -> None:
    """The name of a headless Service has the address of each ready endpoint, and of no other."""
    names = [naming.name(name, shop.first) for name in ("db", "anonymous")]
    expected = naming.by_value("ready endpoints", naming.zone(shop.first), [(name, KIND[family]) for name in names])
    assert naming(expected) == expected


@each_family
@check("DNS-011", spec=DNS_HEADLESS, level="core", catches=("dns-unready-published",))
def test_a_headless_service_without_ready_endpoints_has_no_name(naming: Naming, shop: Shop, family: Family) -> None:
    """While no endpoint is ready, the name of a headless Service does not exist."""
    asked = [(naming.name("starting", shop.first), KIND[family])]
    expected = naming.by_value("no ready endpoint", naming.zone(shop.first), asked)
    assert naming(expected) == expected


@each_family
@check("DNS-012", spec=DNS_HEADLESS, level="core", catches=("dns-hostname-missing", "dns-unready-published"))
def test_an_endpoint_has_its_hostname_below_its_service(naming: Naming, shop: Shop, family: Family) -> None:
    """HOSTNAME.SERVICE has the addresses of the ready endpoint with this hostname, and no name without one."""
    names = [f"{host}.{naming.name('db', shop.first)}" for host in (*HOSTS, NOT_READY, "db-9")]
    expected = naming.by_value("hostnames", naming.zone(shop.first), [(name, KIND[family]) for name in names])
    assert naming(expected) == expected


@check("DNS-013", spec=DNS_HEADLESS, level="core", catches=("dns-srv-target-wrong", "dns-srv-port-wrong"))
def test_a_named_port_of_a_headless_service_has_a_record_for_each_endpoint(naming: Naming, shop: Shop) -> None:
    """A named port of a headless Service has an SRV record for each ready endpoint, with its hostname as target."""
    names = [f"_{port['name']}._tcp.{naming.name('db', shop.first)}" for port in DB_PORTS]
    expected = naming.by_value("ports of endpoints", naming.zone(shop.first), [(name, "SRV") for name in names])
    assert naming(expected) == expected


@each_family
@check("DNS-014", spec=DNS_HEADLESS, level="core", catches=("dns-endpoint-ptr-missing",))
def test_the_address_of_an_endpoint_leads_back_to_its_hostname(
    cluster: Cluster, naming: Naming, shop: Shop, family: Family
) -> None:
    """The address of each ready endpoint with a hostname has a PTR record with HOSTNAME.SERVICE."""
    zone = naming.zone(shop.first)
    addresses = [
        address
        for host in HOSTS
        for address in sorted(zone.answer(f"{host}.{naming.name('db', shop.first)}", KIND[family]).values)
    ]
    expected = naming.by_value("addresses", zone, [(reverse_name(address), "PTR") for address in addresses])
    assert naming(expected) == expected


@check("DNS-015", spec=DNS_HEADLESS, level="core", catches=("dns-srv-target-wrong",))
def test_endpoints_without_a_hostname_have_names_of_the_servers_choice(naming: Naming, shop: Shop) -> None:
    """Of endpoints without hostnames an SRV record names each by a name of its own, which has its address."""
    service, zone = naming.name("anonymous", shop.first), naming.zone(shop.first)
    question = Question(f"_sql._tcp.{service}", "SRV")
    expected = naming.demanding("targets", {question: targets_below(service)})
    seen = naming(expected)
    assert seen == expected
    names = [value.split()[1].rstrip(".") for value in replies(seen)[question].values("SRV")]
    asked = {Question(name, kind): ANY_ANSWER for name in names for kind in KIND.values()}
    answers = replies(naming(naming.demanding("their addresses", asked)))
    for kind in KIND.values():
        found = [value for reply in answers.values() for value in reply.values(kind)]
        assert sorted(found) == sorted(zone.answer(service, kind).values)
