"""What the tests of more than one module need: settings as a user would leave them, an inner pytest on its own, and a
Kubernetes API that answers what a test tells it to.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pytest_k8snet.kube.access import Access
from pytest_k8snet.kube.client import KubeApi
from pytest_k8snet.options import OPTIONS, Settings

OF_THE_CLUSTER = {"KUBECONFIG", "KUBERNETES_SERVICE_HOST", *(option.variable for option in OPTIONS)}


def pytest_configure(config: pytest.Config) -> None:
    """Let a property take its time: on a machine that others use as well, being slow is no defect."""
    # pytest loads this file also for a user who runs the suites from here, without the tools of our own tests.
    if config.pluginmanager.hasplugin("hypothesispytest"):
        import hypothesis

        hypothesis.settings.register_profile("unit", deadline=None)
        hypothesis.settings.load_profile("unit")


@pytest.fixture
def runtime_dir(tmp_path: Path) -> Path:
    """The folder in which an inner pytest would put the folders of its runs."""
    folder = tmp_path / "runtime"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def pytester(pytester: pytest.Pytester, runtime_dir: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """An inner pytest that knows of no cluster of whoever runs the tests."""
    for name in OF_THE_CLUSTER & {*os.environ}:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime_dir))
    # Each inner run would import hypothesis anew, which takes most of a second.
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")
    return pytester


@pytest.fixture
def make_settings(tmp_path: Path) -> Callable[..., Settings]:
    """The defaults of every option, but for the given attributes."""

    def make(**given: Any) -> Settings:
        defaults = {option.name: option.parse(option.default) for option in OPTIONS}
        return Settings(**defaults | {"root": tmp_path} | given)

    return make


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Settings:
    return make_settings()


@pytest.fixture
def said() -> list[str]:
    """What was told to the user: hand on ``said.append``."""
    return []


KINDS = {
    "/api/v1": {"Namespace": False, "Node": False, "Pod": True, "Event": True, "ConfigMap": True, "Secret": True},
    "/apis/authorization.k8s.io/v1": {"SelfSubjectAccessReview": False},
}


def _discovery(path: str) -> Any:
    if path == "/version":
        return {"gitVersion": "v1.34.0"}
    if path == "/apis":
        version = {"groupVersion": "authorization.k8s.io/v1", "version": "v1"}
        group = {"name": "authorization.k8s.io", "versions": [version], "preferredVersion": version}
        return {"kind": "APIGroupList", "groups": [group]}
    resources = [
        {"name": f"{kind.lower()}s", "kind": kind, "namespaced": namespaced, "verbs": ["get"]}
        for kind, namespaced in KINDS[path].items()
    ]
    return {"kind": "APIResourceList", "groupVersion": path.rpartition("/")[2], "resources": resources}


def _not_found(method: str, path: str, body: Any) -> Any:
    return 404, {"kind": "Status", "reason": "NotFound", "message": f"{path} not found"}


class ApiServer(ThreadingHTTPServer):
    """A Kubernetes API that knows a few kinds and answers what a test tells it to.

    ``answers`` maps "GET /api/v1/nodes" to a body, a pair of status and body, or a function of the request handler
    that writes the whole answer. A body that is not bytes becomes JSON. ``otherwise`` answers the rest in the same way.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.answers: dict[str, Any] = {f"GET {path}": _discovery(path) for path in ("/version", "/apis", *KINDS)}
        self.otherwise: Callable[[str, str, Any], Any] = _not_found
        self.asked: list[tuple[str, Any]] = []
        self.ended = threading.Event()

    def hang(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer nothing until the test is over."""
        self.ended.wait(30)

    def bodies(self, request: str) -> list[Any]:
        """Return the bodies of the requests that began like this."""
        return [body for asked, body in self.asked if asked.startswith(request)]


class _Handler(BaseHTTPRequestHandler):
    server: ApiServer

    def _answer(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "null")
        self.server.asked.append((f"{self.command} {self.path}", body))
        path = self.path.partition("?")[0]
        known = self.server.answers.get(f"{self.command} {path}")
        answer = known if known is not None else self.server.otherwise(self.command, path, body)
        if callable(answer):
            answer(self)
            return
        status, said = answer if isinstance(answer, tuple) else (200, answer)
        content = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_DELETE = _answer

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture
def api_server() -> Iterator[ApiServer]:
    with ApiServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.ended.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def access(api_server: ApiServer, tmp_path: Path) -> Access:
    """How to reach the API server, as its user "user" with a token."""
    kubeconfig = {
        "clusters": [{"name": "fake", "cluster": {"server": api_server.url}}],
        "users": [{"name": "user", "user": {"token": "secret"}}],
        "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "user"}}],
        "current-context": "fake",
    }
    (tmp_path / "kubeconfig").write_text(json.dumps(kubeconfig))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Access(str(tmp_path / "kubeconfig"), "", scratch)


@pytest.fixture
def api(access: Access) -> Iterator[KubeApi]:
    """A connection to the API server, with little patience."""
    made = KubeApi(access, seconds=0.3)
    yield made
    made.close()
