"""One pods/exec WebSocket: the protocol of channels, and clear errors for what the API refuses.

v5.channel.k8s.io (Kubernetes 1.30 and newer by default) with v4.channel.k8s.io as fallback: each binary message begins
with the number of its channel, 0 for stdin, 1 stdout, 2 stderr, 3 the final status.
https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/4006-transition-spdy-to-websockets
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import aiohttp

from pytest_k8snet.errors import ApiError
from pytest_k8snet.kube.endpoint import ApiEndpoint

STDIN, STDOUT, STDERR, STATUS = range(4)
V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"

OPEN_SECONDS = 15.0
HEARTBEAT_SECONDS = 20.0
"""Load balancers cut an idle stream after a minute or so."""

_LONGEST_MESSAGE = 1 << 25


@dataclass(frozen=True)
class Command:
    """What to run, and where."""

    namespace: str
    pod: str
    container: str
    argv: tuple[str, ...]
    stdin: bool = False

    @property
    def where(self) -> str:
        """The container, for messages."""
        return f"container {self.container} of pod {self.namespace}/{self.pod}"

    @property
    def path(self) -> str:
        """The path of the exec subresource."""
        return f"/api/v1/namespaces/{self.namespace}/pods/{self.pod}/exec"

    @property
    def query(self) -> list[tuple[str, str]]:
        """The query that starts it."""
        wanted = [("container", self.container)] if self.container else []
        streams = [("stdin", "true")] if self.stdin else []
        return [*(("command", word) for word in self.argv), *wanted, *streams, ("stdout", "true"), ("stderr", "true")]


@dataclass(frozen=True)
class End:
    """How a command ended. ``exit_code`` is None when it was not started, or when nobody told."""

    exit_code: int | None
    message: str

    @classmethod
    def of(cls, status: dict[str, Any]) -> End:
        """Read the Status object of channel 3."""
        if status.get("status") == "Success":
            return cls(0, "exit code 0")
        for cause in (status.get("details") or {}).get("causes") or ():
            if cause.get("reason") == "ExitCode":
                return cls(int(cause["message"]), f"exit code {cause['message']}")
        return cls(None, str(status.get("message", status)))


class _Socket(aiohttp.ClientWebSocketResponse[Literal[True]]):
    """Keeps the HTTP response: when a connection breaks, aiohttp leaves it open, and warns of it at some later time."""

    def __init__(
        self, reader: Any, writer: Any, protocol: Any, response: aiohttp.ClientResponse, *more: Any, **options: Any
    ) -> None:
        super().__init__(reader, writer, protocol, response, *more, **options)
        self.upgrade = response


class ExecStream:
    """An open exec stream. Iterate over it once for (channel, data); afterwards ``end`` says how the command ended."""

    def __init__(self, http: aiohttp.ClientSession, socket: _Socket, command: Command) -> None:
        self._http = http
        self._socket = socket
        self.command = command
        self.end: End | None = None

    @classmethod
    async def open(cls, endpoint: ApiEndpoint, command: Command, *, heartbeat: float = HEARTBEAT_SECONDS) -> ExecStream:
        """Start a command. Raises ApiError when the API does not let us, or does not answer."""
        http = aiohttp.ClientSession(
            raise_for_status=lambda response: _refuse(response, command),
            timeout=aiohttp.ClientTimeout(total=OPEN_SECONDS),
            ws_response_class=_Socket,
        )
        try:
            socket = await http.ws_connect(
                endpoint.server.rstrip("/") + command.path,
                params=command.query,
                headers=endpoint.headers(),
                protocols=(V5, V4),
                heartbeat=heartbeat,
                autoclose=False,
                max_msg_size=_LONGEST_MESSAGE,
                ssl=endpoint.ssl,
                proxy=endpoint.proxy,
                server_hostname=endpoint.tls_server_name,
            )
        except BaseException as error:
            await http.close()
            if isinstance(error, (aiohttp.ClientError, TimeoutError, OSError)):
                raise _no_stream(endpoint, command, error) from error
            raise
        assert isinstance(socket, _Socket)
        return cls(http, socket, command)

    async def write(self, data: bytes) -> None:
        """Write to the command's standard input. Raises ConnectionError when the stream is closed."""
        await self._socket.send_bytes(bytes([STDIN]) + data)

    async def __aiter__(self) -> AsyncIterator[tuple[int, bytes]]:
        async for message in self._socket:
            if message.type is not aiohttp.WSMsgType.BINARY or not message.data:
                continue
            channel, data = message.data[0], message.data[1:]
            if channel == STATUS:
                self.end = End.of(json.loads(data))
            elif data:
                yield channel, data

    @property
    def how_it_ended(self) -> str:
        """Why the iteration is over, in words."""
        if self.end is not None:
            return self.end.message
        error = self._socket.exception()
        return f"the stream was cut: {error or f'close code {self._socket.close_code}'}"

    async def close(self) -> None:
        """Close the stream; the kubelet then closes the command's standard input."""
        # Aborted, because a polite TLS shutdown waits for the peer and would outlive the loop; awaited, because the
        # sockets are closed only then.
        if isinstance(connector := self._http.connector, aiohttp.TCPConnector):
            await connector.close(abort_ssl=True)
        await self._socket.close()
        self._socket.upgrade.close()
        await self._http.close()


async def run_once(endpoint: ApiEndpoint, command: Command) -> tuple[bytes, bytes, End]:
    """Run a command to its end and return stdout, stderr and how it ended. Raises ApiError when that is not known."""
    stream = await ExecStream.open(endpoint, command)
    written = {STDOUT: bytearray(), STDERR: bytearray()}
    try:
        async for channel, data in stream:
            written.setdefault(channel, bytearray()).extend(data)
    finally:
        await stream.close()
    if stream.end is None:
        raise ApiError(f"the output of {_words(command.argv)} in {command.where} broke off: {stream.how_it_ended}")
    return bytes(written[STDOUT]), bytes(written[STDERR]), stream.end


async def _refuse(response: aiohttp.ClientResponse, command: Command) -> None:
    if response.status < 400:
        return
    body = await response.text(errors="replace")
    try:
        status = json.loads(body)
        message, reason = str(status["message"]), str(status.get("reason", ""))
    except (ValueError, TypeError, KeyError):
        message, reason = body.strip()[:300] or str(response.reason), ""
    hints = {
        400: "The container is not running, or has another name.",
        401: "The credentials are expired or wrong: log in again, then check with 'kubectl auth whoami'.",
        403: "Exec needs the verbs get and create on pods/exec: the ClusterRole in docs/rbac.yaml lists all.",
        404: f"The pod is gone; see 'kubectl -n {command.namespace} get events'.",
        500: f"The kubelet could not do it; see 'kubectl -n {command.namespace} describe pod {command.pod}'.",
    }
    raise ApiError(
        f"exec in {command.where}: {message}",
        status=response.status,
        reason=reason,
        hint=hints.get(response.status, ""),
    )


def _no_stream(endpoint: ApiEndpoint, command: Command, error: BaseException) -> ApiError:
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return ApiError(
            f"exec in {command.where}: {endpoint.server} does not open a WebSocket: {error.message}",
            status=error.status,
            hint="A proxy in between may not let WebSocket upgrades through.",
        )
    seen = f"no answer within {OPEN_SECONDS:g} s" if isinstance(error, TimeoutError) else str(error)
    if isinstance(error, aiohttp.ClientConnectorError):  # whose text shows objects of Python
        seen = str(error.os_error) or type(error.os_error).__name__
    return ApiError(
        f"exec in {command.where}: the API at {endpoint.server} cannot be reached: {seen}",
        hint="Does 'kubectl version' reach it from this machine?",
    )


def _words(argv: Sequence[str]) -> str:
    return " ".join(argv)
