"""Our bandwidth beside iperf3 run by hand: the same path in the same minutes, five rounds that take turns.

    .venv/bin/pytest --k8snet --k8snet-context NAME -s benchmarks/bandwidth.py

By hand is ``kubectl exec`` into the client's pod, and the "receiver" line that people read. The medians must differ by
less than 2 %. How much that says depends on how much the rounds differ, which is printed as well.
"""

from __future__ import annotations

import re
import statistics
import subprocess
from collections.abc import Callable

from benchmarks.figures import show, show_load
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.measure.iperf3 import jobs
from pytest_k8snet.measure.iperf3.bench import Bench, Site
from pytest_k8snet.measure.iperf3.transfer import Amount, Manner, Transfer
from pytest_k8snet.probe.observation import Pod

ROUNDS = 5
SECONDS = 5
UNITS = {"K": 1e3, "M": 1e6, "G": 1e9, "": 1.0}


def by_hand(context: str, pod: str, namespace: str, target: Pod) -> float:
    """Return the bits per second that iperf3 shows people."""
    command = [
        *("kubectl", *(("--context", context) if context else ()), "-n", namespace, "exec", pod, "--"),
        *("iperf3", "-c", target.addresses[0], "-p", str(target.port), "-t", str(SECONDS), "-O", "1"),
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    found = re.search(r"([\d.]+) ([KMG]?)bits/sec +receiver", said)
    assert found, said
    return float(found[1]) * UNITS[found[2]]


def test_as_by_hand(k8snet_cluster: Cluster, bench: Bench) -> None:
    """Measure in turns and print."""
    near, far = (node.name for node in k8snet_cluster.nodes[:2])
    target, client = bench.server(Site(far)).pod, bench.client(Site(near))
    (pod,) = k8snet_cluster.api.objects("v1", "Pod", bench.namespace.name, labels="k8snet.io/pod=iperf3-client-pod-n1")
    transfer = Transfer(target.addresses[0], target.port, Manner(), Amount.lasting(SECONDS, 0))
    context = k8snet_cluster.attachment.state.context
    ours: list[float] = []
    theirs: list[float] = []
    print()
    show_load()
    print(f"{transfer}\n{bench.versions}, container {jobs.CONTAINER}")
    for number in range(ROUNDS):
        steps: list[Callable[[], None]] = [
            lambda: ours.append(client.run(transfer).bits_per_second),
            lambda: theirs.append(by_hand(context, pod["metadata"]["name"], bench.namespace.name, target)),
        ]
        for step in steps if number % 2 == 0 else reversed(steps):
            step()
        print(f"round {number + 1}: ours {ours[-1] / 1e9:.3f}, by hand {theirs[-1] / 1e9:.3f} Gbit/s")
    mine, hand = statistics.median(ours), statistics.median(theirs)
    show("ours, median", mine / 1e9, "Gbit/s", places=3)
    show("by hand, median", hand / 1e9, "Gbit/s", places=3)
    show("spread of the rounds by hand", 100 * statistics.stdev(theirs) / hand, "%")
    show("difference of the medians", 100 * abs(mine / hand - 1), "%", 2.0)
