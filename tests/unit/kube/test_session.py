"""Requests in flight: answers come in pieces of any size and in any order."""

from __future__ import annotations

import asyncio
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.errors import AgentLost
from pytest_k8snet.kube.session import AgentEnded, Calls, LocalSession

AGENT = (sys.executable, "-m", "pytest_k8snet.agent", "probe")


@given(texts=st.lists(st.text(max_size=40), min_size=1, max_size=8), data=st.data())
def test_answers_are_put_together_from_any_pieces(texts: list[str], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(texts))))
    stream = b"".join(json.dumps({"id": i, "text": texts[i]}).encode() + b"\n" for i in order)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=10).map(sorted))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    async def converse() -> list[str]:
        calls = Calls()
        waiting = [asyncio.ensure_future(calls.answer(i, 5)) for i in range(len(texts))]
        await asyncio.sleep(0)
        for piece in pieces:
            calls.feed(piece)
        return [answer["text"] for answer in await asyncio.gather(*waiting)]

    assert asyncio.run(converse()) == texts


def test_an_answer_is_taken_once() -> None:
    async def converse() -> object:
        calls = Calls()
        waiting = asyncio.ensure_future(calls.answer(1, 5))
        await asyncio.sleep(0)
        calls.feed(b'{"id":1,"text":"first"}\n{"id":1,"text":"second"}\n')
        return (await waiting)["text"]

    assert asyncio.run(converse()) == "first"


def test_everyone_who_waits_hears_of_the_end() -> None:
    async def converse() -> list[object]:
        calls = Calls()
        waiting = [asyncio.ensure_future(calls.answer(i, 5)) for i in range(3)]
        await asyncio.sleep(0)
        calls.end(AgentLost("cut"))
        return await asyncio.gather(*waiting, calls.answer(9, 5), return_exceptions=True)

    assert [str(error) for error in asyncio.run(converse())] == ["cut"] * 4


def test_a_line_that_is_no_answer_is_shown() -> None:
    with pytest.raises(AgentLost, match=r"no answer .* b'Traceback: hello'"):
        Calls().feed(b"Traceback: hello\n")


def test_no_answer_in_time_is_a_lost_agent() -> None:
    with pytest.raises(AgentLost, match=r"did not answer within 0\.01 s"):
        asyncio.run(Calls().answer(1, 0.01))


def test_a_local_agent_answers_many_requests_at_once() -> None:
    async def converse() -> set[str]:
        session = await LocalSession.open(AGENT)
        try:
            answers = await asyncio.gather(*(session.call({"op": "hello"}, 10) for _ in range(20)))
        finally:
            await session.close()
        return {answer["instance"] for answer in answers}

    assert len(asyncio.run(converse())) == 1


def test_a_local_agent_that_dies_is_lost_with_its_last_words() -> None:
    dying = (sys.executable, "-c", "import sys; sys.stdin.readline(); sys.exit('no sockets left')")

    async def converse() -> None:
        session = await LocalSession.open(dying)
        try:
            await session.call({"op": "hello"}, 10)
        finally:
            await session.close()

    with pytest.raises(AgentEnded, match="ended with status 1: no sockets left") as lost:
        asyncio.run(converse())
    assert lost.value.exit_code == 1


def test_a_local_agent_that_does_not_exist_is_lost() -> None:
    with pytest.raises(AgentLost, match="cannot be started"):
        asyncio.run(LocalSession.open(["/does/not/exist"]))


def test_a_local_agent_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_k8snet.kube.session._QUIT_SECONDS", 0.05)
    deaf = (sys.executable, "-c", "import signal; signal.pause()")

    async def converse() -> bool:
        session = await LocalSession.open(deaf)
        await session.close()
        return session.alive

    assert asyncio.run(converse()) is False
