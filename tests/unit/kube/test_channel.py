"""A channel replaces lost sessions; answers are neither lost nor doubled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from pytest_k8snet.errors import AgentLost, AgentRefused, ApiError
from pytest_k8snet.kube.channel import AgentChannel, close_all
from pytest_k8snet.kube.session import AgentEnded

Behaviour = Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]


class FakeSession:
    """Answers by a function; one that raises AgentLost is dead from then on."""

    def __init__(self, behave: Behaviour) -> None:
        self._behave = behave
        self.alive = True
        self.closed = False
        self.asked: list[Mapping[str, Any]] = []

    async def call(self, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        self.asked.append(dict(request))
        try:
            return await self._behave(request)
        except AgentLost:
            self.alive = False
            raise

    async def close(self) -> None:
        self.closed = True
        self.alive = False


async def echo(request: Mapping[str, Any]) -> dict[str, Any]:
    return {"echo": request.get("text")}


async def cut(_: Mapping[str, Any]) -> dict[str, Any]:
    raise AgentLost("cut")


class Sessions:
    """Opens one session after the other, each with its own behaviour."""

    def __init__(self, *behaviours: Behaviour | Exception) -> None:
        self._coming = list(behaviours)
        self.opened: list[FakeSession] = []

    async def open(self) -> FakeSession:
        behaviour = self._coming.pop(0)
        if isinstance(behaviour, Exception):
            raise behaviour
        self.opened.append(FakeSession(behaviour))
        return self.opened[-1]


def _calls(sessions: Sessions, *requests: Mapping[str, Any], seconds: float = 5, again: bool = True) -> list[Any]:
    async def converse() -> list[Any]:
        channel = AgentChannel(sessions.open)
        try:
            calls = (channel.call(request, seconds, again=again) for request in requests)
            return await asyncio.gather(*calls)
        finally:
            await close_all([channel])

    return asyncio.run(converse())


def test_one_session_serves_many_requests() -> None:
    sessions = Sessions(echo)
    assert _calls(sessions, *({"text": n} for n in range(5))) == [{"echo": n} for n in range(5)]
    assert sessions.opened[0].closed
    assert sorted(request["id"] for request in sessions.opened[0].asked) == [1, 2, 3, 4, 5]


def test_an_unanswered_request_is_sent_again_with_its_id() -> None:
    sessions = Sessions(cut, cut, echo)
    assert _calls(sessions, {"text": "a"}) == [{"echo": "a"}]
    assert [session.asked for session in sessions.opened] == [[{"id": 1, "text": "a"}]] * 3
    assert all(session.closed for session in sessions.opened)


def test_an_answered_request_is_not_sent_again() -> None:
    async def answer_the_first(request: Mapping[str, Any]) -> dict[str, Any]:
        return await (echo if request["text"] == "a" else cut)(request)

    sessions = Sessions(answer_the_first, echo)
    assert _calls(sessions, {"text": "a"}, {"text": "b"}) == [{"echo": "a"}, {"echo": "b"}]
    assert [request["text"] for request in sessions.opened[1].asked] == ["b"]


def test_what_must_not_be_done_twice_is_not_sent_again() -> None:
    sessions = Sessions(cut, echo)
    with pytest.raises(AgentLost, match="cut"):
        _calls(sessions, {"op": "end"}, again=False)
    assert len(sessions.opened) == 1


def test_a_session_that_cannot_be_opened_for_a_while_is_waited_for() -> None:
    sessions = Sessions(ApiError("container not running", status=500), ApiError("no answer"), echo)
    assert _calls(sessions, {"text": "a"}) == [{"echo": "a"}]


@pytest.mark.parametrize(
    "final",
    [
        ApiError("forbidden", status=403),
        ApiError("no such pod", status=404),
        AgentEnded("python3: cannot open file", exit_code=2),
    ],
)
def test_what_would_end_the_same_way_again_ends_at_once(final: ApiError | AgentEnded) -> None:
    with pytest.raises(type(final), match=final.message):
        _calls(Sessions(final, echo), {"text": "a"}, seconds=60)


def test_an_agent_that_was_killed_is_replaced() -> None:
    async def killed(_: Mapping[str, Any]) -> dict[str, Any]:
        raise AgentEnded("exit code 137", exit_code=137)

    assert _calls(Sessions(killed, echo), {"text": "a"}) == [{"echo": "a"}]


def test_the_last_loss_is_the_reason_when_time_is_over() -> None:
    with pytest.raises(AgentLost, match="cut"):
        _calls(Sessions(*[cut] * 9), {"text": "a"}, seconds=0.6)


def test_silence_until_the_deadline_is_a_lost_agent() -> None:
    async def silent(_: Mapping[str, Any]) -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    sessions = Sessions(cut, silent)
    with pytest.raises(AgentLost, match="no agent answered in time; lost before: cut"):
        _calls(sessions, {"text": "a"}, seconds=0.5)
    assert all(session.closed for session in sessions.opened)


def test_a_refusal_is_told_with_its_errno() -> None:
    async def refuse(_: Mapping[str, Any]) -> dict[str, Any]:
        return {"error": "Address already in use", "errno": "EADDRINUSE"}

    with pytest.raises(AgentRefused, match="refused listen: Address already in use") as refused:
        _calls(Sessions(refuse), {"op": "listen", "port": 80, "protocol": "tcp", "seconds": 5})
    assert refused.value.errno == "EADDRINUSE"


def test_a_replaced_agent_listens_again_before_it_is_asked() -> None:
    async def converse() -> list[list[Any]]:
        sessions = Sessions(echo, echo, echo)
        channel = AgentChannel(sessions.open)
        for port in (80, 81, 82):
            await channel.call({"op": "listen", "port": port, "protocol": "tcp", "seconds": 60 if port < 82 else 0}, 5)
        await channel.call({"op": "unlisten", "port": 81, "protocol": "tcp"}, 5)
        sessions.opened[0].alive = False
        await channel.call({"op": "probe"}, 5)
        await channel.close()
        return [[(r["op"], r.get("port")) for r in session.asked] for session in sessions.opened]

    assert asyncio.run(converse())[1] == [("listen", 80), ("probe", None)]


def test_an_agent_that_cannot_listen_again_is_not_used() -> None:
    async def taken(request: Mapping[str, Any]) -> dict[str, Any]:
        return {"error": "Address already in use"} if request["op"] == "listen" else {}

    async def converse() -> list[list[Any]]:
        sessions = Sessions(echo, taken, echo)
        channel = AgentChannel(sessions.open)
        await channel.call({"op": "listen", "port": 80, "protocol": "tcp", "seconds": 60}, 5)
        sessions.opened[0].alive = False
        await channel.call({"op": "probe"}, 5)
        await channel.close()
        return [[r["op"] for r in session.asked] for session in sessions.opened]

    assert asyncio.run(converse()) == [["listen"], ["listen"], ["listen", "probe"]]
