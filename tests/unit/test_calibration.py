"""What is wrong with a pass over the checks under one fault."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_k8snet.calibration import HEALTHY, Pass, as_faults, problems
from pytest_k8snet.options import Settings
from pytest_k8snet.providers import FaultInjector

CATCHES = {"MODEL-001": ("snat", "mtu"), "MODEL-002": ("mtu",), "MODEL-003": ("loss",)}


def _pass(*failed: str, **errors: str) -> Pass:
    wrong = {name.replace("_", "-"): why for name, why in errors.items()}
    return Pass({*failed}, wrong, {*CATCHES} - {*failed} - {*wrong})


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

    assert names("all") == ["healthy", "a-fault", "mtu", "snat"]
    assert names("snat") == ["healthy", "snat"]
    assert names("snat,new-fault") == ["healthy", "snat", "new-fault"]


def _no_faults() -> FaultInjector:
    raise AssertionError("nothing is injected before its turn")
