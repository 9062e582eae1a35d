"""What a bandwidth is limited by when that is not the network."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.measure.iperf3.flags import PERHAPS, SPEED, busy, flagged
from pytest_k8snet.measure.iperf3.results import Cpu, Throughput
from pytest_k8snet.measure.iperf3.seen import Seen
from pytest_k8snet.measure.iperf3.transfer import Manner
from pytest_k8snet.measure.judged import Judged
from pytest_k8snet.measure.rounds import Plan, judge
from pytest_k8snet.measure.verdict import Limit, Verdict
from pytest_k8snet.probe.processors import Busy

ONE = Manner()
IDLE, SPENT = Cpu(20, 30), Cpu(98, 40)
PLAN = Plan((3, 6), 0.98, 1.0, 1e9)


def run(cpu: Cpu = IDLE, version: str = "iperf 3.12") -> Throughput:
    return Throughput(1e9, 1000, 1.0, cpu, version)


def seen(name: str = "pods", cpu: Cpu = IDLE, manner: Manner = ONE, **nodes: Busy) -> Seen:
    return Seen(name, manner, [run(cpu)] * 3, [nodes] * 3)


def judged(share: float, noise: float = 0.0) -> Judged:
    return judge(
        {"pods": lambda number: share * (1 + noise * (number % 2))},
        lambda number: 1.0,
        {"pods": Limit(0.5, "higher")},
        PLAN,
    )["pods"]


def test_a_program_that_used_its_whole_processor_is_told() -> None:
    found = flagged(judged(0.9), seen(cpu=SPENT), seen("nodes"))
    assert found.flags == (f"pods: the client's processor was busy 98 %: {SPEED}",)


def test_a_busy_baseline_is_told_as_well() -> None:
    found = flagged(judged(0.9), seen(), seen("nodes", Cpu(10, 93)))
    assert found.flags == (f"nodes: the server's processor was busy 93 %: {SPEED}",)


def test_what_a_node_does_for_no_program_is_told() -> None:
    found = flagged(judged(0.9), seen(**{"n-1": Busy(0.99, 0.61), "n-2": Busy(0.5, 0.5)}), seen("nodes"))
    assert found.flags == (f"pods: a processor of n-1 was busy 99 % (61 % in soft interrupts): {PERHAPS}",)


@given(st.floats(0.01, 2), st.booleans())
def test_a_flag_changes_no_verdict_and_stands_in_its_explanation(share: float, spent: bool) -> None:
    plain = judged(share)
    found = flagged(plain, seen(cpu=SPENT if spent else IDLE), seen("nodes"))
    assert replace(found, flags=()) == plain
    assert (SPEED in found.explain()) is spent
    assert list(found.flags) == [doubt for doubt in found.doubts if doubt not in plain.doubts]


def test_a_failure_says_that_the_processor_was_busy() -> None:
    found = flagged(judged(0.1), seen(cpu=SPENT), seen("nodes"))
    assert found.verdict is Verdict.FAIL
    assert f"pods: the client's processor was busy 98 %: {SPEED}" in found.explain()


@pytest.mark.parametrize(
    ("version", "percent", "told"),
    [("iperf 3.12", 98, True), ("iperf 3.17", 98, False), ("iperf 3.17", 380, True)],
)
def test_several_streams_have_a_processor_each_from_the_version_on_that_has_threads(
    version: str, percent: float, told: bool
) -> None:
    four = Seen("pods", Manner(streams=4), [run(Cpu(percent, 1), version)])
    assert bool(busy(four)) is told


def test_a_single_busy_run_is_no_busy_path() -> None:
    assert busy(Seen("pods", ONE, [run(), run(SPENT), run()])) == []
    assert busy(Seen("pods", ONE, [])) == []


def test_loss_beside_a_busy_processor_may_be_its_doing() -> None:
    sent = Manner(udp_rate=1000)
    (flag,) = flagged(judged(0.9), seen(cpu=SPENT, manner=sent), seen("nodes", manner=sent)).flags
    assert flag.endswith("what was lost may be lost by the processor, not by the network")


def test_a_limit_that_pods_and_nodes_share_is_told() -> None:
    (flag,) = flagged(judged(1.001), seen(), seen("nodes")).flags
    assert flag.startswith(
        "pods: the same as nodes within 2 %, and no processor was seen busy: both have the same limit"
    )


@pytest.mark.parametrize(("share", "noise"), [(0.95, 0.0), (1.05, 0.0), (1.0, 0.1)])
def test_what_differs_or_is_not_known_so_well_has_no_shared_limit(share: float, noise: float) -> None:
    assert flagged(judged(share, noise), seen(), seen("nodes")).flags == ()


def test_all_datagrams_that_arrive_have_no_shared_limit() -> None:
    sent = Manner(udp_rate=1000)
    assert flagged(judged(1.0), seen(manner=sent), seen("nodes", manner=sent)).flags == ()
