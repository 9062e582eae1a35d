"""What a cluster can be asked is found by probing it, never by its name."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_k8snet import capabilities
from pytest_k8snet.attach import Attachment
from pytest_k8snet.probe.facts import Facts, Link
from pytest_k8snet.probe.observation import Expectation, Family, Identity, Observation, Outcome, Pod, Probe
from pytest_k8snet.state import ClusterState, Cni, Fleet, Node

A, B = Pod("ns", "a", "node-1", ("10.244.1.2",)), Pod("ns", "b", "node-2", ("10.244.2.2",))
HOST = Pod("host", "h", "node-1", ("10.200.0.1",), 23000, host_network=True)
HOST_PORT = Pod("host", "hp", "node-1", ("10.244.1.3",))
OUTSIDE = Pod("", "outside", "(this machine)")
EVERYTHING = {"sctp": "kernel", "icmp": "dgram", "capture": False}
AGENT = Identity("h", "node-1", "", (), "", 0)
Silent = Callable[[Probe], bool]


class FakeProber:
    """Sees ``server`` answer every probe that is not silent; remembers what it was asked."""

    def __init__(self, silent: Silent, links: Collection[Link], server: Identity | None) -> None:
        self._silent = silent
        self._server = server
        self._links = tuple(links)
        self.asked: list[Expectation] = []

    def __call__(self, expectation: Expectation) -> Any:
        self.asked.append(expectation)
        refused = Observation(Outcome.REFUSED, 1.0, detail="ECONNREFUSED")
        connected = Observation(Outcome.CONNECTED, 1.0, detail="" if self._server else "no agent", server=self._server)

        seen = {probe: refused if self._silent(probe) else connected for probe in expectation.cells}
        return SimpleNamespace(seen=seen)

    def facts(self, pods: Collection[Pod]) -> dict[Pod, Facts]:
        return {pod: Facts((), self._links, (), pod.name, 1, "") for pod in pods}


class FakeAttachment:
    def __init__(
        self,
        silent: Silent = lambda probe: False,
        links: Collection[Link] = (),
        server: Identity | None = AGENT,
    ) -> None:
        self.prober = FakeProber(silent, links, server)


@pytest.fixture
def state(tmp_path: Path) -> ClusterState:
    return ClusterState(
        run_id="1a2b",
        kubeconfig="/k",
        context="",
        scratch=tmp_path,
        provider="existing",
        why="",
        version="v1.34.0",
        cni=Cni("unknown"),
        namespace="ns",
        host_namespace="host",
        nodes=(Node("node-1", ("10.200.0.1", "fd00:200::1"), ()), Node("node-2", ("10.200.0.2",), ())),
        fleet=Fleet((A, B), (HOST,), HOST_PORT, 23001),
        outside=OUTSIDE,
        families=(Family.IPV4,),
        mtu=0,
        missing={"ipv6": "no probe pod has an ipv6 address"},
    )


def _add(
    state: ClusterState, attachment: FakeAttachment, *, host_captures: bool = True, **of_b: object
) -> ClusterState:
    greetings = {
        A: {"capabilities": EVERYTHING},
        B: {"capabilities": EVERYTHING | of_b},
        HOST: {"capabilities": EVERYTHING | {"capture": host_captures}},
    }
    return capabilities.add(state, cast(Attachment, attachment), greetings)


def test_a_cluster_that_can_do_everything_lacks_only_what_it_lacked_before(state: ClusterState) -> None:
    assert _add(state, FakeAttachment()).missing == state.missing


@pytest.mark.parametrize(("name", "reason"), [("sctp", "no SCTP"), ("icmp", "may not open ICMP sockets")])
def test_a_protocol_that_one_pod_cannot_speak_is_missing(state: ClusterState, name: str, reason: str) -> None:
    missing = _add(state, FakeAttachment(), **{name: ""}).missing
    assert reason in missing[name]
    assert set(missing) == {name, "ipv6"}


def test_a_host_that_may_not_capture_is_named_by_its_node(state: ClusterState) -> None:
    missing = _add(state, FakeAttachment(), host_captures=False).missing
    assert missing["capture"] == "hostNetwork pods may not open packet sockets on node-1"


def test_without_host_network_pods_nobody_captures(state: ClusterState) -> None:
    alone = replace(state, fleet=Fleet((A, B)), missing={**state.missing, "host_network": "it is forbidden"})
    missing = _add(alone, FakeAttachment()).missing
    assert missing["capture"] == "only hostNetwork pods can capture packets: it is forbidden"


def test_a_host_port_that_answers_any_pod_is_there_and_judged_by_a_check(state: ClusterState) -> None:
    attachment = FakeAttachment(lambda probe: probe.source == A and probe.column == "hostPort")
    assert "host_port" not in _add(state, attachment).missing
    asked = attachment.prober.asked[0]
    assert {(probe.source, probe.address, probe.port) for probe in asked.cells} == {
        (A, "10.200.0.1", 23001),
        (B, "10.200.0.1", 23001),
    }


def test_a_host_port_that_answers_nobody_is_missing_with_what_was_seen(state: ClusterState) -> None:
    missing = _add(state, FakeAttachment(lambda probe: probe.column == "hostPort")).missing
    assert missing["host_port"] == "hostPort 23001 of node node-1 answers no pod (refused ECONNREFUSED)"


def test_a_host_port_cannot_be_asked_of_a_node_without_an_address(state: ClusterState) -> None:
    nowhere = replace(state, nodes=(Node("node-1", (), ()), Node("node-2", (), ())))
    assert "node-1 has no InternalIP" in _add(nowhere, FakeAttachment()).missing["host_port"]


def test_a_host_port_that_could_not_be_made_is_missing(state: ClusterState) -> None:
    without = replace(state, fleet=replace(state.fleet, host_port_pod=None))
    assert _add(without, FakeAttachment()).missing["host_port"] == "no pod with a hostPort could be made"


def test_a_reason_that_is_known_is_not_asked_for_again(state: ClusterState) -> None:
    known = replace(state, missing={"host_port": "forbidden", "outside": "in a pod"})
    attachment = FakeAttachment(lambda probe: True)
    assert _add(known, attachment).missing == {"host_port": "forbidden", "outside": "in a pod"}
    assert attachment.prober.asked == []


def test_what_is_claimed_not_to_be_there_keeps_its_reason(state: ClusterState) -> None:
    denied = dict.fromkeys(("sctp", "icmp", "host_port", "outside"), "claimed not to be there")
    assert _add(replace(state, missing=denied), FakeAttachment(), sctp="", icmp="").missing == denied


def test_a_host_outside_that_reaches_a_node_is_a_source(state: ClusterState) -> None:
    attachment = FakeAttachment()
    assert "outside" not in _add(state, attachment).missing
    (probe,) = attachment.prober.asked[-1].cells
    assert (probe.source, probe.address, probe.port) == (OUTSIDE, "10.200.0.1", 23000)


def test_a_host_outside_that_reaches_no_node_is_missing(state: ClusterState) -> None:
    missing = _add(state, FakeAttachment(lambda probe: probe.source == OUTSIDE)).missing
    assert "the host outside does not reach node node-1 at 10.200.0.1" in missing["outside"]


def test_a_proxy_that_answers_in_place_of_the_cluster_makes_no_host_outside(state: ClusterState) -> None:
    missing = _add(state, FakeAttachment(server=None)).missing
    assert missing["outside"].endswith("node-1 at 10.200.0.1 (connected no agent)")


def test_without_a_host_network_pod_a_source_outside_has_no_control(state: ClusterState) -> None:
    without = replace(state, fleet=replace(state.fleet, host_pods=()))
    assert "no positive control" in _add(without, FakeAttachment()).missing["outside"]


def test_what_is_tried_has_little_time(state: ClusterState) -> None:
    attachment = FakeAttachment()
    _add(state, attachment)
    assert {asked.convergence for asked in attachment.prober.asked} == {capabilities.TRY_SECONDS}


def test_the_mtu_is_the_smallest_of_the_interfaces_that_pods_use(state: ClusterState) -> None:
    links = [
        Link(1, "lo", 65536, "", True),
        Link(2, "tunl0", 1480, "", False),
        Link(3, "eth0", 1500, "", True),
        Link(4, "net1", 9000, "", True),
    ]
    assert _add(state, FakeAttachment(links=links)).mtu == 1500


def test_pods_without_an_interface_have_no_mtu(state: ClusterState) -> None:
    assert _add(state, FakeAttachment()).mtu == 0
