"""An embedded cluster for the tests of itself, and a namespace in it for each test."""

from __future__ import annotations

import itertools
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pytest_k8snet.embedded import CannotStart, ClusterOptions, Running, launch
from pytest_k8snet.kube.access import Access
from pytest_k8snet.kube.client import KubeApi
from pytest_k8snet.kube.exec import Finished, IoLoop, exec_once

Object = dict[str, Any]

SECONDS = 10.0

SERVER = """
import socket, sys, threading
def who(peer):
    return f"{socket.gethostname()} {peer[0].removeprefix('::ffff:')}".encode()
def tcp(listener):
    while True:
        connection, peer = listener.accept()
        connection.sendall(who(peer))
        connection.close()
def udp(opened):
    while True:
        data, peer = opened.recvfrom(65536)
        opened.sendto(who(peer), peer)
for port in map(int, sys.argv[1:]):
    listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=64)
    opened = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    opened.bind(("::", port))
    threading.Thread(target=tcp, args=[listener]).start()
    threading.Thread(target=udp, args=[opened]).start()
"""

CLIENT = """
import json, socket, sys
protocol, address, port, size, fragment = json.loads(sys.argv[1])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
kind, number = {
    "tcp": (socket.SOCK_STREAM, 0),
    "udp": (socket.SOCK_DGRAM, 0),
    "icmp": (socket.SOCK_DGRAM, socket.IPPROTO_ICMPV6 if family == socket.AF_INET6 else socket.IPPROTO_ICMP),
    "sctp": (socket.SOCK_RAW, 132),
}[protocol]
opened = socket.socket(family, kind, number)
opened.settimeout(0.4)
if fragment:
    level, name = (socket.IPPROTO_IPV6, 23) if family == socket.AF_INET6 else (socket.IPPROTO_IP, 10)
    opened.setsockopt(level, name, 0)
try:
    if protocol in ("tcp", "sctp"):
        opened.connect((address, port))
    if protocol == "tcp":
        print(opened.recv(1000).decode())
    elif protocol == "sctp":
        opened.send(bytes(32))
        print("answered" if opened.recv(1000) else "")
    else:
        echo = bytes([128 if family == socket.AF_INET6 else 8]) + bytes(7)
        opened.sendto(echo if protocol == "icmp" else bytes(size), (address, port))
        answer, peer = opened.recvfrom(1000)
        said = "answered" if protocol == "icmp" else answer.decode()
        print(said + ("" if peer[0] == address else f" from {peer[0]}"))
except OSError as error:
    print(type(error).__name__)
"""


@dataclass
class Space:
    """A namespace of a running cluster, and what tests do in it."""

    running: Running
    api: KubeApi
    loop: IoLoop
    name: str

    def create(self, name: str, container: Object | None = None, **spec: Any) -> Object:
        """Create a pod; its container sleeps unless told otherwise."""
        one = {"name": "main", "image": "test", "command": ["sleep", "1000"], **(container or {})}
        return self.api.create(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": name, "namespace": self.name},
                "spec": {"terminationGracePeriodSeconds": 0, "containers": [one], **spec},
            }
        )

    def server(self, name: str, node: str = "", port: int = 8080, host_port: int = 0, **spec: Any) -> Object:
        """Create a pod that tells its name and who asks, by TCP and UDP, and wait until it is Ready."""
        ports = [
            {"containerPort": port, "protocol": protocol} | ({"hostPort": host_port} if host_port else {})
            for protocol in ("TCP", "UDP")
        ]
        container = {
            "command": self.server_command(port),
            "ports": ports,
            "readinessProbe": {"tcpSocket": {"port": port}},
        }
        self.create(name, container, **({"nodeSelector": {"kubernetes.io/hostname": node}} if node else {}), **spec)
        return self.wait(name)

    @staticmethod
    def server_command(port: int) -> list[str]:
        return ["python3", "-c", SERVER, str(port)]

    def get(self, name: str) -> Object:
        return self.api.get("v1", "Pod", name, self.name)

    def wait(self, name: str, until: Callable[[Object], bool] | None = None) -> Object:
        """Wait until a pod is as ``until`` says, or Ready."""
        deadline = time.monotonic() + SECONDS
        while True:
            pod = self.get(name)
            if (until or is_ready)(pod):
                return pod
            assert time.monotonic() < deadline, f"{name} is not as expected: {json.dumps(pod['status'], indent=1)}"
            time.sleep(0.02)

    def delete(self, name: str, grace: int | None = None) -> None:
        """Delete a pod and wait until it is gone."""
        self.api.delete("v1", "Pod", name, self.name, grace=grace)
        deadline = time.monotonic() + SECONDS
        while any(pod["metadata"]["name"] == name for pod in self.api.objects("v1", "Pod", self.name)):
            assert time.monotonic() < deadline, f"{name} is not gone"
            time.sleep(0.02)

    def exec(self, pod: str, *argv: str, container: str = "main", namespace: str = "") -> Finished:
        """Run a command in a pod."""
        done = exec_once(self.api.endpoint(), namespace or self.name, pod, container, argv, SECONDS)
        return self.loop.run(done, SECONDS + 1)

    def ask(
        self,
        source: str,
        address: str,
        port: int = 8080,
        protocol: str = "tcp",
        size: int = 1,
        *,
        fragment: bool = False,
    ) -> str:
        """Ask a server from a pod ("outside": from the host beside the nodes): its answer, or the error's name.

        The answer is "NAME ADDRESS": who answered, and what it saw as the address of the one who asks.
        """
        question = json.dumps([protocol, address, port, size, fragment])
        argv = ("python3", "-c", CLIENT, question)
        if source == "outside":
            return self.exec("outside-1", *argv, container="host", namespace="k8snet-outside").stdout.strip()
        return self.exec(source, *argv).stdout.strip()

    @contextmanager
    def fault(self, name: str) -> Iterator[None]:
        """Break the cluster for a while."""
        self.running.inject(name)
        try:
            yield
        finally:
            self.running.restore(name)

    def events(self, reason: str) -> list[str]:
        """The messages of the namespace's events with a reason."""
        return [event["message"] for event in self.api.objects("v1", "Event", self.name) if event["reason"] == reason]


def is_ready(pod: Object) -> bool:
    conditions = {entry["type"]: entry["status"] for entry in pod.get("status", {}).get("conditions") or ()}
    return conditions.get("Ready") == "True"


def addresses(pod: Object) -> tuple[str, str]:
    """The IPv4 and the IPv6 address of a pod."""
    four, six = (entry["ip"] for entry in pod["status"]["podIPs"])
    return four, six


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everyone may write to; pytest's own are closed to other users."""
    path = Path(tempfile.mkdtemp(prefix="k8snet-life-"))
    path.chmod(0o777)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A running cluster with three nodes, both families."""
    try:
        running = launch(ClusterOptions(), tmp_path_factory.mktemp("embedded") / "run")
    except CannotStart as error:
        pytest.skip(str(error))
    with running:
        yield running


@pytest.fixture(scope="session")
def connection(embedded: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[KubeApi, IoLoop]]:
    api = KubeApi(Access(str(embedded.kubeconfig), "", tmp_path_factory.mktemp("client")))
    loop = IoLoop("tests")
    yield api, loop
    loop.close()
    api.close()


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    return itertools.count(1)


@contextmanager
def made(running: Running, connection: tuple[KubeApi, IoLoop], name: str) -> Iterator[Space]:
    """A namespace; everything in it goes with it."""
    api, loop = connection
    api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield Space(running, api, loop, name)
    api.delete("v1", "Namespace", name)
    api.wait_gone("v1", "Namespace", name, "")


@pytest.fixture
def space(embedded: Running, connection: tuple[KubeApi, IoLoop], numbers: Iterator[int]) -> Iterator[Space]:
    """A namespace for one test."""
    with made(embedded, connection, f"test-{next(numbers)}") as space:
        yield space


@pytest.fixture(scope="module")
def module_space(embedded: Running, connection: tuple[KubeApi, IoLoop], numbers: Iterator[int]) -> Iterator[Space]:
    """A namespace for the tests of a module."""
    with made(embedded, connection, f"module-{next(numbers)}") as space:
        yield space
