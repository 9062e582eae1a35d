"""Exec streams against an API server that is made up: both protocols, cuts in the middle, refusals."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
from aiohttp import WSMsgType, web

from pytest_k8snet.errors import AgentLost, ApiError
from pytest_k8snet.kube.exec import AgentChannel, AgentEnded, ApiEndpoint, ExecSession, exec_once
from pytest_k8snet.kube.stream import HEARTBEAT_SECONDS, STATUS, STDERR, STDOUT, V4, V5

T = TypeVar("T")
Request = dict[str, Any]

SUCCESS = {"status": "Success"}


def failure(code: int) -> dict[str, Any]:
    causes = [{"reason": "ExitCode", "message": str(code)}]
    return {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}


class Agent:
    """The far end of one exec stream: what the command in the container reads and writes."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self.pending = b""

    async def request(self) -> Request | None:
        """Read the next line of standard input, None at its end."""
        while b"\n" not in self.pending:
            message = await self._socket.receive()
            if message.type is not WSMsgType.BINARY or message.data[0] == 255:
                return None
            self.pending += message.data[1:]
        line, self.pending = self.pending.split(b"\n", 1)
        request: Request = json.loads(line)
        return None if request.get("op") == "quit" else request

    async def write(self, data: bytes, channel: int = STDOUT) -> None:
        await self._socket.send_bytes(bytes([channel]) + data)

    async def answer(self, request: Request, **fields: object) -> None:
        await self.write(json.dumps({"id": request["id"], **fields}).encode() + b"\n")

    async def end(self, status: dict[str, Any]) -> None:
        await self.write(json.dumps(status).encode(), STATUS)

    def cut(self) -> None:
        """Break the connection as a dying load balancer does."""
        transport = self._socket._req.transport if self._socket._req is not None else None
        assert transport is not None
        transport.abort()


Behaviour = Callable[[Agent], Awaitable[None]]


class FakeApi:
    """Serves pods/exec; each stream is handled by the next behaviour, the last one stays."""

    def __init__(self, *behaviours: Behaviour, protocols: tuple[str, ...] = (V5, V4)) -> None:
        self._behaviours = list(behaviours)
        self._protocols = protocols
        self.requests: list[web.Request] = []
        self.refusal: web.Response | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        if self.refusal is not None:
            return self.refusal
        socket = web.WebSocketResponse(protocols=self._protocols)
        await socket.prepare(request)
        behave = self._behaviours.pop(0) if len(self._behaviours) > 1 else self._behaviours[0]
        await behave(Agent(socket))
        return socket

    @asynccontextmanager
    async def running(self) -> AsyncIterator[ApiEndpoint]:
        app = web.Application()
        app.router.add_get("/prefix/api/v1/namespaces/{namespace}/pods/{pod}/exec", self.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0]
        try:
            yield ApiEndpoint(f"http://{host}:{port}/prefix", True, lambda: {"Authorization": "Bearer secret"})
        finally:
            await runner.cleanup()


async def echo(agent: Agent) -> None:
    while (request := await agent.request()) is not None:
        await agent.answer(request, echo=request.get("text"))
    await agent.end(SUCCESS)


def session_with(api: FakeApi, use: Callable[[ExecSession], Coroutine[Any, Any, T]]) -> T:
    async def converse() -> T:
        async with api.running() as endpoint:
            session = await ExecSession.open(endpoint, "ns", "pod-1", "agent", ["python3", "-m", "agent", "probe"])
            try:
                return await use(session)
            finally:
                await session.close()

    return asyncio.run(converse())


async def ask_three(session: ExecSession) -> list[Any]:
    answers = await asyncio.gather(*(session.call({"text": n}, 5) for n in range(3)))
    return [answer["echo"] for answer in answers]


@pytest.mark.parametrize("protocol", [V5, V4])
def test_requests_are_answered_over_either_protocol(protocol: str) -> None:
    api = FakeApi(echo, protocols=(protocol,))
    assert session_with(api, ask_three) == [0, 1, 2]


def test_the_command_is_asked_for_as_the_api_wants_it() -> None:
    api = FakeApi(echo)
    session_with(api, ask_three)
    (request,) = api.requests
    assert request.path == "/prefix/api/v1/namespaces/ns/pods/pod-1/exec"
    assert request.query.getall("command") == ["python3", "-m", "agent", "probe"]
    wanted = {"container": "agent", "stdin": "true", "stdout": "true", "stderr": "true"}
    assert {name: request.query[name] for name in wanted} == wanted
    assert request.headers["Authorization"] == "Bearer secret"
    assert request.headers["Sec-WebSocket-Protocol"].replace(" ", "") == f"{V5},{V4}"


def test_an_answer_may_be_split_over_frames_and_frames_may_hold_several() -> None:
    async def scatter(agent: Agent) -> None:
        requests = [await agent.request() for _ in range(3)]
        data = b"".join(json.dumps({"id": r["id"], "echo": r["text"]}).encode() + b"\n" for r in requests if r)
        await agent.write(b"")
        await agent.write(b"a warning of the runtime", STDERR)
        for start in range(0, len(data), 7):
            await agent.write(data[start : start + 7])
        await echo(agent)

    assert session_with(FakeApi(scatter), ask_three) == [0, 1, 2]


def test_a_cut_stream_loses_the_agent_for_all_who_wait() -> None:
    async def cut_after_one(agent: Agent) -> None:
        request = await agent.request()
        assert request is not None
        await agent.answer(request, echo=request["text"])
        await agent.request()
        agent.cut()

    async def ask(session: ExecSession) -> list[Any]:
        calls = (session.call({"text": n}, 5) for n in range(3))
        return await asyncio.gather(*calls, return_exceptions=True)

    first, *others = session_with(FakeApi(cut_after_one), ask)
    assert first["echo"] == 0
    assert [type(other) for other in others] == [AgentLost, AgentLost]
    assert "agent in container agent of pod ns/pod-1 is gone: the stream was cut" in str(others[0])


def test_an_agent_that_ends_is_lost_with_its_exit_code_and_last_words() -> None:
    async def die(agent: Agent) -> None:
        await agent.request()
        await agent.write(b"ModuleNotFoundError: No module named 'agent'\n", STDERR)
        await agent.end(failure(1))

    with pytest.raises(AgentEnded, match=r"exit code 1; it said: ModuleNotFoundError") as lost:
        session_with(FakeApi(die), ask_three)
    assert lost.value.exit_code == 1


def test_a_call_on_a_stream_that_is_over_is_lost() -> None:
    async def end(agent: Agent) -> None:
        await agent.end(failure(137))

    async def ask_late(session: ExecSession) -> None:
        while session.alive:
            await asyncio.sleep(0.01)
        await session.call({}, 5)

    with pytest.raises(AgentEnded, match="exit code 137"):
        session_with(FakeApi(end), ask_late)


def test_a_silent_peer_is_noticed_by_the_heartbeat() -> None:
    async def freeze(agent: Agent) -> None:
        transport = agent._socket._req.transport  # type: ignore[union-attr]
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()
        await asyncio.sleep(5)

    async def converse() -> None:
        async with FakeApi(freeze).running() as endpoint:
            session = await ExecSession.open(endpoint, "ns", "pod-1", "agent", ["x"], heartbeat=0.1)
            try:
                await session.call({}, 5)
            finally:
                await session.close()

    assert HEARTBEAT_SECONDS < 60
    with pytest.raises(AgentLost, match="the stream was cut"):
        asyncio.run(converse())


@pytest.mark.parametrize("cuts", [1, 2])
def test_a_channel_survives_cuts_and_no_answer_is_lost_or_doubled(cuts: int) -> None:
    done: list[int] = []

    async def answer_some_then_cut(agent: Agent) -> None:
        for _ in range(3):
            request = await agent.request()
            assert request is not None
            done.append(request["text"])
            await agent.answer(request, echo=request["text"])
        await agent.request()
        await agent.write(b'{"id": 1, "ec')
        agent.cut()

    async def converse() -> tuple[list[Any], list[str]]:
        api = FakeApi(*[answer_some_then_cut] * cuts, echo)
        async with api.running() as endpoint:
            channel = AgentChannel(lambda: ExecSession.open(endpoint, "ns", "pod-1", "agent", ["x"]))
            answers = await asyncio.gather(*(channel.call({"text": n}, 10) for n in range(20)))
            await channel.close()
            return [answer["echo"] for answer in answers], channel.losses

    echoes, losses = asyncio.run(converse())
    assert echoes == list(range(20))
    assert losses
    assert len(done) == len(set(done)) == 3 * cuts


@pytest.mark.parametrize(
    ("status", "message", "hint"),
    [
        (401, "Unauthorized", "log in again"),
        (403, 'pods "pod-1" is forbidden', "get and create on pods/exec"),
        (404, 'pods "pod-1" not found', "The pod is gone"),
        (400, "container x is not valid for pod pod-1", "has another name"),
        (500, "container not found", "describe pod pod-1"),
    ],
)
def test_a_refusal_before_the_upgrade_says_what_the_api_said_and_what_to_do(
    status: int, message: str, hint: str
) -> None:
    api = FakeApi(echo)
    body = {"kind": "Status", "message": message, "reason": "Because", "code": status}
    api.refusal = web.json_response(body, status=status)
    with pytest.raises(ApiError, match=message) as refused:
        session_with(api, ask_three)
    assert (refused.value.status, refused.value.reason) == (status, "Because")
    assert hint in refused.value.hint
    assert "container agent of pod ns/pod-1" in refused.value.message


def test_a_refusal_in_plain_text_is_shown() -> None:
    api = FakeApi(echo)
    api.refusal = web.Response(status=502, text="upstream is asleep")
    with pytest.raises(ApiError, match="upstream is asleep"):
        session_with(api, ask_three)


def test_a_proxy_that_answers_without_an_upgrade_is_named() -> None:
    api = FakeApi(echo)
    api.refusal = web.Response(text="hello")
    with pytest.raises(ApiError, match="does not open a WebSocket") as refused:
        session_with(api, ask_three)
    assert "proxy" in refused.value.hint


def test_an_api_that_is_not_there_is_an_api_error() -> None:
    endpoint = ApiEndpoint("http://127.0.0.1:1", True, dict)
    with pytest.raises(ApiError, match=r"http://127\.0\.0\.1:1 cannot be reached") as refused:
        asyncio.run(ExecSession.open(endpoint, "ns", "pod-1", "agent", ["x"]))
    assert refused.value.status == 0


def test_an_api_that_accepts_and_hangs_is_an_api_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_k8snet.kube.stream.OPEN_SECONDS", 0.1)

    async def converse() -> None:
        held = []
        server = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            await ExecSession.open(ApiEndpoint(f"http://127.0.0.1:{port}", True, dict), "ns", "p", "c", ["x"])
        finally:
            for writer in held:
                writer.close()
            server.close()

    with pytest.raises(ApiError, match=r"no answer within 0\.1 s"):
        asyncio.run(converse())


def run_once(behave: Behaviour, seconds: float = 5) -> tuple[str, str, int]:
    async def converse() -> tuple[str, str, int]:
        async with FakeApi(behave).running() as endpoint:
            return await exec_once(endpoint, "ns", "pod-1", "agent", ["cat", "/etc/hosts"], seconds)

    return asyncio.run(converse())


@pytest.mark.parametrize(("status", "code"), [(SUCCESS, 0), (failure(3), 3)])
def test_a_command_runs_to_its_end(status: dict[str, Any], code: int) -> None:
    async def command(agent: Agent) -> None:
        await agent.write("grüß".encode()[:3])
        await agent.write("grüß".encode()[3:])
        await agent.write(b"oops", STDERR)
        await agent.end(status)

    assert run_once(command) == ("grüß", "oops", code)


def test_a_command_that_cannot_be_started_is_an_api_error() -> None:
    async def missing(agent: Agent) -> None:
        await agent.end({"status": "Failure", "message": "executable file not found in $PATH"})

    with pytest.raises(ApiError, match=r"cat /etc/hosts in container agent .* was not started: executable file not"):
        run_once(missing)


def test_output_that_breaks_off_is_an_api_error() -> None:
    async def half(agent: Agent) -> None:
        await agent.write(b"127.0.0.1 loc")
        agent.cut()

    with pytest.raises(ApiError, match="broke off: the stream was cut"):
        run_once(half)


def test_a_command_that_does_not_end_is_an_api_error() -> None:
    async def hang(agent: Agent) -> None:
        await agent.request()

    with pytest.raises(ApiError, match=r"did not end within 0\.1 s"):
        run_once(hang, 0.1)
