"""One path, round after round: what is a sample, and what is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest

from pytest_k8snet.errors import MeasurementError
from pytest_k8snet.measure.iperf3.client import Client
from pytest_k8snet.measure.iperf3.course import Course
from pytest_k8snet.measure.iperf3.failures import NothingArrived, Unreached
from pytest_k8snet.measure.iperf3.loads import ONE_STREAM
from pytest_k8snet.measure.iperf3.results import Cpu, Throughput
from pytest_k8snet.measure.iperf3.transfer import Transfer
from pytest_k8snet.probe.processors import Busy, Processor

RATE = 1e9


class FakeClient:
    """Moves bytes at a rate that ``rate`` gives for each run; ``troubles`` come first."""

    def __init__(self, rate: Callable[[int], float] = lambda number: RATE, *troubles: MeasurementError) -> None:
        self.rate = rate
        self.troubles = list(troubles)
        self.asked: list[Transfer] = []

    def run(self, transfer: Transfer) -> Throughput:
        self.asked.append(transfer)
        if self.troubles:
            raise self.troubles.pop(0)
        rate = self.rate(len(self.asked))
        size = transfer.amount.bytes or int(rate * transfer.amount.seconds / 8)
        return Throughput(rate, size, size * 8 / rate, Cpu(1, 1), "iperf 3.12")


def course(client: FakeClient, seconds: float = 0.2) -> Course:
    return Course(cast(Client, client), "10.0.0.1", 5201, ONE_STREAM, seconds)


def test_each_round_sends_as_much_as_the_first() -> None:
    client = FakeClient()
    measured = course(client)
    assert [measured(number) for number in range(3)] == [RATE] * 3
    assert len({one.amount for one in client.asked[-3:]}) == 1
    assert len(measured.seen) == 3
    assert measured.command.endswith("-n 25000000")


def test_the_nodes_are_watched_while_a_sample_is_measured_and_not_before() -> None:
    looks = [{"n": {"cpu0": Processor(100 * look, 50 * look, 10 * look)}} for look in (1, 2)]
    measured = Course(cast(Client, FakeClient()), "10.0.0.1", 5201, ONE_STREAM, 0.2, lambda: looks.pop(0))
    measured(0)
    assert measured.busy == [{"n": Busy(0.5, 0.1)}]
    assert measured.told("pods").nodes == measured.busy


def test_a_server_that_is_not_reached_at_once_is_waited_for() -> None:
    client = FakeClient(lambda number: RATE, Unreached("not yet"), Unreached("not yet"))
    course(client).open(5)
    assert len(client.asked) == 3


def test_a_server_that_is_never_reached_is_an_error_with_its_reason() -> None:
    with pytest.raises(Unreached, match="nobody"):
        course(FakeClient(lambda number: RATE, *[Unreached("nobody")] * 9)).open(0)


def test_a_knock_of_which_nothing_arrives_has_reached_the_server() -> None:
    client = FakeClient(lambda number: RATE, NothingArrived("yet"))
    course(client).open(0)
    assert len(client.asked) == 1


def test_another_failure_is_not_waited_for() -> None:
    with pytest.raises(MeasurementError, match="killed"):
        course(FakeClient(lambda number: RATE, MeasurementError("killed"))).open(5)


def test_a_path_that_became_fast_is_measured_with_more() -> None:
    client = FakeClient(lambda number: RATE / 50 if number < 3 else RATE)
    measured = course(client)
    measured(0)
    assert measured(1) == RATE
    assert all(run.seconds > 0.02 for run in measured.seen)


def test_a_path_of_which_no_run_lasts_gives_no_number() -> None:
    measured = course(FakeClient(lambda number: RATE if number % 3 else RATE * 100))
    with pytest.raises(MeasurementError, match="now fast and now slow"):
        measured(0)
