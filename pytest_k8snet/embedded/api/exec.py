"""``pods/exec`` over WebSocket (k8s.io/kubernetes ``remotecommand`` v4 and v5).

Every message begins with a channel number: 0 stdin, 1 stdout, 2 stderr, 3 the final Status, 4 the terminal's size;
v5 adds 255, which closes the channel named by the next byte.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec
from aiohttp import ClientConnectionResetError, WSMsgType, web

from .body import parse_bool
from .objects import Obj
from .paths import Target
from .runtime import ByteReader, Process, Runtime
from .status import bad_request
from .store import Store

STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
PROTOCOLS = (V5, V4)
CHUNK = 32 * 1024
MAX_MESSAGE = 32 * 1024 * 1024
HEARTBEAT = 30.0
CLIENT_SECONDS = 0.05
"""With v5 client-go may read before it has made its streams, and drops what comes so early (kubernetes issue 131189).
On a real cluster a container's runtime takes longer; here a command can be over in a millisecond."""


def pick_container(pod: Obj, wanted: str) -> str:
    """The container that a request means; StoreError 400 when it must be named, or is not in the pod."""
    spec = pod["spec"]
    name = pod["metadata"]["name"]
    known = [str(container["name"]) for key in ("containers", "initContainers") for container in spec.get(key) or ()]
    if wanted and wanted not in known:
        raise bad_request(f"container {wanted} is not valid for pod {name}")
    if wanted:
        return wanted
    if len(spec["containers"]) > 1:
        choices = " ".join(str(container["name"]) for container in spec["containers"])
        raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{choices}]")
    return known[0]


def flag(values: Mapping[str, str], name: str) -> bool:
    """A boolean parameter, absent for False."""
    return parse_bool(values.get(name, ""), name)


async def serve_exec(request: web.Request, store: Store, runtime: Runtime, target: Target) -> web.StreamResponse:
    """Run a command in a container and carry its streams. What is wrong with the request is told before the upgrade."""
    pod = store.need("pods", target.name, target.namespace)
    values = request.query
    container = pick_container(pod, values.get("container", ""))
    argv = values.getall("command", [])
    stdin, stdout, stderr, tty = (flag(values, name) for name in ("stdin", "stdout", "stderr", "tty"))
    if not argv:
        raise bad_request("you must specify at least one command to execute")
    if not (stdin or stdout or stderr):
        raise bad_request("you must specify at least one of stdin, stdout, stderr")
    socket = _socket(request)
    process = await runtime.exec(target.namespace, target.name, container, argv, stdin=stdin, tty=tty)
    try:
        await socket.prepare(request)
        session = _Session(socket, process)
        await session.run(stdout=stdout, stderr=stderr)
    finally:
        process.kill()
    return socket


def _socket(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(
        protocols=PROTOCOLS, compress=False, heartbeat=HEARTBEAT, max_msg_size=MAX_MESSAGE, autoclose=True
    )
    upgrade = request.headers.get("Upgrade", "")
    if upgrade.lower().startswith("spdy"):
        raise bad_request(
            "exec over SPDY is not supported by the embedded cluster, only over WebSocket: use kubectl 1.31 or newer, "
            "and do not set KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false"
        )
    if request.method != "GET" or not socket.can_prepare(request):
        raise bad_request("Upgrade request required: exec is a GET that is upgraded to a WebSocket")
    offered = request.headers.get("Sec-WebSocket-Protocol", "")
    if not set(PROTOCOLS) & {name.strip() for name in offered.split(",")}:
        raise bad_request(f"exec needs one of the WebSocket protocols {', '.join(PROTOCOLS)}; offered: {offered!r}")
    return socket


class _Session:
    """The life of one command between its WebSocket and its process."""

    def __init__(self, socket: web.WebSocketResponse, process: Process) -> None:
        self._socket = socket
        self._process = process

    async def run(self, *, stdout: bool, stderr: bool) -> None:
        """Carry the wanted streams until the command ends and its output is sent, or until the client has gone."""
        output = asyncio.create_task(self._output(stdout, stderr))
        feeder = asyncio.create_task(self._feed())
        try:
            await asyncio.wait((output, feeder), return_when=asyncio.FIRST_COMPLETED)
            if not output.done():
                self._process.kill()
                output.cancel()
                return
            await self._finish(output.result())
        except (ClientConnectionResetError, ConnectionResetError):
            return  # the client hung up while output was on its way; the caller ends the process
        finally:
            feeder.cancel()
            output.cancel()
            await asyncio.gather(feeder, output, return_exceptions=True)

    async def _output(self, stdout: bool, stderr: bool) -> int:
        if self._socket.ws_protocol == V5:
            await asyncio.sleep(CLIENT_SECONDS)
        await asyncio.gather(
            self._pump(STDOUT, self._process.stdout, stdout), self._pump(STDERR, self._process.stderr, stderr)
        )
        return await self._process.wait()

    async def _pump(self, channel: int, reader: ByteReader | None, wanted: bool) -> None:
        """Send what a stream brings; one that is not wanted is read all the same, or its writer would be blocked."""
        while reader is not None and (data := await reader.read(CHUNK)):
            if wanted:
                await self._socket.send_bytes(bytes([channel]) + data)

    async def _finish(self, code: int) -> None:
        await self._socket.send_bytes(bytes([ERROR]) + msgspec.json.encode(exit_status(code)))
        await self._socket.close()

    async def _feed(self) -> None:
        """Take what the client sends; returns when it has gone."""
        async for message in self._socket:
            if message.type is WSMsgType.BINARY:
                await self._take(message.data)
            elif message.type is WSMsgType.TEXT:
                await self._take(message.data.encode())
            else:
                return

    async def _take(self, data: bytes) -> None:
        channel, rest = data[:1], data[1:]
        if channel == bytes([STDIN]):
            await self._process.write_stdin(rest)
        elif channel == bytes([CLOSE]) and rest[:1] == bytes([STDIN]):
            await self._process.close_stdin()
        elif channel == bytes([RESIZE]):
            self._resize(rest)

    def _resize(self, data: bytes) -> None:
        try:
            size = msgspec.json.decode(data)
            self._process.resize(int(size["Width"]), int(size["Height"]))
        except (msgspec.DecodeError, KeyError, TypeError, ValueError):
            return  # a size that cannot be read leaves the terminal as it is, as in a kubelet


def exit_status(code: int) -> Obj:
    """The Status that ends a session: Success, or the exit code as clients look for it."""
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: exit status {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }
