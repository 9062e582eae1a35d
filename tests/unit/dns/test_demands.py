"""Each demand meets the answer that it is for, and says what is wrong with every other."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from pytest_k8snet.dns import demands
from pytest_k8snet.dns.reply import Reply
from pytest_k8snet.oracle.dns_records import Answer

NAME, ZONE = "web.shop.svc.cluster.local", "cluster.local"
ADDRESSES = Answer("NOERROR", "A", frozenset({"10.0.0.1", "10.0.0.2"}), "so it is")


def reply(
    kind: str = "A", *values: str, ttl: int = 30, rcode: str = "NOERROR", soa: str = "", truncated: bool = False
) -> Reply:
    made = dns.message.make_response(dns.message.make_query(f"{NAME}.", kind, use_edns=0 if kind == "AAAA" else -1))
    made.set_rcode(dns.rcode.from_text(rcode))
    made.flags |= dns.flags.TC if truncated else 0
    if values:
        made.answer.append(dns.rrset.from_text(f"{NAME}.", ttl, "IN", kind, *values))
    if soa:
        made.authority.append(dns.rrset.from_text(f"{soa}.", 30, "IN", "SOA", "a. b. 1 2 3 4 5"))
    return Reply(made.to_wire(max_size=65535))


@pytest.mark.parametrize(
    ("seen", "wrong"),
    [
        (reply("A", "10.0.0.2", "10.0.0.1"), ""),
        (reply("A", "10.0.0.1"), "NOERROR A 10.0.0.1 instead of NOERROR A 10.0.0.1, 10.0.0.2"),
        (reply("A", "10.0.0.1", "10.0.0.2", "10.0.0.3"), "NOERROR A 10.0.0.1, 10.0.0.2, 10.0.0.3 instead of"),
        (reply(rcode="NXDOMAIN"), "NXDOMAIN without A instead of"),
        (reply("A", "10.0.0.1", "10.0.0.2", truncated=True), "instead of"),
    ],
)
def test_exactly_the_values_in_any_order(seen: Reply, wrong: str) -> None:
    said = demands.answers(ADDRESSES).wrong(seen)
    assert said.startswith(wrong) or wrong in said
    assert bool(said) is bool(wrong)


def test_priority_and_weight_of_service_records_are_the_servers_choice_and_names_have_no_case() -> None:
    wanted = demands.answers(Answer("NOERROR", "SRV", frozenset({f"80 {NAME}."}), ""))
    assert wanted.wrong(reply("SRV", f"0 100 80 {NAME.upper()}.")) == ""
    assert wanted.wrong(reply("SRV", f"0 100 81 {NAME}.")) != ""


def test_names_of_endpoints_are_different_and_below_their_service() -> None:
    wanted = demands.targets_below(NAME)
    assert wanted.wrong(reply("SRV", f"0 1 80 a.{NAME}.", f"0 1 80 b.{NAME}.")) == ""
    assert "no name below" in wanted.wrong(reply("SRV", f"0 1 80 {NAME}."))
    assert "not one for each" in wanted.wrong(reply("SRV", f"0 1 80 a.{NAME}.", f"0 2 80 a.{NAME}."))
    assert "not one for each" in wanted.wrong(reply(rcode="NXDOMAIN"))


def test_a_negative_answer_has_the_soa_of_its_zone() -> None:
    assert demands.denied_by(ZONE).wrong(reply(rcode="NXDOMAIN", soa=ZONE)) == ""
    assert demands.denied_by(ZONE).wrong(reply(rcode="NXDOMAIN")) == "NXDOMAIN with the SOA of nobody"
    assert demands.denied_by(ZONE).wrong(reply(rcode="NXDOMAIN", soa="other")) == "NXDOMAIN with the SOA of other"


def test_a_truncated_answer_is_short_and_says_so() -> None:
    assert demands.truncated(512).wrong(reply("A", "10.0.0.1", truncated=True)) == ""
    assert "does not say" in demands.truncated(512).wrong(reply("A", "10.0.0.1"))
    assert "more than the 20" in demands.truncated(20).wrong(reply("A", "10.0.0.1", truncated=True))


def test_who_speaks_edns_is_answered_with_edns() -> None:
    wanted = demands.with_edns(demands.ANY_ANSWER)
    assert wanted.wrong(reply("AAAA", "fd00::1")) == ""
    assert wanted.wrong(reply("A", "10.0.0.1")) == "no OPT record in the answer"


def test_times_to_live() -> None:
    assert demands.lives_for(30).wrong(reply("A", "10.0.0.1", ttl=30)) == ""
    assert "31 s" in demands.lives_for(30).wrong(reply("A", "10.0.0.1", ttl=31))
    assert "nothing that could live" in demands.lives_for(30).wrong(reply())
    assert demands.remembered(30).wrong(reply("A", "10.0.0.1", ttl=29)) == ""
    assert "not less than 30" in demands.remembered(30).wrong(reply("A", "10.0.0.1", ttl=30))


def test_an_alias_comes_with_an_address() -> None:
    alias = Answer("NOERROR", "CNAME", frozenset({"other.test."}), "")
    assert "without an address" in demands.followed(alias).wrong(reply("CNAME", "other.test."))
    assert "instead of" in demands.followed(alias).wrong(reply("A", "10.0.0.1"))


@pytest.mark.parametrize("length", [False, True])
def test_id_and_question_come_back_as_they_were_asked(length: bool) -> None:
    def asked(name: str, ident: int) -> dns.message.QueryMessage:
        return dns.message.make_query(name, "A", id=ident)

    query = asked("wEb.test.", 7).to_wire()
    wire = len(query).to_bytes(2, "big") + query if length else query

    def wrong(name: str, ident: int) -> str:
        return demands.no_echo(Reply(dns.message.make_response(asked(name, ident)).to_wire()), wire)

    assert wrong("wEb.test.", 7) == ""
    assert "the id 8, not 7" in wrong("wEb.test.", 8)
    assert "not ['wEb.test. A']" in wrong("web.test.", 7)
    assert "no response" in demands.no_echo(Reply(query), wire)
