"""What makes a test function a check, and what a check needs."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_k8snet.checks import Check, check, check_of, requirements_of

SPEC = "https://kubernetes.io/docs/concepts/services-networking/"


@check("MODEL-001", spec=SPEC, level="core", requires=("two_nodes",), catches=("snat-on-node",))
def of_two_nodes() -> None: ...


@check("MODEL-002", spec=SPEC, level="extended", catches=())
def with_parameters() -> None: ...


def of_a_user() -> None: ...


def _item(function: Any, **parameters: str) -> pytest.Item:
    """As much of a collected test as is looked at."""
    marks = {mark.name: mark for mark in getattr(function, "pytestmark", ())}
    item = SimpleNamespace(get_closest_marker=marks.get)
    if parameters:
        item.callspec = SimpleNamespace(params=parameters)
    return cast(pytest.Item, item)


def test_a_check_keeps_what_it_was_given() -> None:
    expected = Check("MODEL-001", "model", "core", SPEC, ("two_nodes",), ("snat-on-node",))
    assert check_of(_item(of_two_nodes)) == expected


def test_a_test_of_a_user_is_no_check() -> None:
    assert check_of(_item(of_a_user)) is None


def test_a_check_can_be_selected_by_its_area_and_its_level() -> None:
    assert [mark.name for mark in cast(Any, of_two_nodes).pytestmark] == ["k8snet_check", "model", "core"]


@pytest.mark.parametrize(
    ("item", "needs"),
    [
        (_item(of_two_nodes), ("two_nodes",)),
        (_item(of_two_nodes, family="ipv4"), ("two_nodes", "ipv4")),
        (_item(with_parameters, family="ipv6", protocol="tcp"), ("ipv6",)),
        (_item(with_parameters, family="ipv6", protocol="sctp"), ("ipv6", "sctp")),
        (_item(with_parameters), ()),
        (_item(of_a_user, family="ipv4", size="large"), ("ipv4",)),
        (_item(of_a_user), ()),
    ],
)
def test_a_test_needs_what_its_check_and_its_parameters_need(item: pytest.Item, needs: tuple[str, ...]) -> None:
    assert requirements_of(item) == needs


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
        ("MODEL-001", {"shows": "two_nodse"}, "'two_nodse' is not one of ipv4, "),
    ],
)
def test_a_misspelt_check_fails_at_import(id: str, given: dict[str, Any], said: str) -> None:
    wanted: dict[str, Any] = {"level": "core", "catches": ()}
    with pytest.raises(ValueError, match=re.escape(said)):
        check(id, spec=SPEC, **wanted | given)
