"""Pods under NetworkPolicies, and what they can be asked."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.embedded.conftest import Object, Space, addresses

DROPPED = "TimeoutError"
DENY = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}

TALK = """
import socket, sys, time
opened = socket.create_connection((sys.argv[1], 9000), 2)
opened.settimeout(0.1)
said = open("/tmp/said", "w")
while True:
    try:
        opened.send(b"x")
        print("answered" if opened.recv(10) else "closed", file=said, flush=True)
    except TimeoutError:
        print("silence", file=said, flush=True)
    time.sleep(0.02)
"""
ECHO = """
import socket, threading
def echo(connection):
    while data := connection.recv(100):
        connection.send(data)
listener = socket.create_server(("", 9000))
while True:
    threading.Thread(target=echo, args=[listener.accept()[0]]).start()
"""
KNOCK = """
import socket, sys, time
said = open("/tmp/said", "w")
for _ in range(10):
    for address in sys.argv[1:]:
        try:
            socket.create_connection((address, 8080), 0.2).close()
            print("reached", address, file=said, flush=True)
        except OSError as error:
            print(type(error).__name__, address, file=said, flush=True)
print("over", file=said, flush=True)
time.sleep(1000)
"""
CLOSED = """
import socket, sys
for address in sys.argv[1:]:
    opened = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    opened.settimeout(1)
    opened.connect((address, 9))
    try:
        opened.send(b"x")
        opened.recv(1)
    except OSError as error:
        print(type(error).__name__)
"""
SCTP = """
import socket, struct, sys
opened = socket.socket(socket.AF_INET, socket.SOCK_RAW, 132)
opened.settimeout(0.4)
opened.connect((sys.argv[1], 0))
opened.send(struct.pack("!HHII", 5000, int(sys.argv[2]), 0, 0) + bytes(20))
try:
    opened.recv(100)
except OSError as error:
    print(type(error).__name__)
"""


def pod(space: Space, name: str, node: str = "", port: int = 8080, label: str = "", **spec: Any) -> None:
    """Create a server whose port has the name "web"; its label "app" is its name unless given."""
    container = {
        "name": "main",
        "image": "test",
        "command": space.server_command(port),
        "ports": [{"name": "web", "containerPort": port}, {"containerPort": port, "protocol": "UDP"}],
        "readinessProbe": {"tcpSocket": {"port": port}},
        **spec.pop("container", {}),
    }
    metadata = {"name": name, "namespace": space.name, "labels": {"app": label or name}}
    where = {"nodeSelector": {"kubernetes.io/hostname": node}} if node else {}
    whole = {"terminationGracePeriodSeconds": 0, "containers": [container], **where, **spec}
    space.api.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": whole})


def start_servers(space: Space) -> Space:
    """Servers a and b on one node, c on another; "other" serves another port under the same name; host is a node."""
    pod(space, "a", "node-1")
    pod(space, "b", "node-1")
    pod(space, "c", "node-2")
    pod(space, "other", "node-2", port=8090)
    pod(space, "host", "node-1", port=9100, hostNetwork=True)
    for name in ("a", "b", "c", "other", "host"):
        space.wait(name)
    return space


@contextmanager
def policies(space: Space, *specs: Object, prefix: str = "p") -> Iterator[None]:
    """NetworkPolicies for a while. They hold when the API has answered and 50 ms are over."""
    names = [f"{prefix}{number}" for number, _ in enumerate(specs)]
    for name, spec in zip(names, specs, strict=True):
        metadata = {"name": name, "namespace": space.name}
        space.api.create(
            {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}
        )
    try:
        yield
    finally:
        for name in names:
            space.api.delete("networking.k8s.io/v1", "NetworkPolicy", name, space.name)


def to(name: str, *rules: Object) -> Object:
    """A policy for what comes to the pod ``name``."""
    return {"podSelector": app(name), "policyTypes": ["Ingress"], "ingress": list(rules)}


def out_of(name: str, *rules: Object) -> Object:
    """A policy for what the pod ``name`` sends."""
    return {"podSelector": app(name), "policyTypes": ["Egress"], "egress": list(rules)}


def app(name: str) -> Object:
    return {"matchLabels": {"app": name}}


def reached(space: Space, source: str, target: str, port: int = 8080, protocol: str = "tcp") -> list[str]:
    """What a pod sees when it asks another at each of its addresses: the target's name, or the error."""
    seen = [space.ask(source, address, port, protocol) for address in addresses(space.get(target))]
    return [answer.split()[0] for answer in seen]


def settled(space: Space, source: str, target: str, *expected: str, port: int = 8080, protocol: str = "tcp") -> None:
    """Wait until a pod sees what is expected, for all addresses or for IPv4 and IPv6."""
    wanted = list(expected * (2 // len(expected)))
    deadline = time.monotonic() + 5
    while (seen := reached(space, source, target, port, protocol)) != wanted:
        assert time.monotonic() < deadline, f"{source} to {target}: {seen}, not {wanted}"


def label(space: Space, kind: str, name: str, namespace: str, labels: dict[str, str]) -> None:
    metadata = {"name": name, "labels": labels} | ({"namespace": namespace} if namespace else {})
    space.api.apply({"apiVersion": "v1", "kind": kind, "metadata": metadata})


@contextmanager
def fault(space: Space, name: str) -> Iterator[None]:
    """A fault for a while; it leaves no trace in the rules."""
    before = rules(space)
    with space.fault(name):
        yield
    assert rules(space) == before


def rules(space: Space) -> list[str]:
    """The rules of the node of host, as nft tells them; chains and sets stand in the order in which they were made."""
    blocks = re.split(r"\n\n|\n}\n(?=table )", space.exec("host", "nft", "list", "ruleset").stdout)
    return sorted(block.strip("}\n ") for block in blocks)


def said(space: Space, name: str) -> list[str]:
    """What a pod has written into its file."""
    return space.exec(name, "cat", "/tmp/said").stdout.splitlines()


def says(space: Space, name: str, word: str) -> None:
    """Wait until a pod has written nothing but ``word`` for a while."""
    deadline = time.monotonic() + 5
    while (lines := said(space, name))[-3:] != [word] * 3:
        assert time.monotonic() < deadline, f"{name} says {lines[-5:]}, not {word}"
