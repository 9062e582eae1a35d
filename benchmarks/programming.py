"""How long until a change of the API holds in the kernel? ``python benchmarks/programming.py [SERVICES]``

Prints the seconds until SERVICES Services (default 500) with four endpoints each answer on every node of a cluster that
has nothing else. Then the milliseconds from a request to its effect on packets: one pod asks another by UDP, each
millisecond from another port. The changes are a policy that comes and goes, and a Service that gets its endpoint and
loses it. They are measured in an empty cluster, beside 40 pods under 100 policies, and beside the Services as well.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from figures import show, show_latencies, show_load

from pytest_k8snet.embedded import ClusterOptions, launch
from pytest_k8snet.kube.access import Access
from pytest_k8snet.kube.client import KubeApi
from pytest_k8snet.kube.exec import IoLoop, exec_once
from pytest_k8snet.kube.wait import ready

ROUNDS = 10
PODS, POLICIES = 40, 100
SETTLE = 0.3
NODES = ("node-1", "node-2", "node-3")

ECHO = """
import socket
opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
opened.bind(("", 7000))
while True:
    data, peer = opened.recvfrom(100)
    opened.sendto(data, peer)
"""
ASK = """
import itertools, select, socket, sys, time
said = open("/tmp/said", "w", 1)
poller, waiting, was, newest = select.poll(), {}, None, 0
def tell(since, now):
    global was, newest
    if since > newest and now != was:
        print(since, now, file=said)
        was = now
    newest = max(newest, since)
# A port that was used less than conntrack's 30 s ago would go on with a known flow.
for port in itertools.cycle(range(20000, 60000)):
    began = time.monotonic()
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        opened.bind(("", port))
        opened.connect((sys.argv[1], 7000))
        opened.send(b"x")
    except OSError as error:
        print(error, file=sys.stderr)
        opened.close()
        continue
    waiting[opened.fileno()] = opened, began
    poller.register(opened, select.POLLIN)
    time.sleep(0.0007)
    for number, _ in poller.poll(0):
        asked, since = waiting.pop(number)
        poller.unregister(number)
        try:
            asked.recv(10)
            tell(since, 1)
        except OSError:
            tell(since, 0)
        asked.close()
    for number, (asked, since) in list(waiting.items()):
        if time.monotonic() - since > 0.05:
            tell(since, 0)
            poller.unregister(number)
            asked.close()
            del waiting[number]
"""
WAIT = """
import socket, sys, time
while True:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.settimeout(0.02)
    opened.connect((sys.argv[1], 7000))
    try:
        opened.send(b"x")
        opened.recv(10)
        break
    except OSError:
        time.sleep(0.005)
print(time.monotonic())
"""

POLICY = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "deny", "namespace": "default"},
    "spec": {"podSelector": {"matchLabels": {"app": "echo"}}},
}
SLEEP = "import time; time.sleep(100_000)"


def policy(number: int) -> dict[str, Any]:
    """A policy for some of the many pods, with peers and ports of every kind."""
    peers = [
        {"podSelector": {"matchLabels": {"app": f"crowd-{number % 10}"}}},
        {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": f"crowd-{number % 7}"}}},
        {"ipBlock": {"cidr": "10.244.0.0/16", "except": [f"10.244.1.{number}/32"]}},
    ]
    ports = [{"port": 8000 + number}, {"port": "web"}, {"protocol": "UDP", "port": 5000, "endPort": 5000 + number}]
    spec = {
        "podSelector": {"matchLabels": {"app": f"crowd-{number % 10}"}},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": peers, "ports": ports}],
        "egress": [{"to": peers, "ports": ports}],
    }
    return {**POLICY, "metadata": {"name": f"crowd-{number}", "namespace": "default"}, "spec": spec}


def pod(name: str, node: str, program: str, *arguments: str, app: str = "") -> dict[str, Any]:
    """A pod with a Python program."""
    container: dict[str, Any] = {"name": "main", "image": "none", "command": ["python3", "-c", program, *arguments]}
    metadata = {"name": name, "namespace": "default", "labels": {"app": app or name}}
    where = {"nodeSelector": {"kubernetes.io/hostname": node}}
    container["ports"] = [{"name": "web", "containerPort": 7000}]
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0, **where}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def service(name: str, app: str) -> dict[str, Any]:
    """A Service for the pods of an app."""
    spec = {"ports": [{"port": 7000, "protocol": "UDP"}], "selector": {"app": app}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "default"}, "spec": spec}


class Bench:
    """A cluster, and a pod "ask" that notices changes."""

    def __init__(self, api: KubeApi, loop: IoLoop) -> None:
        self.api = api
        self._loop = loop

    def start(self, *pods: dict[str, Any]) -> None:
        """Start pods and wait for them."""
        for one in pods:
            self.api.create(one)
        names = {one["metadata"]["name"] for one in pods}
        while not names <= {one["metadata"]["name"] for one in self.api.objects("v1", "Pod", "default") if ready(one)}:
            time.sleep(0.02)

    def ask(self, address: str) -> None:
        """Have the pod "ask" ask an address."""
        if any(one["metadata"]["name"] == "ask" for one in self.api.objects("v1", "Pod", "default")):
            self.api.delete("v1", "Pod", "ask", "default", grace=0)
            self.api.wait_gone("v1", "Pod", "ask", "default")
        self.start(pod("ask", "node-1", ASK, address))
        while not self.run("ask", "tail", "-n", "1", "/tmp/said"):
            time.sleep(0.02)

    def latency(self, change: Callable[[], object], *, answered: bool) -> float:
        """Milliseconds until the pod "ask" is answered, or is not any more; before the change it was not so."""
        while self._last_change()[1] == answered:
            time.sleep(0.05)
        time.sleep(SETTLE)
        began = time.monotonic()
        change()
        time.sleep(SETTLE)
        while (last := self._last_change())[1] != answered or last[0] < began:
            time.sleep(0.05)
        return (last[0] - began) * 1000

    def run(self, name: str, *argv: str) -> str:
        """Run a command in a pod."""
        return self._loop.run(exec_once(self.api.endpoint(), "default", name, "main", argv, 60), 61).stdout

    def _last_change(self) -> tuple[float, bool]:
        """When the pod "ask" began to see what it sees, and whether it is answered."""
        since, seen = self.run("ask", "tail", "-n", "1", "/tmp/said").split()
        return float(since), seen == "1"


def latencies(bench: Bench) -> None:
    """Measure changes of a policy, by the pod's address, and of a Service."""
    api, times = bench.api, [list[float]() for _ in range(4)]
    bench.ask(api.get("v1", "Pod", "echo", "default")["status"]["podIP"])
    for _ in range(ROUNDS):
        times[0].append(bench.latency(lambda: api.create(POLICY), answered=False))
        times[1].append(
            bench.latency(lambda: api.delete("networking.k8s.io/v1", "NetworkPolicy", "deny", "default"), answered=True)
        )
    bench.ask(api.get("v1", "Service", "echo", "default")["spec"]["clusterIP"])
    for _ in range(ROUNDS):
        for place, app in ((3, "nobody"), (2, "echo")):
            body = {"spec": {"selector": {"app": app}}}
            changed = bench.latency(
                lambda body=body: api.patch("v1", "Service", "echo", body, "default"), answered=app == "echo"
            )
            times[place].append(changed)
    for title, values in zip(
        ("a policy forbids", "a policy is gone", "a Service has its endpoint", "a Service has lost it"),
        times,
        strict=True,
    ):
        show_latencies(title, values, 50)


def crowd(bench: Bench) -> None:
    """Start many pods and isolate them by policies."""
    bench.start(*(pod(f"crowd-{n}", NODES[n % 3], SLEEP, app=f"crowd-{n % 10}") for n in range(PODS)))
    for number in range(POLICIES):
        bench.api.create(policy(number))


def many(bench: Bench, count: int, bound: float | None = None) -> None:
    """Create Services until the last one answers on all nodes; ``bound`` in seconds is for all of it."""
    began = time.monotonic()
    for number in range(count):
        made = bench.api.create(service(f"many-{number}", "many"))
    created = time.monotonic()
    last = max(float(bench.run(f"many-{node}", "python3", "-c", WAIT, made["spec"]["clusterIP"])) for node in NODES)
    show(f"{count} Services created, one by one", created - began, "s")
    show("  until the last answers on all nodes", last - began, "s", bound)


@contextmanager
def cluster() -> Iterator[Bench]:
    """A cluster with the four endpoints of the many Services."""
    scratch = Path(tempfile.mkdtemp())
    loop = IoLoop("benchmark")
    with launch(ClusterOptions(), scratch / "run") as running:
        api = KubeApi(Access(str(running.kubeconfig), "", scratch))
        bench = Bench(api, loop)
        bench.start(*(pod(f"many-{node}", node, ECHO, app="many") for node in NODES))
        bench.start(pod("many-more", "node-1", ECHO, app="many"))
        yield bench
        api.close()
    loop.close()


def main(count: int) -> None:
    """Measure and print."""
    show_load()
    print("in a cluster of their own")
    with cluster() as bench:
        many(bench, count, 2 * count / 500)
    print("in an empty cluster")
    with cluster() as bench:
        bench.start(pod("echo", "node-2", ECHO))
        bench.api.create(service("echo", "echo"))
        latencies(bench)
        crowd(bench)
        print(f"beside {PODS} pods under {POLICIES} policies")
        latencies(bench)
        many(bench, count)
        print(f"beside {count} Services too")
        latencies(bench)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
