"""What makes a test function a check, and what a check needs."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pytest_k8snet.checks import Check, check, check_of, requirements_of

SPEC = "https://kubernetes.io/docs/concepts/services-networking/"
TESTS = f"""
import pytest
from pytest_k8snet.checks import check

@check("MODEL-001", spec="{SPEC}", level="core", requires=("two_nodes",), catches=("snat-on-node",))
def test_check(): pass

@pytest.mark.parametrize("family", ["ipv6"])
@pytest.mark.parametrize("protocol", ["tcp", "sctp"])
@check("MODEL-002", spec="{SPEC}", level="extended", catches=())
def test_parameters(family, protocol): pass

@pytest.mark.parametrize("family", ["ipv4"])
def test_of_a_user(family): pass

def test_without_parameters(): pass
"""


@pytest.fixture
def items(pytester: pytest.Pytester) -> dict[str, pytest.Item]:
    return {item.name: item for item in pytester.getitems(TESTS)}


def test_a_check_keeps_what_it_was_given(items: dict[str, pytest.Item]) -> None:
    expected = Check("MODEL-001", "model", "core", SPEC, ("two_nodes",), ("snat-on-node",))
    assert check_of(items["test_check"]) == expected


def test_a_test_of_a_user_is_no_check(items: dict[str, pytest.Item]) -> None:
    assert check_of(items["test_without_parameters"]) is None


def test_a_check_can_be_selected_by_its_area_and_its_level(items: dict[str, pytest.Item]) -> None:
    assert {mark.name for mark in items["test_check"].iter_markers()} == {"k8snet_check", "model", "core"}


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("test_check", ("two_nodes",)),
        ("test_parameters[tcp-ipv6]", ("ipv6",)),
        ("test_parameters[sctp-ipv6]", ("ipv6", "sctp")),
        ("test_of_a_user[ipv4]", ("ipv4",)),
        ("test_without_parameters", ()),
    ],
)
def test_a_test_needs_what_its_check_and_its_parameters_need(
    items: dict[str, pytest.Item], name: str, needs: tuple[str, ...]
) -> None:
    assert requirements_of(items[name]) == needs


def test_the_area_is_in_the_id_unless_it_is_given() -> None:
    def area(**more: Any) -> str:
        def test() -> None: ...

        marked: Any = check("DNS-001", spec=SPEC, level="core", catches=(), **more)(test)
        return str(next(mark.args[0].area for mark in marked.pytestmark if mark.args))

    assert area() == "dns"
    assert area(area="services") == "services"


@pytest.mark.parametrize(
    ("id", "given", "said"),
    [
        ("MODEL-1", {}, "must look like MODEL-001"),
        ("model-001", {}, "must look like MODEL-001"),
        ("MODLE-001", {}, "'modle' is not one of model, "),
        ("MODEL-001", {"area": "modle"}, "'modle' is not one of model, "),
        ("MODEL-001", {"level": "corr"}, "'corr' is not one of core, "),
        ("MODEL-001", {"requires": ("two_nodse",)}, "'two_nodse' is not one of ipv4, "),
    ],
)
def test_a_misspelt_check_fails_at_import(id: str, given: dict[str, Any], said: str) -> None:
    wanted: dict[str, Any] = {"level": "core", "catches": ()}
    with pytest.raises(ValueError, match=re.escape(said)):
        check(id, spec=SPEC, **wanted | given)
