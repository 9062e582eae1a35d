"""How the runner scales: the N x N table of N pods is N messages, and the runner's cost for each pod stays flat.

    .venv/bin/python benchmarks/mesh.py [10 30 100]

Starts the embedded cluster, makes the pods, opens their exec streams, then asks the whole table three times. Prints
medians: wall-clock time of a table, the runner's CPU time for one pod and for one probe, its growth in memory for one
pod. A pod's answer holds one result for each target, so what should stay flat is the time for a probe.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pytest_k8snet.embedded import ClusterOptions, launch
from pytest_k8snet.fleet import as_pod, make_namespace
from pytest_k8snet.kube import pods
from pytest_k8snet.kube.access import Access
from pytest_k8snet.kube.client import KubeApi
from pytest_k8snet.kube.exec import AgentChannel, ExecSession, IoLoop, close_all
from pytest_k8snet.kube.pods import PodRequest
from pytest_k8snet.kube.wait import Deadline, wait_for_pods
from pytest_k8snet.options import defaults
from pytest_k8snet.probe.observation import Family, Outcome, Pod, Probe, Protocol
from pytest_k8snet.probe.patience import Patience
from pytest_k8snet.probe.prober import Prober

ROUNDS = 3
RUN = "0000be9c"


@dataclass
class CountedChannel:
    """An agent's channel that counts the messages through it."""

    channel: AgentChannel
    messages: int = 0

    async def call(self, request: Mapping[str, object], seconds: float, *, again: bool = True) -> dict[str, Any]:
        """Pass a message on."""
        self.messages += 1
        return await self.channel.call(request, seconds, again=again)


@contextlib.contextmanager
def cluster() -> Iterator[KubeApi]:
    """Run an embedded cluster."""
    with TemporaryDirectory(prefix="k8snet-bench-") as folder, launch(ClusterOptions(), Path(folder) / "up") as up:
        api = KubeApi(Access(str(up.kubeconfig), "", Path(folder)))
        yield api
        api.close()


def start(api: KubeApi, number: int) -> list[Pod]:
    """Start pods and wait until they are Ready."""
    settings = defaults(Path.cwd())
    namespace = make_namespace(api, RUN, pods.namespace(RUN, f"mesh {number}", settings), settings)
    names = [f"p{place}" for place in range(number)]
    for name in names:
        api.create(pods.probe_pod(RUN, namespace, PodRequest(name), settings))
    return [as_pod(found) for found in wait_for_pods(api, namespace, names, Deadline(300))]


def memory() -> float:
    """Return the memory of this process in KiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024


def measure(api: KubeApi, number: int) -> None:
    """Ask the table of ``number`` pods and print a line."""
    fleet = start(api, number)
    endpoint, loop, before = api.endpoint(), IoLoop(), memory()
    agent = ("python3", "-m", "agent", "probe")
    channels = {
        pod: CountedChannel(
            AgentChannel(lambda pod=pod: ExecSession.open(endpoint, pod.namespace, pod.name, pod.container, agent))
        )
        for pod in fleet
    }
    prober = Prober(channels.__getitem__, loop, Patience(timeout=5))
    prober.hello(fleet)
    table = [
        Probe(source, target.address(Family.IPV4), target.port, Protocol.TCP, target.name)
        for source in fleet
        for target in fleet
    ]
    already = sum(channel.messages for channel in channels.values())
    walls, processors = [], []
    for _ in range(ROUNDS):
        wall, processor = time.perf_counter(), time.process_time()
        seen = prober.observe(table)
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    messages = (sum(channel.messages for channel in channels.values()) - already) / ROUNDS
    connected = sum(found.outcome is Outcome.CONNECTED for found in seen.values())
    wall, processor = statistics.median(walls), statistics.median(processors)
    print(
        f"{number:>5} {messages:>9.0f} {len(table):>8} {connected:>10} {wall:>9.2f} {processor / number * 1000:>12.2f}"
        f" {processor / len(table) * 1e6:>14.1f} {(memory() - before) / number:>12.0f}"
    )
    loop.run(close_all([channel.channel for channel in channels.values()]), 60)
    loop.close()
    api.delete("v1", "Namespace", fleet[0].namespace)


def main() -> None:
    """Measure each number of pods."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("numbers", nargs="*", type=int, default=[10, 30, 100])
    numbers = parser.parse_args().numbers
    print(" pods  messages   probes  connected    wall s   CPU ms/pod   CPU us/probe      KiB/pod")
    with cluster() as api:
        for number in numbers:
            measure(api, number)


if __name__ == "__main__":
    main()
