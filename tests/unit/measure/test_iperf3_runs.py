"""What is asked of iperf3, for how long, and what its transcript says."""

from __future__ import annotations

from pathlib import Path as File

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.errors import MeasurementError
from pytest_k8snet.kube.pods import PodRequest
from pytest_k8snet.measure.iperf3 import jobs
from pytest_k8snet.measure.iperf3.failures import NothingArrived
from pytest_k8snet.measure.iperf3.figures import figures, warnings
from pytest_k8snet.measure.iperf3.loads import BOTH_WAYS, DATAGRAMS, ONE_STREAM, REVERSE, SEVERAL
from pytest_k8snet.measure.iperf3.pace import find_amount
from pytest_k8snet.measure.iperf3.paths import Path, ends_of
from pytest_k8snet.measure.iperf3.results import Cpu, Throughput, read
from pytest_k8snet.measure.iperf3.seen import Seen
from pytest_k8snet.measure.iperf3.transcript import Transcript
from pytest_k8snet.measure.iperf3.transfer import Amount, Manner, Transfer
from pytest_k8snet.options import defaults
from pytest_k8snet.probe.processors import Busy

DOCUMENTS = File(__file__).parent / "documents"
ONE = (DOCUMENTS / "tcp-one.json").read_text()


def transfer(**amount: int) -> Transfer:
    return Transfer("10.0.0.1", 5201, Manner(), Amount(**(amount or {"bytes": 1000})))


def transcript(text: str = ONE, status: int = 0, elapsed: float = 0.4, **amount: int) -> Transcript:
    lines = ["k8snet: begin 7 iperf3", *text.splitlines(), f"k8snet: end 7 {status}"]
    return Transcript.of(transfer(**amount), lines, elapsed)


@pytest.mark.parametrize(
    ("load", "wanted"),
    [
        (ONE_STREAM, ()),
        (REVERSE, ("-R",)),
        (SEVERAL, ("-P", "4")),
        (BOTH_WAYS, ("--bidir",)),
        (DATAGRAMS, ("-u", "-b", "20000000")),
    ],
    ids=str,
)
def test_a_load_is_asked_for_by_arguments(load: object, wanted: tuple[str, ...]) -> None:
    assert isinstance(load, type(ONE_STREAM))
    assert load.manner.arguments() == wanted


def test_a_run_lasts_whole_seconds_with_one_left_out_or_some_bytes() -> None:
    assert Amount.lasting(5.2, 0).arguments() == ("-t", "5", "-O", "1")
    assert transfer(seconds=1).arguments()[-4:] == ("-t", "1", "-O", "0")
    assert transfer(bytes=77).arguments()[-2:] == ("-n", "77")
    assert transfer(seconds=5).limit > 6


@pytest.mark.parametrize(("seconds", "size"), [(0, 0), (1, 1)])
def test_an_amount_is_seconds_or_bytes(seconds: int, size: int) -> None:
    with pytest.raises(ValueError, match="seconds or bytes"):
        Amount(seconds, size)


def moved(size: int, seconds: float) -> Throughput:
    return Throughput(size * 8 / seconds, size, seconds, Cpu(1, 1), "iperf 3.12")


@given(st.floats(6e8, 4e11), st.floats(0.05, 0.9))
def test_bytes_are_found_that_last_as_long_as_was_asked(rate: float, seconds: float) -> None:
    tried: list[int] = []

    def run(amount: Amount) -> Throughput:
        tried.append(amount.bytes)
        return moved(amount.bytes, amount.bytes * 8 / rate)

    found = find_amount(seconds, Manner(), run)
    assert found.bytes * 8 / rate == pytest.approx(seconds, rel=0.01)
    assert len(tried) <= 6
    assert max(tried) <= max(1_000_000, found.bytes * 1.01)


def test_whole_seconds_and_a_known_rate_need_no_trial() -> None:
    def never(amount: Amount) -> Throughput:
        raise AssertionError(amount)

    assert find_amount(3, Manner(), never) == Amount(seconds=3, omitted=1)
    assert find_amount(0.4, DATAGRAMS.manner, never) == Amount(bytes=1_000_000)


def test_a_path_on_which_few_bytes_fill_only_the_buffer_is_measured_for_a_second() -> None:
    buffer, rate = 4_000_000, 40e6

    def run(amount: Amount) -> Throughput:
        return moved(amount.bytes, 0.001 + max(0, amount.bytes - buffer) * 8 / rate)

    assert find_amount(0.1, Manner(), run) == Amount(seconds=1)


def test_a_trial_that_was_too_small_to_arrive_is_followed_by_a_larger_one() -> None:
    tried: list[int] = []

    def run(amount: Amount) -> Throughput:
        tried.append(amount.bytes)
        if amount.bytes < 10_000_000:
            raise NothingArrived("not yet")
        return moved(amount.bytes, 0.4)

    assert find_amount(0.5, Manner(), run).bytes == 40_000_000
    assert tried == [1_000_000, 32_000_000]


def test_of_much_something_must_arrive() -> None:
    def run(amount: Amount) -> Throughput:
        raise NothingArrived("never")

    with pytest.raises(NothingArrived):
        find_amount(0.5, Manner(), run)


def test_a_transcript_gives_what_was_moved() -> None:
    assert transcript().throughput() == read(ONE)


@pytest.mark.parametrize(
    ("elapsed", "asked", "why"),
    [
        (0.05, {"bytes": 1000}, r"but only 0\.05 s have passed here"),
        (9.0, {"bytes": 1000}, r"but 9\.00 s have passed here"),
        (1.5, {"seconds": 1}, "but it was to run for 1 s"),
    ],
)
def test_clocks_that_do_not_agree_give_no_number(elapsed: float, asked: dict[str, int], why: str) -> None:
    with pytest.raises(MeasurementError, match=why):
        transcript(elapsed=elapsed, **asked).throughput()


@pytest.mark.parametrize(
    ("text", "status", "why"),
    [
        ("", 137, r"killed in the middle \(SIGKILL\)"),
        (ONE, 137, "killed in the middle"),
        ("", 199, "signal 71"),
        ("sh: timeout: not found", 127, "lacks a program: sh: timeout: not found"),
        ((DOCUMENTS / "ended.json").read_text(), 124, r"had not come to its end within 10 s \(it was ended"),
        ("half {", 124, "had not come to its end within 10 s"),
        ("rubbish", 1, "it said: rubbish"),
        (ONE, 1, "exit code 1, though it said nothing"),
    ],
)
def test_a_run_that_ended_otherwise_gives_no_number(text: str, status: int, why: str) -> None:
    with pytest.raises(MeasurementError, match=why):
        transcript(text, status).throughput()


def test_the_ends_of_each_path() -> None:
    seen = {path: (str(ends_of(path, "a", "b").client), str(ends_of(path, "a", "b").server)) for path in Path}
    assert seen == {
        Path.HOSTS: ("host on a", "host on b"),
        Path.TWO_NODES: ("pod on a", "pod on b"),
        Path.SAME_NODE: ("pod on a", "pod on a"),
        Path.CLUSTER_IP: ("pod on a", "pod on b"),
        Path.NODE_PORT: ("pod on a", "pod on b"),
        Path.TO_HOST: ("pod on a", "host on b"),
    }


def test_a_job_is_a_probe_pod_that_is_never_started_again() -> None:
    request = PodRequest("server", "a", containers={jobs.CONTAINER: (5201,)})
    made = jobs.server("run", "ns", request, defaults(File.cwd()), "iperf3")
    pod = made["spec"]["template"]["spec"]
    assert (made["spec"]["backoffLimit"], pod["restartPolicy"]) == (0, "Never")
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["containers"][0]["command"][-2:] == ["iperf3", "5201"]
    assert made["spec"]["template"]["metadata"]["labels"]["k8snet.io/pod"] == "server"


def test_figures_stand_beside_what_is_judged() -> None:
    lossy = read((DOCUMENTS / "udp-lossy.json").read_text())
    seen = {name: value for name, value, _ in figures(Seen("p", Manner(), [lossy, lossy]))}
    assert (seen["p: lost"], seen["p: sent"], seen["p: out of order"]) == (2 * 147, 2 * 657, 0)
    assert "p: retransmits" not in seen
    assert {name for name, *_ in figures(Seen("p", Manner(), [read(ONE)]))} > {
        "p: retransmits",
        "p: processor of the server",
    }
    assert not list(figures(Seen("p", Manner(), [])))


def test_the_busiest_processor_of_each_node_stands_beside_a_path() -> None:
    looked = [{"n-1": Busy(share, 0.1)} for share in (0.2, 0.9, 0.5)]
    assert ("p: busiest processor of n-1", 50, "%") in figures(Seen("p", Manner(), [read(ONE)], looked))


def test_one_thread_for_several_streams_is_said() -> None:
    assert not list(warnings(Manner(), [read(ONE)]))
    (said,) = warnings(Manner(streams=4), [read(ONE)])
    assert "iperf 3.12 runs all streams in one thread" in said
