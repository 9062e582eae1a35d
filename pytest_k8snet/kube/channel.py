"""The way to one agent that outlives its streams."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, NamedTuple

from pytest_k8snet.errors import AgentLost, AgentRefused, ApiError
from pytest_k8snet.kube.session import AgentEnded, Answer, Session

_PAUSE = 0.25


class _Listening(NamedTuple):
    request: Mapping[str, object]
    until: float  # in the loop's time


class AgentChannel:
    """Calls an agent over sessions that ``open_session`` makes; one that is lost is replaced, until the deadline.

    A request that was not answered is sent again with its id, because what an agent does may be done twice; an answer
    can only come from the session that lives, so none is lost and none is taken twice. ``losses`` tells how often
    and why a session was lost.
    """

    def __init__(self, open_session: Callable[[], Awaitable[Session]]) -> None:
        self._open_session = open_session
        self._opening = asyncio.Lock()
        self._session: Session | None = None
        self._ids = itertools.count(1)
        self._listening: dict[tuple[object, object], _Listening] = {}
        self.losses: list[str] = []

    async def call(self, request: Mapping[str, object], seconds: float, *, again: bool = True) -> Answer:
        """Send a request and return its answer.

        Args:
            request: what to do: ``op`` and its fields.
            seconds: within which an answer must be there, lost sessions included.
            again: send it again when the session is lost before the answer; False for what must not be done twice.

        Raises:
            AgentLost: no answer within ``seconds``, or the agent cannot run there.
            AgentRefused: the agent could not do it.
            ApiError: the API does not let us reach the pod.

        """
        deadline = asyncio.get_running_loop().time() + seconds
        numbered = {"id": next(self._ids), **request}
        answer = await self._insist(numbered, deadline) if again else await self._try(numbered, deadline)
        if "error" in answer:
            raise AgentRefused(
                f"the agent refused {request.get('op')}: {answer['error']}", errno=answer.get("errno", "")
            )
        self._remember(request)
        return answer

    async def close(self) -> None:
        """End the agent and its stream."""
        async with self._opening:
            session, self._session = self._session, None
            if session is not None:
                await session.close()

    async def _insist(self, request: dict[str, Any], deadline: float) -> Answer:
        loop = asyncio.get_running_loop()
        while True:
            try:
                return await self._try(request, deadline)
            except (AgentLost, ApiError) as error:
                if _is_final(error) or loop.time() + _PAUSE >= deadline:
                    raise
                self.losses.append(error.message)
            await asyncio.sleep(_PAUSE)

    async def _try(self, request: dict[str, Any], deadline: float) -> Answer:
        try:
            async with asyncio.timeout_at(deadline):
                session = await self._live()
                return await session.call(request, deadline - asyncio.get_running_loop().time())
        except TimeoutError:
            before = f"; lost before: {'; '.join(self.losses[-3:])}" if self.losses else ""
            raise AgentLost(f"no agent answered in time{before}") from None

    async def _live(self) -> Session:
        async with self._opening:
            if self._session is not None and self._session.alive:
                return self._session
            if self._session is not None:
                lost, self._session = self._session, None
                await lost.close()
            session = await self._open_session()
            try:
                await self._listen_again(session)
            except BaseException:
                await session.close()
                raise
            self._session = session
            return session

    def _remember(self, request: Mapping[str, object]) -> None:
        key = (request.get("protocol"), request.get("port"))
        if request.get("op") == "listen":
            seconds = request["seconds"]
            assert isinstance(seconds, (int, float))
            self._listening[key] = _Listening(request, asyncio.get_running_loop().time() + seconds)
        elif request.get("op") == "unlisten":
            self._listening.pop(key, None)

    async def _listen_again(self, session: Session) -> None:
        """Open the ports that the lost agent served: their silence would look like the network's."""
        for listening in self._listening.values():
            left = listening.until - asyncio.get_running_loop().time()
            if left <= 0:
                continue
            answer = await session.call({**listening.request, "seconds": left, "id": next(self._ids)}, left)
            if "error" in answer:
                raise AgentLost(f"a replaced agent cannot serve its ports again: {answer['error']}")


def _is_final(error: AgentLost | ApiError) -> bool:
    """Whether another try would end the same way."""
    if isinstance(error, ApiError):
        return 400 <= error.status < 500 and error.status != 429
    # A process that ended by itself with an error does so again; one that was killed (128 + signal) need not.
    return isinstance(error, AgentEnded) and error.exit_code is not None and 0 < error.exit_code < 128


async def close_all(channels: Iterable[AgentChannel]) -> None:
    """Close channels, all at once."""
    await asyncio.gather(*(channel.close() for channel in channels))
