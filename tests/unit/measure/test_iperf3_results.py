"""Results of iperf3, by documents that iperf3 3.12 printed on a loopback interface."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.errors import MeasurementError
from pytest_k8snet.measure.iperf3.failures import NothingArrived, Unreached
from pytest_k8snet.measure.iperf3.loads import BOTH_WAYS, DATAGRAMS, ONE_STREAM
from pytest_k8snet.measure.iperf3.results import Throughput, read

DOCUMENTS = Path(__file__).parent / "documents"
RESULTS = ("tcp-one", "tcp-four", "tcp-reverse", "tcp-bidir", "udp", "udp-reverse", "udp-lossy")


def text(name: str) -> str:
    return (DOCUMENTS / f"{name}.json").read_text()


def document(name: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(text(name))
    return made


def changed(name: str, **end: Any) -> str:
    whole = document(name)
    whole["end"] |= end
    return json.dumps(whole)


@pytest.mark.parametrize("name", RESULTS)
def test_what_arrived_counts(name: str) -> None:
    found, received = read(text(name)), document(name)["end"]["sum_received"]
    assert found.bits_per_second == pytest.approx(received["bytes"] * 8 / received["seconds"])
    assert (found.bytes, found.seconds) == (received["bytes"], received["seconds"])


def test_what_stands_beside_the_bandwidth_is_read() -> None:
    found = read(text("tcp-one"))
    assert found.retransmits == 21
    assert found.cpu.client == pytest.approx(18.25, abs=0.01)
    assert found.cpu.server == pytest.approx(21.63, abs=0.01)
    assert (found.mss, found.path_mtu) == (32768, 65535)
    assert (found.version, found.one_thread) == ("iperf 3.12", True)
    assert found.datagrams is None


def test_of_both_directions_the_slower_one_is_judged() -> None:
    found = read(text("tcp-bidir"))
    assert 0 < found.backward < found.bits_per_second
    assert BOTH_WAYS.value(found) == found.backward


def test_a_run_that_sent_one_way_only_is_no_answer_for_both() -> None:
    with pytest.raises(MeasurementError, match="did not send in both directions"):
        BOTH_WAYS.value(read(text("tcp-one")))


def test_lost_datagrams_are_not_counted_as_received() -> None:
    found, misleading = read(text("udp-lossy")), document("udp-lossy")["end"]["sum"]
    assert found.datagrams is not None
    assert 0.6 < found.datagrams.arrived < 0.9
    assert found.bits_per_second < 0.95 * misleading["bits_per_second"]
    assert DATAGRAMS.value(found) == found.datagrams.arrived


def test_a_result_of_tcp_says_nothing_of_datagrams() -> None:
    with pytest.raises(MeasurementError, match="how many datagrams"):
        DATAGRAMS.value(read(text("tcp-one")))


@pytest.mark.parametrize(("version", "one_thread"), [("iperf 3.16", False), ("iperf 3.21+", False), ("?", True)])
def test_one_thread_is_told_by_the_version(version: str, one_thread: bool) -> None:
    whole = document("tcp-one")
    whole["start"]["version"] = version
    assert read(json.dumps(whole)).one_thread is one_thread


@pytest.mark.parametrize(
    ("name", "kind", "means"),
    [
        ("refused", Unreached, "nobody serves the port"),
        ("blocked", Unreached, "nothing came back"),
        ("busy", MeasurementError, "busy with another client"),
        ("server-killed", MeasurementError, "the connection to the server was cut"),
        ("ended", MeasurementError, "ended before it was done"),
        ("udp-all-lost", MeasurementError, "ended before it was done"),
    ],
)
def test_each_failure_is_told_apart(name: str, kind: type[MeasurementError], means: str) -> None:
    with pytest.raises(kind, match=means) as raised:
        read(text(name))
    assert type(raised.value) is kind


def test_an_error_that_nobody_knows_is_passed_on() -> None:
    with pytest.raises(MeasurementError, match="could not measure: the moon is full"):
        read('{"end": {}, "error": "the moon is full"}')


def test_words_around_the_document_are_passed_over() -> None:
    assert read(f"warning: something\n{text('tcp-one')}\nand more") == read(text("tcp-one"))


@pytest.mark.parametrize("wrong", ["", "iperf3: parameter error", "{", "[]", "{}", '{"end": 3}', "{\n\xff}", "nan"])
def test_what_is_no_result_is_an_error_that_shows_it(wrong: str) -> None:
    with pytest.raises(MeasurementError):
        read(wrong)


def test_the_usage_of_an_iperf3_that_knows_an_option_not_is_no_result() -> None:
    with pytest.raises(MeasurementError, match="unrecognized option"):
        read((DOCUMENTS / "unknown-option.txt").read_text())


def test_zero_bytes_are_no_bandwidth_of_zero() -> None:
    zero = document("tcp-one")["end"]["sum_received"] | {"bytes": 0, "bits_per_second": 0}
    with pytest.raises(NothingArrived, match="not one byte has arrived"):
        read(changed("tcp-one", sum_received=zero))


def test_zero_bytes_of_one_direction_are_told_with_it() -> None:
    zero = document("tcp-bidir")["end"]["sum_received_bidir_reverse"] | {"bytes": 0, "bits_per_second": 0}
    with pytest.raises(NothingArrived, match="from the server"):
        read(changed("tcp-bidir", sum_received_bidir_reverse=zero))


def test_a_run_of_no_time_is_refused() -> None:
    with pytest.raises(MeasurementError, match="took 0 s"):
        read(changed("tcp-one", sum_received=document("tcp-one")["end"]["sum_received"] | {"seconds": 0}))


def test_an_iperf3_that_does_not_say_what_arrived_is_too_old() -> None:
    whole = document("udp")
    del whole["end"]["sum_received"]
    whole["start"]["version"] = "iperf 3.6"
    with pytest.raises(MeasurementError, match=r"3\.9 or newer"):
        read(json.dumps(whole))


@pytest.mark.parametrize(("lost", "packets"), [(5, 4), (-1, 4), (0, 0)])
def test_losses_that_cannot_be_are_refused(lost: int, packets: int) -> None:
    received = document("udp")["end"]["sum_received"] | {"lost_packets": lost, "packets": packets}
    with pytest.raises(MeasurementError, match="datagrams were lost"):
        read(changed("udp", sum_received=received))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def _places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to each part of a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(place for key, part in inner for place in _places(part, (*way, key)))]


@given(st.sampled_from(RESULTS), st.data())
def test_a_damaged_document_is_an_error_or_a_positive_number(name: str, data: st.DataObject) -> None:
    whole = {"document": document(name)}
    *way, last = ("document", *data.draw(st.sampled_from(_places(whole["document"])[1:])))
    holder: Any = whole
    for key in way:
        holder = holder[key]
    holder[last] = data.draw(anything)
    see_number_or_error(json.dumps(whole["document"]))


@given(st.sampled_from(RESULTS), st.integers(0, 10_000))
def test_a_document_that_breaks_off_is_an_error_or_a_positive_number(name: str, length: int) -> None:
    see_number_or_error(text(name)[:length])


@given(st.text())
def test_nonsense_is_an_error(nonsense: str) -> None:
    with pytest.raises(MeasurementError):
        read(nonsense)


def see_number_or_error(said: str) -> None:
    try:
        found: Throughput = read(said)
    except MeasurementError:
        return
    assert found.bits_per_second > 0
    assert math.isfinite(ONE_STREAM.value(found))
