"""The directive ``rewrite``: which questions it changes into which, and what the answers look like then."""

from __future__ import annotations

import asyncio
from collections import Counter

import dns.rcode
import pytest

from pytest_k8snet.corefile import CorefileError
from pytest_k8snet.embedded.dns.answer import Question, Reply, View
from pytest_k8snet.embedded.dns.records import Objects, build_records
from pytest_k8snet.embedded.dns.resolver import Resolver
from pytest_k8snet.embedded.dns.settings import read_corefile

SERVICE = {
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"clusterIP": "10.96.0.7", "clusterIPs": ["10.96.0.7"], "ports": [{"name": "http", "port": 80}]},
}
OBJECTS = Objects(services=(SERVICE,), namespaces=({"metadata": {"name": "shop"}},))
NAME = "web.shop.svc.cluster.local"


def answer(rules: str, name: str, kind: str = "A") -> list[str]:
    """The records that the answer has, as a zone file has them; or the response code of one without."""
    text = f".:53 {{\n{rules}\nhosts {{\n 192.0.2.1 host.example\n fallthrough\n}}\nkubernetes cluster.local\n}}"
    view = View(OBJECTS, {"cluster.local": build_records(OBJECTS, "cluster.local")}, 1)
    resolver = Resolver(read_corefile(text), lambda: view, Counter())
    reply: Reply = asyncio.run(resolver.resolve(Question(name, kind), 53, tcp=False))
    records = [line for rrset in reply.answer for line in rrset.to_text().splitlines()]
    return records or [dns.rcode.to_text(reply.rcode)]


ADDRESS = "5 IN A 10.96.0.7"


@pytest.mark.parametrize(
    ("rule", "asked", "seen"),
    [
        (f"rewrite name shop.example {NAME}", "shop.example", [f"shop.example. {ADDRESS}"]),
        (f"rewrite name exact shop.example. {NAME}.", "Shop.Example", [f"shop.example. {ADDRESS}"]),
        (f"rewrite name shop.example {NAME}", "other.example", ["SERVFAIL"]),
        ("rewrite name prefix old- web", "old-.shop.svc.cluster.local", [f"{NAME}. {ADDRESS}"]),
        (
            "rewrite name prefix old- web answer auto",
            "old-.shop.svc.cluster.local",
            [f"old-.shop.svc.cluster.local. {ADDRESS}"],
        ),
        ("rewrite name suffix .corp.example .svc.cluster.local", "web.shop.corp.example", [f"{NAME}. {ADDRESS}"]),
        (
            "rewrite name suffix .corp.example .svc.cluster.local answer auto",
            "web.shop.corp.example",
            [f"web.shop.corp.example. {ADDRESS}"],
        ),
        (
            "rewrite name suffix .corp.example. .svc.cluster.local. answer auto",
            "web.shop.corp.example",
            [f"web.shop.corp.example. {ADDRESS}"],
        ),
        ("rewrite name substring .store. .shop.", "web.store.svc.cluster.local", [f"{NAME}. {ADDRESS}"]),
        (
            r"rewrite name regex ^(.*)\.corp\.example\.$ {1}.svc.cluster.local",
            "web.shop.corp.example",
            [f"{NAME}. {ADDRESS}"],
        ),
        (
            r"rewrite name regex (.*)\.corp\.example {1}.svc.cluster.local answer auto",
            "web.shop.corp.example",
            [f"web.shop.corp.example. {ADDRESS}"],
        ),
        (
            r"rewrite name regex (.*)\.corp {1}.svc.cluster.local answer name (.*)\.svc\.cluster\.local {1}.corp",
            "web.shop.corp",
            [f"web.shop.corp. {ADDRESS}"],
        ),
        (
            "rewrite stop {\n name regex (.*)\\.corp {1}.svc.cluster.local\n"
            " answer name (.*)\\.svc\\.cluster\\.local {1}.corp\n}",
            "web.shop.corp",
            [f"web.shop.corp. {ADDRESS}"],
        ),
        (f"rewrite ttl {NAME} 60", NAME, [f"{NAME}. 60 IN A 10.96.0.7"]),
        ("rewrite ttl suffix cluster.local 30-90", NAME, [f"{NAME}. 30 IN A 10.96.0.7"]),
        ("rewrite ttl regex .* -3", NAME, [f"{NAME}. 3 IN A 10.96.0.7"]),
        ("rewrite ttl regex .* 3-", NAME, [f"{NAME}. 5 IN A 10.96.0.7"]),
    ],
)
def test_a_rule_changes_the_question_and_the_answer(rule: str, asked: str, seen: list[str]) -> None:
    assert answer(rule, asked) == seen


def test_values_are_renamed_as_well() -> None:
    srv, seen = "_http._tcp.web.shop.corp", "_http._tcp.web.shop.corp. 5 IN SRV 0 100 80 web.shop.corp."
    assert answer("rewrite name suffix .corp .svc.cluster.local answer auto", srv, "SRV") == [seen]
    regex = r"rewrite name suffix .corp .svc.cluster.local answer value (.*)\.svc\.cluster\.local {1}.other"
    full = "_http._tcp.web.shop.svc.cluster.local. 5 IN SRV 0 100 80 web.shop.other."
    assert answer(regex, srv, "SRV") == [full]


def test_a_type_is_rewritten() -> None:
    assert answer("rewrite type AAAA A", NAME, "AAAA") == [f"{NAME}. {ADDRESS}"]


def test_hosts_are_asked_for_the_new_name() -> None:
    assert answer("rewrite name a.example host.example", "a.example") == ["a.example. 3600 IN A 192.0.2.1"]


def test_the_first_rule_that_fits_is_the_last_unless_it_says_continue() -> None:
    second = f"rewrite name b.example {NAME}"
    assert answer(f"rewrite name a.example b.example\n{second}", "a.example") == ["SERVFAIL"]
    both = f"rewrite continue name a.example b.example\n{second}"
    assert answer(both, "a.example") == [f"a.example. {ADDRESS}"]
    assert answer(f"rewrite stop name z.example b.example\n{second}", "b.example") == [f"b.example. {ADDRESS}"]


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("rewrite", "expected name, type or ttl, seen 'rewrite'"),
        ("rewrite edns0 local set 0xffee abc", "expected name, type or ttl"),
        ("rewrite name a", r"expected \[exact\|prefix"),
        ("rewrite name middle a b", r"expected \[exact\|prefix"),
        ("rewrite name regex ( b", "is no regular expression"),
        ("rewrite name a b answer maybe", "expected 'answer auto'"),
        ("rewrite name a b {\n answer auto\n}", "all of it in the block"),
        ("rewrite {\n type A AAAA\n answer auto\n}", "'answer auto' is not known"),
        ("rewrite ttl a soon", "number from 0"),
        ("rewrite type A SURPRISE", "expected a type such as AAAA, seen 'SURPRISE'"),
    ],
)
def test_what_is_wrong_is_told(rule: str, reason: str) -> None:
    with pytest.raises(CorefileError, match=reason):
        read_corefile(f".:53 {{\n{rule}\n}}")
