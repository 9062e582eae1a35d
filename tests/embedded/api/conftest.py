"""An API server for tests, whose containers are programs of this machine without any isolation."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml

from pytest_k8snet.embedded.api.bootstrap import new_store
from pytest_k8snet.embedded.api.runtime import ByteReader
from pytest_k8snet.embedded.api.server import make_app, serve
from pytest_k8snet.embedded.api.status import StoreError
from pytest_k8snet.embedded.api.tls import Identity, make_identity

TOKEN = "sesame"
T = TypeVar("T")


class LocalProcess:
    """A subprocess in a session of its own, so that killing it kills what it started."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.stdout: ByteReader | None = process.stdout
        self.stderr: ByteReader | None = process.stderr

    async def write_stdin(self, data: bytes) -> None:
        if self._process.stdin and not self._process.stdin.is_closing():
            self._process.stdin.write(data)
            with contextlib.suppress(ConnectionError):
                await self._process.stdin.drain()

    async def close_stdin(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()

    def resize(self, columns: int, rows: int) -> None:
        pass

    async def wait(self) -> int:
        code = await self._process.wait()
        return code if code >= 0 else 128 - code

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


class LocalRuntime:
    """Every pod runs; its log is ``lines``, and one more when ``ended[namespace]`` is set. One fault: ``drop-udp``."""

    def __init__(self) -> None:
        self.lines = [b"one\n", b"two\n", b"three\n"]
        self.ended: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.active = False
        self.processes: list[asyncio.subprocess.Process] = []

    async def exec(
        self, namespace: str, pod: str, container: str, argv: Sequence[str], *, stdin: bool = False, tty: bool = False
    ) -> LocalProcess:
        if container == "dead":
            raise StoreError(400, "BadRequest", f"container {container} in pod {pod} is not running")
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=pipe if stdin else null, stdout=pipe, stderr=pipe, start_new_session=True
        )
        self.processes.append(process)
        return LocalProcess(process)

    async def logs(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        follow: bool,
        tail: int | None,
        previous: bool,
        timestamps: bool,
    ) -> AsyncIterator[bytes]:
        if previous:
            message = f'previous terminated container "{container}" in pod "{pod}" not found'
            raise StoreError(400, "BadRequest", message)
        for line in self.lines if tail is None else self.lines[len(self.lines) - min(tail, len(self.lines)) :]:
            yield line
        if follow:
            await self.ended[namespace].wait()
            yield b"last\n"

    async def network_state(self) -> dict[str, list[str]]:
        return {"node-1": ["a line"]}

    def list_faults(self) -> list[dict[str, object]]:
        title = "UDP between nodes is dropped"
        return [{"name": "drop-udp", "title": title, "layer": "data path", "active": self.active}]

    async def inject(self, name: str) -> None:
        self._set(name, True)

    async def restore(self, name: str) -> None:
        self._set(name, False)

    def _set(self, name: str, active: bool) -> None:
        if name != "drop-udp":
            raise StoreError(404, "NotFound", f'faults "{name}" not found')
        if self.active is active:
            raise StoreError(409, "Conflict", f"fault {name} is {'already' if active else 'not'} injected")
        self.active = active


@dataclass(frozen=True)
class Answer:
    """What the API answered: ``body`` is decoded JSON, or text."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()


class Api:
    """A running API server and ways to talk to it. Its loop runs in a thread of its own."""

    def __init__(self, identity: Identity, folder: Path) -> None:
        self.runtime = LocalRuntime()
        self.store = new_store()
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="api")
        self._thread.start()
        listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = listener.getsockname()[1]
        app = make_app(self.store, self.runtime, TOKEN, ca_pem=identity.ca_pem)
        self._runner = self.run(serve(app, listener, identity))
        self.trust = ssl.create_default_context(cadata=identity.ca_pem)
        self._connection = self.connect()
        self.kubeconfig = folder / "kubeconfig"
        self.kubeconfig.write_text(yaml.safe_dump(self._kubeconfig(identity)))

    def _kubeconfig(self, identity: Identity) -> dict[str, Any]:
        authority = base64.b64encode(identity.ca_pem.encode()).decode()
        cluster = {"server": f"https://127.0.0.1:{self.port}", "certificate-authority-data": authority}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "k8snet",
            "contexts": [{"name": "k8snet", "context": {"cluster": "k8snet", "user": "k8snet"}}],
            "clusters": [{"name": "k8snet", "cluster": cluster}],
            "users": [{"name": "k8snet", "user": {"token": TOKEN}}],
        }

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run ``work`` in the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def connect(self) -> http.client.HTTPSConnection:
        """A connection of one's own; the caller closes it."""
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=self.trust)

    def request(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None, token: str = TOKEN
    ) -> Answer:
        """One request; a body that is not bytes is sent as JSON."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **(headers or {})}
        answer = self._send(method, path, data, sent)
        text = answer.read()
        warnings = answer.headers.get_all("Warning") or []
        is_json = answer.headers.get_content_type() == "application/json"
        decoded = json.loads(text) if is_json and text else text.decode()
        return Answer(answer.status, decoded, dict(answer.headers), warnings)

    def _send(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        """Use the connection of the request before, or a new one when the server has closed that."""
        for attempt in (1, 2):
            fresh = self._connection.sock is None
            try:
                self._connection.request(method, path, data, dict(headers))
                return self._connection.getresponse()
            except (ConnectionError, http.client.CannotSendRequest):
                self._connection.close()
                if fresh or attempt == 2:
                    raise
        raise AssertionError("unreachable")

    def lines(self, path: str, until: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """The events of a watch, up to when ``until`` is content or the stream ends."""
        events: list[dict[str, Any]] = []
        with contextlib.closing(self.connect()) as connection:
            connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
            answer = connection.getresponse()
            while not until(events) and (line := answer.readline()):
                events.append(json.loads(line))
        return events

    def close(self) -> None:
        """End the server and its thread."""
        self._connection.close()
        self.run(self._runner.cleanup())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    server = Api(make_identity(), tmp_path_factory.mktemp("api"))
    yield server
    server.close()


@pytest.fixture
def namespace(api: Api) -> Iterator[str]:
    """A namespace for one test."""
    name = f"t-{uuid.uuid4().hex[:8]}"
    assert api.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}}).status == 201
    yield name
    api.request("DELETE", f"/api/v1/namespaces/{name}")


Kubectl = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def kubectl_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kubectl-cache")


@pytest.fixture
def kubectl(api: Api, namespace: str, kubectl_cache: Path) -> Kubectl:
    """``kubectl(*args, stdin=..., ok=True)`` in the test's namespace; gives the completed process."""
    program = shutil.which("kubectl")
    if program is None:
        pytest.skip("kubectl is not installed: see https://kubernetes.io/docs/tasks/tools/")
    base = [program, f"--kubeconfig={api.kubeconfig}", f"--cache-dir={kubectl_cache}", f"--namespace={namespace}"]

    def run(*args: str, stdin: str = "", ok: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run([*base, *args], input=stdin, capture_output=True, text=True, timeout=30, check=False)
        if ok:
            assert done.returncode == 0, f"kubectl {' '.join(args)}: {done.stdout}{done.stderr}"
        return done

    run.base = base  # type: ignore[attr-defined]
    return run


def pod(name: str = "web", **spec: Any) -> dict[str, Any]:
    """A pod with one container, as a client writes it."""
    containers = [{"name": "main", "image": "example:1", "command": ["sleep", "60"]}]
    metadata = {"name": name, "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers, **spec}}


@pytest.fixture
def make_pod(api: Api, namespace: str) -> Callable[..., dict[str, Any]]:
    """Creates a pod in the test's namespace and gives it as stored."""

    def make(name: str = "web", **spec: Any) -> dict[str, Any]:
        answer = api.request("POST", f"/api/v1/namespaces/{namespace}/pods", pod(name, **spec))
        assert answer.status == 201, answer.body
        stored: dict[str, Any] = answer.body
        return stored

    return make
