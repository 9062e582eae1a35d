"""The path MTU of pairs of pods: black holes are told apart from answers, and from the sender's own MTU."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from pytest_k8snet.errors import NoVerdict
from pytest_k8snet.measure.mtu.interfaces import Interface, unlike_most
from pytest_k8snet.measure.mtu.paths import HEADERS, End, path_mtus
from pytest_k8snet.probe.observation import Family, Observation, Outcome, Pod, Probe
from pytest_k8snet.probe.patience import Patience

ONE, TWO = (Pod("ns", f"pod-{n}", f"node-{n}", (f"10.0.{n}.1", f"fd00:{n}::1")) for n in (1, 2))
PAIR = (ONE, TWO)
ARRIVES = Observation(Outcome.CONNECTED, 1.0)
SILENT = Observation(Outcome.TIMEOUT, 500.0)
TOLD = Observation(Outcome.UNREACHABLE, 1.0, replied_from="10.0.9.9", path_mtu=1400)


class Network:
    """Carries packets up to an MTU; ``beyond`` is what is seen of longer ones."""

    def __init__(self, mtu: int, beyond: Observation) -> None:
        self._mtu, self._beyond = mtu, beyond

    def observe(self, probes: Collection[Probe], patience: Patience | None = None) -> dict[Probe, Observation]:
        assert all(probe.dont_fragment and probe.one_way for probe in probes)
        return {probe: ARRIVES if probe.size + HEADERS[probe.family] <= self._mtu else self._beyond for probe in probes}


@pytest.mark.parametrize("family", list(Family), ids=str)
@pytest.mark.parametrize(("beyond", "end"), [(SILENT, End.SWALLOWED), (TOLD, End.TOLD)], ids=["silent", "told"])
def test_what_becomes_of_longer_packets_is_told_apart(family: Family, beyond: Observation, end: End) -> None:
    (path,) = path_mtus(Network(1400, beyond), [PAIR], {ONE: 1500}, family)
    assert (path.mtu, path.end, path.reporter) == (1400, end, beyond.replied_from)


def test_a_path_that_carries_all_that_the_sender_sends_is_not_asked_for_more() -> None:
    (path,) = path_mtus(Network(9000, SILENT), [PAIR], {ONE: 1500}, Family.IPV4)
    assert (path.mtu, path.end) == (1500, End.INTERFACE)


def test_a_path_that_carries_not_even_the_smallest_is_told_so() -> None:
    (path,) = path_mtus(Network(1000, SILENT), [PAIR], {ONE: 1500}, Family.IPV6)
    assert path.mtu == 0
    assert "not even the smallest packets arrive" in str(path)


def test_a_probe_that_could_not_be_made_says_nothing_of_the_path() -> None:
    lost = Observation(Outcome.PROBE_ERROR, 0.0, detail="the stream was lost")
    with pytest.raises(NoVerdict, match="the stream was lost"):
        path_mtus(Network(0, lost), [PAIR], {ONE: 1500}, Family.IPV4)


def test_the_interfaces_that_are_unlike_most_are_named() -> None:
    usual = {Pod("ns", str(n), "node-1"): Interface(str(n), "node-1", "eth0", 1450) for n in range(3)}
    other = Interface("x", "node-2", "eth0", 1440)
    assert unlike_most({**usual, Pod("ns", "x", "node-2"): other}) == [other]
    assert unlike_most(usual) == []
