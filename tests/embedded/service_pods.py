"""Pods behind Services, and what those Services can be asked."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from tests.embedded.conftest import Object, Space

T = TypeVar("T")

NODES = {4: "10.200.0.{}", 6: "fd00:200::{}"}
DROPPED = "TimeoutError"
REFUSED = "ConnectionRefusedError"

MANY = """
import collections, json, socket, sys
address, port, protocol, count, source = json.loads(sys.argv[1])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
answers = collections.Counter()
for number in range(count):
    opened = socket.socket(family, socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM)
    opened.settimeout(0.5)
    try:
        if source:
            opened.bind(("", source))
        opened.connect((address, port))
        if protocol == "udp":
            opened.send(b"x")
        answers[opened.recv(1000).decode()] += 1
    except OSError as error:
        answers[type(error).__name__] += 1
    opened.close()
print(json.dumps(answers))
"""


def start_servers(space: Space) -> Space:
    """Servers a on node-1 and b on node-2, clients near and far, and a node."""
    for name, node in {"a": "node-1", "b": "node-2"}.items():
        pod(space, name, node)
    for name, node in {"near": "node-1", "far": "node-3"}.items():
        pod(space, name, node)
    pod(space, "host", "node-1", port=9100, hostNetwork=True)
    for name in ("a", "b", "near", "far", "host"):
        space.wait(name)
    return space


def pod(space: Space, name: str, node: str, port: int = 8080, container: Object | None = None, **spec: Any) -> None:
    """Create a server of TCP and UDP; a and b are labelled as servers, every pod by its own name."""
    whole = {
        "name": "main",
        "image": "test",
        "command": space.server_command(port),
        "ports": [{"name": "web", "containerPort": port}, {"name": "udp", "containerPort": port, "protocol": "UDP"}],
        "readinessProbe": {"tcpSocket": {"port": port}, "periodSeconds": 1},
        **(container or {}),
    }
    labels = {"pod": name} | ({"role": "server"} if name in ("a", "b") else {})
    metadata = {"name": name, "namespace": space.name, "labels": labels}
    where = {"nodeSelector": {"kubernetes.io/hostname": node}}
    full = {"terminationGracePeriodSeconds": 0, "containers": [whole], **where, **spec}
    space.api.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": full})


@contextmanager
def service(space: Space, name: str = "web", **spec: Any) -> Iterator[Object]:
    """A dual-stack Service of port 80 for a and b, unless told otherwise, for a while; as the API answers."""
    ports = [
        {"name": protocol, "port": 80, "targetPort": 8080, "protocol": protocol.upper()} for protocol in ("tcp", "udp")
    ]
    whole = {"selector": {"role": "server"}, "ports": ports, "ipFamilyPolicy": "PreferDualStack", **spec}
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": space.name}, "spec": whole}
    made = space.api.create(body)
    try:
        yield made
    finally:
        space.api.delete("v1", "Service", name, space.name)


def cluster_ips(service: Object) -> tuple[str, str]:
    four, six = service["spec"]["clusterIPs"]
    return four, six


def node_port(service: Object) -> int:
    number: int = service["spec"]["ports"][0]["nodePort"]
    return number


def many(
    space: Space, source: str, address: str, port: int = 80, protocol: str = "tcp", count: int = 1, source_port: int = 0
) -> Counter[str]:
    """Ask a number of times: which answers came how often. An answer is "NAME ADDRESS", or an error's name."""
    argv = ("python3", "-c", MANY, json.dumps([address, port, protocol, count, source_port]))
    if source == "outside":
        done = space.exec("outside-1", *argv, container="host", namespace="k8snet-outside")
    else:
        done = space.exec(source, *argv)
    assert done.exit_code == 0, done.stderr
    return Counter(json.loads(done.stdout))


def who(space: Space, source: str, address: str, port: int = 80, protocol: str = "tcp", count: int = 1) -> set[str]:
    """Return who answers, without what they saw, or the errors' names."""
    return {answer.split()[0] for answer in many(space, source, address, port, protocol, count)}


def until(wanted: T, ask: Callable[[], T]) -> None:
    """Ask until the answer is the wanted one; 50 ms should be enough, a loaded machine gets more."""
    deadline = time.monotonic() + 8
    while (seen := ask()) != wanted:
        assert time.monotonic() < deadline, f"{seen}, not {wanted}"


def slices(space: Space, name: str = "web") -> list[Object]:
    """The EndpointSlices of a Service."""
    found = space.api.objects("discovery.k8s.io/v1", "EndpointSlice", space.name)
    return [one for one in found if one["metadata"]["labels"].get("kubernetes.io/service-name") == name]


def balanced(space: Space, name: str = "web") -> list[str]:
    """The addresses that the load balancer gave."""
    ingress = space.api.get("v1", "Service", name, space.name)["status"]["loadBalancer"].get("ingress") or ()
    return [entry["ip"] for entry in ingress]


def change_selector(space: Space, selector: dict[str, str], name: str = "web") -> None:
    current = space.api.get("v1", "Service", name, space.name)
    cleared = dict.fromkeys(current["spec"]["selector"])
    space.api.patch("v1", "Service", name, {"spec": {"selector": {**cleared, **selector}}}, space.name)
