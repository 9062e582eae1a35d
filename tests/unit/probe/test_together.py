"""What must hold of several probes at once."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.probe.course import Course
from pytest_k8snet.probe.observation import (
    CONNECTS,
    Expectation,
    Expected,
    Identity,
    Observation,
    Outcome,
    Pod,
    Probe,
    Protocol,
    Together,
)
from pytest_k8snet.probe.patience import Patience

SOURCE = Pod("ns", "client", "node-1", ("10.0.0.9",))
PROBES = [Probe(SOURCE, "10.96.0.1", 80, Protocol.TCP, "svc:80", attempt=number) for number in range(4)]
QUICK = Patience(timeout=0.1, converge=0.1, hold=0.0, interval=0.01)
ANY = Expected(CONNECTS, servers=frozenset({"a", "b"}))


def _by(*pods: str) -> dict[Probe, Observation]:
    seen = [Observation(Outcome.CONNECTED, 1.0, server=Identity(pod, "", "", (), "10.0.0.9", 1)) for pod in pods]
    return dict(zip(PROBES, seen, strict=True))


def test_any_of_several_pods_may_answer_and_nobody_else() -> None:
    seen = _by("a", "b", "c", "a")
    assert [ANY.mismatch(probe, seen[probe]) for probe in PROBES] == ["", "", "answered by c, not by a or b", ""]


def test_every_pod_must_answer_some() -> None:
    every = Together(frozenset(PROBES), every=frozenset({"a", "b"}))
    assert every.mismatch(_by("a", "b", "a", "a")) == ""
    assert every.mismatch(_by(*"aaaa")) == "b answered none of 4 connections, but a 4 times"


def test_one_pod_must_answer_all() -> None:
    same = Together(frozenset(PROBES), same=True)
    assert same.mismatch(_by(*"bbbb")) == ""
    assert same.mismatch(_by(*"abbb")) == "not the same pod answered all 4 connections, but a 1 times, b 3 times"


def test_all_cells_of_what_does_not_hold_together_are_wrong_and_a_cells_own_reason_comes_first() -> None:
    together = (Together(frozenset(PROBES), every=frozenset({"a", "b"})),)
    asked = Expectation("spread", dict.fromkeys(PROBES, ANY), together=together)
    assert list(asked.wrong(_by(*"aaaa"))) == PROBES
    assert asked.wrong(_by(*"aaac"))[PROBES[3]] == "answered by c, not by a or b"


def test_a_table_converges_when_every_pod_has_answered() -> None:
    together = (Together(frozenset(PROBES), every=frozenset({"a", "b"})),)
    asked = Expectation("spread", dict.fromkeys(PROBES, ANY), together=together)
    rounds = iter([_by(*"aaaa"), *[_by(*"abab")] * 9])
    assert Course(asked, lambda probes, patience: next(rounds), QUICK).run() == asked
    assert Course(asked, lambda probes, patience: _by(*"aaaa"), QUICK).run() != replace(asked)
