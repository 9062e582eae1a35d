"""What a waiver covers, and what became of it in a run."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import replace

import pytest

from pytest_k8snet.report.record import CheckRecord
from pytest_k8snet.report.waiver import Waiver, WaiverState, after, as_text, from_text, waiver_of

MakeCheck = Callable[..., CheckRecord]
UNTIL = datetime.date(2027, 1, 31)
WAIVER = Waiver("DNS-001", "a known defect", "https://example.test/7", UNTIL, place="waivers.toml:1")
OF_IPV6 = replace(WAIVER, params={"family": "ipv6"})


@pytest.mark.parametrize(
    ("patterns", "params", "covered"),
    [
        ({}, {}, True),
        ({}, {"family": "ipv4"}, True),
        ({"family": "ipv6"}, {"family": "ipv6", "protocol": "udp"}, True),
        ({"family": "ipv6"}, {"family": "ipv4", "protocol": "udp"}, False),
        ({"family": "ipv*"}, {"family": "ipv4"}, True),
        ({"family": "IPV4"}, {"family": "ipv4"}, False),
        ({"family": "*", "protocol": "udp"}, {"family": "ipv4", "protocol": "tcp"}, False),
        ({"family": "*"}, {}, False),
    ],
)
def test_a_waiver_covers_the_parameters_that_all_its_patterns_match(
    patterns: dict[str, str], params: dict[str, str], covered: bool
) -> None:
    waiver = replace(WAIVER, params=patterns)
    assert waiver.covers("DNS-001", params) is covered
    assert not waiver.covers("DNS-002", params)


def test_the_first_that_covers_and_has_not_expired_waives() -> None:
    expired = replace(WAIVER, state=WaiverState.EXPIRED)
    assert waiver_of([expired, OF_IPV6, WAIVER], "DNS-001", {"family": "ipv6"}) == OF_IPV6
    assert waiver_of([expired, OF_IPV6, WAIVER], "DNS-001", {"family": "ipv4"}) == WAIVER
    assert waiver_of([expired, OF_IPV6], "DNS-001", {"family": "ipv4"}) is None


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ([], "unused"),
        (["skipped"], "unused"),
        (["error"], "unused"),
        (["xfailed"], "needed"),
        (["xfailed", "xpassed"], "needed"),
        (["failed"], "needed"),  # as with --runxfail
        (["xpassed"], "unneeded"),
        (["xpassed", "xpassed", "skipped"], "unneeded"),
        (["passed"], "unneeded"),
    ],
)
def test_what_became_of_a_waiver(make_check: MakeCheck, outcomes: list[str], state: str) -> None:
    checks = [make_check("DNS-001", outcome, params={"n": str(n)}) for n, outcome in enumerate(outcomes)]
    (found,) = after([WAIVER], [*checks, make_check("DNS-002", "failed")])
    assert found == replace(WAIVER, state=WaiverState(state))


def test_what_has_expired_stays_so_whatever_its_check_does(make_check: MakeCheck) -> None:
    expired = replace(WAIVER, state=WaiverState.EXPIRED)
    assert after([expired], [make_check("DNS-001", "failed")]) == [expired]


def test_parameters_that_never_came_are_told_from_those_that_were_not_selected(make_check: MakeCheck) -> None:
    ipv4 = make_check("DNS-001", "passed", params={"family": "ipv4"})
    assert [waiver.state for waiver in after([OF_IPV6], [ipv4])] == [WaiverState.UNMATCHED]
    assert [waiver.state for waiver in after([OF_IPV6], [])] == [WaiverState.UNUSED]


def test_each_of_two_waivers_of_one_check_is_judged_by_what_it_covers(make_check: MakeCheck) -> None:
    checks = [
        make_check("DNS-001", outcome, params={"family": family})
        for family, outcome in (("ipv4", "xpassed"), ("ipv6", "xfailed"))
    ]
    assert [waiver.state for waiver in after([OF_IPV6, WAIVER], checks)] == [WaiverState.NEEDED, WaiverState.UNNEEDED]


def test_waivers_travel_as_text() -> None:
    assert from_text(as_text([WAIVER, OF_IPV6])) == (WAIVER, OF_IPV6)


def test_a_waiver_says_why_where_and_for_how_long() -> None:
    assert OF_IPV6.name == "DNS-001[family=ipv6]"
    assert WAIVER.text == "a known defect (https://example.test/7, waived until 2027-01-31)"
