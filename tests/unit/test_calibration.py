"""What is wrong with a pass over the checks under one fault."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_k8snet.calibration import as_faults
from pytest_k8snet.calibration_rules import (
    BYSTANDERS,
    HEALTHY,
    WITNESSES,
    Pass,
    Turns,
    chosen,
    left_over,
    matrix,
    problems,
    unnamed,
)
from pytest_k8snet.checks import Check
from pytest_k8snet.embedded.faults_client import KnownFault
from pytest_k8snet.options import Settings
from pytest_k8snet.providers import FaultInjector

CATCHES = {"MODEL-001": ("snat", "mtu"), "MODEL-002": ("mtu",), "MODEL-003": ("loss",)}


def _pass(*failed: str, **errors: str) -> Pass:
    wrong = {name.replace("_", "-"): why for name, why in errors.items()}
    return Pass({*CATCHES}, {*failed}, wrong, {*CATCHES} - {*failed} - {*wrong})


@pytest.mark.parametrize(
    ("fault", "failed"),
    [(HEALTHY, ()), ("snat", ("MODEL-001",)), ("mtu", ("MODEL-001", "MODEL-002"))],
)
def test_exactly_the_checks_that_name_a_fault_must_fail(fault: str, failed: tuple[str, ...]) -> None:
    assert problems(fault, CATCHES, _pass(*failed)) == []


def test_a_check_that_fails_on_the_healthy_cluster_is_wrong() -> None:
    assert problems(HEALTHY, CATCHES, _pass("MODEL-003", "MODEL-001")) == [
        "MODEL-001 fails on the healthy cluster",
        "MODEL-003 fails on the healthy cluster",
    ]


def test_a_check_that_names_no_fault_is_wrong() -> None:
    assert problems(HEALTHY, CATCHES | {"MODEL-004": ()}, _pass()) == ["MODEL-004 names no fault that it catches"]


def test_a_check_that_does_not_notice_its_fault_is_wrong() -> None:
    assert problems("mtu", CATCHES, _pass("MODEL-002")) == ["MODEL-001 should have noticed it and did not fail"]


def test_a_check_that_did_not_run_did_not_notice_its_fault() -> None:
    assert problems("snat", CATCHES, Pass()) == ["MODEL-001 should have noticed it and did not fail"]


def test_a_check_that_fails_without_naming_the_fault_is_wrong() -> None:
    assert problems("snat", CATCHES, _pass("MODEL-001", "MODEL-002")) == [
        "MODEL-002 failed, but does not name this fault"
    ]


@pytest.mark.parametrize("fault", [HEALTHY, "mtu"])
def test_a_check_without_a_verdict_is_wrong_whatever_the_fault(fault: str) -> None:
    seen = _pass(*(() if fault == HEALTHY else ("MODEL-001", "MODEL-002")), MODEL_003="AgentLost: pod-1")
    assert problems(fault, CATCHES, seen) == ["MODEL-003 ended without a verdict: AgentLost: pod-1"]


def test_a_check_without_a_verdict_has_not_noticed_its_fault() -> None:
    assert problems("snat", CATCHES, _pass(MODEL_001="AgentLost")) == [
        "MODEL-001 ended without a verdict: AgentLost",
        "MODEL-001 should have noticed it and did not fail",
    ]


def test_a_fault_that_no_check_names_is_wrong_even_when_nothing_fails() -> None:
    assert problems("unnamed", CATCHES, _pass()) == ["no check names this fault in its catches"]


KNOWN = [
    KnownFault(name, layer, "something", False)
    for name, layer in {"snat": "data path", "mtu": "data path", "slow": "dns", "dead": "dns"}.items()
]


def test_a_fault_that_no_check_names_is_wrong_where_others_of_its_layer_are_named() -> None:
    wrong, waiting = unnamed(KNOWN, {"snat"})
    assert wrong == ["no check names mtu in its catches, though there are checks for the layer data path"]
    assert waiting == ["slow (dns)", "dead (dns)"]
    assert unnamed(KNOWN, {"snat", "mtu", "slow", "dead"}) == ([], [])


def test_what_a_fault_leaves_in_the_network_is_told_and_pods_that_came_or_went_are_not() -> None:
    before = {"node-1": ["a rule", "a route", "a route"], "pod gone": ["x"]}
    assert left_over(before, {"node-1": ["a route", "a rule", "a route"], "pod new": ["y"]}) == []
    assert left_over(before, {"node-1": ["a route", "another rule", "a rule"]}) == [
        "node-1: less than before: a route",
        "node-1: more than before: another rule",
    ]


def test_the_matrix_shows_each_kind_of_cell() -> None:
    passes = {
        HEALTHY: _pass(),
        "mtu": _pass("MODEL-001", "MODEL-003"),
        "loss": _pass(MODEL_003="AgentLost"),
        "snat": Pass({"MODEL-001", "MODEL-002"}, {"MODEL-001"}, {}, {"MODEL-002"}),
        "quiet": _pass(),
    }
    assert matrix(passes, CATCHES)[:7] == [
        "",
        "MODEL  0 0 0",
        "       0 0 0",
        "       1 2 3",
        "mtu    X - !",
        "loss   . . ?",
        "snat   X .",
    ]
    assert matrix(passes, CATCHES)[-1] == "nothing failed: healthy, quiet"


def test_of_an_area_with_very_many_checks_only_what_is_wrong_is_named() -> None:
    many = {f"POLICY-{number}": ("leak",) for number in range(100, 200)}
    seen = Pass({*many}, {*many} - {"POLICY-105"}, {}, {"POLICY-105"})
    assert matrix({"leak": seen}, many)[:3] == ["", "POLICY", "leak    99 X  0 .  POLICY-105 -"]


def _check(number: int, *faults: str) -> Check:
    return Check(f"POLICY-{number}", "policy", "core", "", (), faults)


def test_few_checks_run_all_under_every_fault() -> None:
    few = [_check(1, "leak"), _check(2, "loss"), _check(3)]
    assert chosen("leak", few, Turns()) == {check.id for check in few}


def test_of_very_many_checks_that_name_a_fault_a_share_runs_and_they_take_turns() -> None:
    many = [_check(number, "leak", "loss") for number in range(100, 100 + 2 * WITNESSES)]
    turns = Turns()
    first, second = chosen("leak", many, turns), chosen("loss", many, turns)
    assert len(first) == len(second) == WITNESSES
    assert first | second == {check.id for check in many}


def test_checks_that_do_not_name_a_fault_take_turns_as_well() -> None:
    others = [_check(number) for number in range(100, 100 + 2 * BYSTANDERS)]
    turns = Turns()
    first, second = chosen("leak", others, turns), chosen("loss", others, turns)
    assert len(first) == len(second) == BYSTANDERS
    assert first | second == {check.id for check in others}


def test_checks_of_small_areas_are_always_there_to_show_that_they_do_not_fail() -> None:
    model = [Check(f"MODEL-{number:03}", "model", "core", "", (), ()) for number in range(20)]
    policy = [_check(number) for number in range(100, 300)]
    assert {check.id for check in model} <= chosen("leak", [*policy, *model], Turns())


def test_what_is_measured_runs_only_under_faults_that_something_measured_names() -> None:
    model = Check("MODEL-001", "model", "core", "", (), ("leak",))
    measured = [
        Check(f"PERF-00{number}", "performance", "performance", "", (), ("slow",) * number) for number in (0, 1)
    ]

    assert chosen("leak", [model, *measured], Turns()) == {"MODEL-001"}
    assert chosen("slow", [model, *measured], Turns()) == {"MODEL-001", "PERF-000", "PERF-001"}


CHECKS = """
from pytest_k8snet.checks import check

@check("MODEL-001", spec="", level="core", catches=("snat", "mtu"))
def test_one(): pass

@check("MODEL-002", spec="", level="core", catches=("mtu", "a-fault"))
def test_two(): pass

def test_of_a_user(): pass
"""


def test_the_faults_take_the_place_of_the_checks(
    pytester: pytest.Pytester, make_settings: Callable[..., Settings]
) -> None:
    checks = pytester.getitems(CHECKS)

    def names(calibrate: str) -> list[str]:
        items = as_faults(checks[0].session, checks, make_settings(calibrate=calibrate), faults=_no_faults)
        assert [item.nodeid for item in items] == [f"calibration::{item.name}" for item in items]
        return [item.name for item in items]

    assert names("all") == ["healthy", "a-fault", "mtu", "snat", "unnamed-faults"]
    assert names("snat") == ["healthy", "snat"]
    assert names("snat,new-fault") == ["healthy", "snat", "new-fault"]


def test_parts_of_a_calibration_make_the_whole_without_doing_anything_twice(
    pytester: pytest.Pytester, make_settings: Callable[..., Settings]
) -> None:
    checks = pytester.getitems(CHECKS)

    def names(part: int) -> list[str]:
        settings = make_settings(calibrate="all", calibrate_part=(part, 3))
        return [item.name for item in as_faults(checks[0].session, checks, settings, faults=_no_faults)]

    assert [names(part) for part in (1, 2, 3)] == [["healthy", "snat"], ["a-fault", "unnamed-faults"], ["mtu"]]


def _no_faults() -> FaultInjector:
    raise AssertionError("nothing is injected before its turn")
