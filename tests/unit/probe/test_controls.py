"""Every negative has a positive."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_k8snet.probe.controls import unproved
from pytest_k8snet.probe.observation import CONNECTS, REJECTED, Expectation, Expected, Pod, Probe, Protocol

MakeProbe = Callable[..., Probe]


@pytest.fixture
def blocked(pods: list[Pod], make_probe: MakeProbe) -> dict[Probe, Expected]:
    return {make_probe(pods[0], pods[1]): Expected(REJECTED, target="pod-2")}


def test_a_negative_with_both_controls_is_proved(
    blocked: dict[Probe, Expected], pods: list[Pod], make_probe: MakeProbe
) -> None:
    of_source = {make_probe(pods[0], pods[2]): Expected(CONNECTS)}
    of_target = {make_probe(pods[2], pods[1]): Expected(CONNECTS, server="pod-2")}
    assert unproved(Expectation("t", blocked | of_source | of_target)) == []


def test_a_source_that_reaches_nothing_proves_nothing(
    blocked: dict[Probe, Expected], pods: list[Pod], make_probe: MakeProbe
) -> None:
    of_target = {make_probe(pods[2], pods[1]): Expected(CONNECTS, server="pod-2")}
    (missing,) = unproved(Expectation("t", blocked | of_target))
    assert "no cell shows that pod-1 can reach anything" in missing


def test_a_target_that_answers_nobody_proves_nothing(
    blocked: dict[Probe, Expected], pods: list[Pod], make_probe: MakeProbe
) -> None:
    of_source = {make_probe(pods[0], pods[2]): Expected(CONNECTS, server="pod-3")}
    (missing,) = unproved(Expectation("t", blocked | of_source))
    assert "no cell shows that pod-2 answers anyone" in missing


def test_a_negative_must_name_its_target(pods: list[Pod], make_probe: MakeProbe) -> None:
    cells = {
        make_probe(pods[0], pods[1]): Expected(REJECTED),
        make_probe(pods[0], pods[2]): Expected(CONNECTS, server="pod-3"),
    }
    (missing,) = unproved(Expectation("t", cells))
    assert "names no target" in missing


def test_controls_count_only_in_their_own_protocol(
    blocked: dict[Probe, Expected], pods: list[Pod], make_probe: MakeProbe
) -> None:
    cells = {
        make_probe(pods[0], pods[2], Protocol.UDP): Expected(CONNECTS),
        make_probe(pods[2], pods[1], Protocol.UDP): Expected(CONNECTS, server="pod-2"),
    }
    assert len(unproved(Expectation("t", blocked | cells))) == 2


def test_controls_count_only_in_their_own_family(blocked: dict[Probe, Expected], pods: list[Pod]) -> None:
    cells = {
        Probe(source, target.addresses[1], 80, Protocol.TCP, target.name): Expected(CONNECTS, server=target.name)
        for source in pods
        for target in pods
    }
    assert len(unproved(Expectation("t", blocked | cells))) == 2


def test_a_cell_that_may_connect_or_not_controls_nothing(
    blocked: dict[Probe, Expected], pods: list[Pod], make_probe: MakeProbe
) -> None:
    either = {
        make_probe(pods[0], pods[2]): Expected(CONNECTS | REJECTED),
        make_probe(pods[2], pods[1]): Expected(CONNECTS | REJECTED, server="pod-2"),
    }
    assert len(unproved(Expectation("t", blocked | either))) == 2


def test_a_cell_that_connected_without_what_forbids_it_now_needs_no_other_control(
    blocked: dict[Probe, Expected],
) -> None:
    assert unproved(Expectation("t", blocked, controlled=frozenset(blocked))) == []
