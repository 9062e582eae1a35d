"""One message to each source pod, and what becomes of its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from pytest_k8snet.errors import AgentLost, AgentRefused, ApiError
from pytest_k8snet.kube.ioloop import IoLoop
from pytest_k8snet.probe.observation import (
    CONNECTS,
    REJECTED,
    Expectation,
    Expected,
    Family,
    Outcome,
    Pod,
    Probe,
    Protocol,
)
from pytest_k8snet.probe.patience import Patience
from pytest_k8snet.probe.prober import Prober
from pytest_k8snet.probe.questions import permitted

CONNECTED = {"outcome": "connected", "millis": 0.5, "attempts": 1, "detail": "", "server": None}
FACTS = {
    "addresses": [{"dev": "eth0", "address": "10.0.0.1", "prefix": 24, "family": "ipv4", "scope": "global"}],
    "links": [{"index": 2, "dev": "eth0", "mtu": 1450, "mac": "0a:00:00:00:00:01", "up": True}],
    "routes": [],
    "hostname": "pod-1",
    "netns": 4026531840,
    "resolv_conf": "nameserver 10.96.0.10\n",
}

Answer = Callable[[Mapping[str, Any]], dict[str, Any]]


class FakeChannel:
    """Answers by a function and remembers what it was asked."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.asked: list[Mapping[str, Any]] = []

    async def call(self, request: Mapping[str, object], seconds: float, *, again: bool = True) -> dict[str, Any]:
        self.asked.append(request)
        return self._answer(request)


def all_connect(request: Mapping[str, Any]) -> dict[str, Any]:
    return {"results": [CONNECTED for _ in request["probes"]]}


def lost(request: Mapping[str, Any]) -> dict[str, Any]:
    raise AgentLost("the exec stream broke")


@pytest.fixture
def loop() -> Iterator[IoLoop]:
    made = IoLoop()
    yield made
    made.close()


@pytest.fixture
def probes(pods: list[Pod], make_probe: Callable[..., Probe]) -> list[Probe]:
    return [make_probe(a, b) for a in pods for b in pods]


def _prober(loop: IoLoop, channels: Mapping[Pod, FakeChannel]) -> Prober:
    return Prober(channels.__getitem__, loop, Patience(converge=0, hold=0, agent=0.05))


def test_a_table_is_one_message_to_each_source(loop: IoLoop, pods: list[Pod], probes: list[Probe]) -> None:
    channels = {pod: FakeChannel(all_connect) for pod in pods}
    seen = _prober(loop, channels).observe(probes)
    assert list(seen) == probes
    assert {observation.outcome for observation in seen.values()} == {Outcome.CONNECTED}
    assert [len(channel.asked) for channel in channels.values()] == [1, 1, 1]


def test_the_message_says_what_the_probe_is(loop: IoLoop, pods: list[Pod], make_probe: Callable[..., Probe]) -> None:
    channel = FakeChannel(all_connect)
    plain = make_probe(pods[0], pods[1])
    special = replace(plain, size=1400, dont_fragment=True, bare=True)
    _prober(loop, {pods[0]: channel}).observe([plain, special])
    asked = {"address": "10.0.0.2", "port": 80, "protocol": "tcp"}
    assert channel.asked[0]["probes"] == [asked, asked | {"size": 1400, "df": True, "bare": True}]
    assert (channel.asked[0]["timeout"], channel.asked[0]["attempts"]) == (1.0, 1)


def test_a_lost_agent_is_a_probe_error_for_its_probes_alone(loop: IoLoop, pods: list[Pod], probes: list[Probe]) -> None:
    channels = {pod: FakeChannel(lost if pod is pods[1] else all_connect) for pod in pods}
    seen = _prober(loop, channels).observe(probes)
    errors = {probe.source.name for probe, saw in seen.items() if saw.outcome is Outcome.PROBE_ERROR}
    assert errors == {"pod-2"}
    assert {saw.detail for saw in seen.values()} == {"", "the exec stream broke"}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"results": []}, "answered 0 of 3 probes"),
        ({}, "cannot be read"),
        ({"results": [{"outcome": "fine", "millis": 1}] * 3}, "cannot be read"),
    ],
)
def test_an_answer_that_cannot_be_read_is_a_probe_error(
    loop: IoLoop, pods: list[Pod], probes: list[Probe], answer: dict[str, Any], why: str
) -> None:
    seen = _prober(loop, {pods[0]: FakeChannel(lambda _: answer)}).observe(probes[:3])
    assert {saw.outcome for saw in seen.values()} == {Outcome.PROBE_ERROR}
    assert all(why in saw.detail for saw in seen.values())


def test_facts_are_read(loop: IoLoop, pods: list[Pod]) -> None:
    (facts,) = _prober(loop, {pods[0]: FakeChannel(lambda _: dict(FACTS))}).facts([pods[0]]).values()
    assert (facts.hostname, facts.links[0].mtu, facts.addresses[0].scope) == ("pod-1", 1450, "global")


def test_a_question_to_a_pod_that_is_gone_names_the_pod(loop: IoLoop, pods: list[Pod]) -> None:
    def gone(_: Mapping[str, Any]) -> dict[str, Any]:
        raise ApiError("pods not found", status=404)

    channels = {pods[0]: FakeChannel(lambda _: dict(FACTS)), pods[1]: FakeChannel(gone)}
    with pytest.raises(AgentLost, match="pod ns/pod-2: pods not found"):
        _prober(loop, channels).facts(pods[:2])


def test_an_expectation_without_controls_is_refused(loop: IoLoop, probes: list[Probe]) -> None:
    with pytest.raises(ValueError, match="would prove nothing:\npod-1 -> pod-1 tcp ipv4 must not connect, but no cell"):
        _prober(loop, {})(Expectation("t", {probes[0]: Expected(REJECTED, target="pod-1")}))


def test_an_expectation_that_asks_nothing_is_refused(loop: IoLoop) -> None:
    with pytest.raises(ValueError, match="asks nothing"):
        _prober(loop, {})(Expectation("t", {}))


def test_a_call_returns_the_truth_table(loop: IoLoop, pods: list[Pod], probes: list[Probe]) -> None:
    expectation = Expectation("mesh", dict.fromkeys(probes, Expected(CONNECTS)))
    assert _prober(loop, {pod: FakeChannel(all_connect) for pod in pods})(expectation) == expectation


def test_an_agent_that_does_not_listen_yet_is_asked_for_its_journal_again(loop: IoLoop, pods: list[Pod]) -> None:
    source, target = pods[:2]
    server = {"pod": target.name, "node": "", "instance": "", "addresses": [], "source": "", "source_port": 1}
    asked = {"address": target.addresses[0], "port": 8080, "protocol": "tcp", "first": 0.1, "watched": 9.0}
    connected = {"outcome": "connected", "millis": 1.0, "server": server, "after": 0.1}
    account = {**asked, "outcomes": {"connected": 1}, "connected": connected, "last": connected}
    channel = FakeChannel(lambda _: {"asked": [account], "clients": []})

    def not_yet(_: Mapping[str, Any]) -> dict[str, Any]:
        if len(starting.asked) < 3:
            raise AgentRefused("Connection refused", errno="ECONNREFUSED")
        return {"asked": [account], "clients": []}

    starting = FakeChannel(not_yet)
    expected = permitted("since the start", Family.IPV4, (Protocol.TCP,), allowed=[(source, target)])
    prober = _prober(loop, {source: starting, target: channel})
    assert prober.from_the_start(expected, [target]) == expected
    assert len(starting.asked) == 3


def test_a_journal_that_is_refused_for_another_reason_is_no_verdict(loop: IoLoop, pods: list[Pod]) -> None:
    def refused(_: Mapping[str, Any]) -> dict[str, Any]:
        raise AgentRefused("unknown op", errno="")

    expected = permitted("since the start", Family.IPV4, (Protocol.TCP,), allowed=[(pods[0], pods[1])])
    with pytest.raises(AgentRefused, match="unknown op"):
        _prober(loop, {pod: FakeChannel(refused) for pod in pods}).from_the_start(expected, [pods[1]])
