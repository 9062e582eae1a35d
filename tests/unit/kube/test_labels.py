"""How our objects are recognised, and how a live run is told from what one left behind."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.kube.labels import ALIVE_UNTIL, LEASE_SECONDS, expired, lease, namespace_name


@given(run_id=st.from_regex(r"[0-9a-f]{8}", fullmatch=True), purpose=st.text())
def test_a_namespace_has_a_valid_name_whatever_its_purpose(run_id: str, purpose: str) -> None:
    name = namespace_name(run_id, purpose)
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", name)
    assert len(name) <= 63
    assert name.startswith(f"k8snet-{run_id}-")


def test_two_namespaces_of_one_purpose_do_not_meet() -> None:
    assert len({namespace_name("1a2b3c4d", "test_x") for _ in range(50)}) == 50


def test_a_run_that_said_so_just_now_lives() -> None:
    namespace = {"metadata": {"annotations": {ALIVE_UNTIL: lease(now=1000.5)}}}
    assert not expired(namespace, now=1000.5)
    assert not expired(namespace, now=1000 + LEASE_SECONDS)
    assert expired(namespace, now=1002 + LEASE_SECONDS)


def test_a_lease_is_from_now_on() -> None:
    assert not expired({"metadata": {"annotations": {ALIVE_UNTIL: lease()}}})


@pytest.mark.parametrize(
    "namespace",
    [
        {"metadata": {}},
        {"metadata": {"annotations": None}},
        {"metadata": {"annotations": {}}},
        {"metadata": {"annotations": {ALIVE_UNTIL: ""}}},
        {"metadata": {"annotations": {ALIVE_UNTIL: "tomorrow"}}},
        {"metadata": {"annotations": {ALIVE_UNTIL: "-1"}}},
    ],
)
def test_a_namespace_that_does_not_say_until_when_it_lives_is_left_over(namespace: dict[str, Any]) -> None:
    assert expired(namespace)
