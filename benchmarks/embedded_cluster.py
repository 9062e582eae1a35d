"""How fast and how large is the embedded cluster? ``python benchmarks/embedded_cluster.py [PODS]``

Prints the seconds until it is ready, until one pod and until PODS pods (default 200) are Ready and gone again, and the
memory (proportional set size) of all its processes. The pods only wait: what programs take is their own matter.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from figures import show, show_load

from pytest_k8snet.embedded import ClusterOptions, launch
from pytest_k8snet.kube.access import Access
from pytest_k8snet.kube.client import KubeApi
from pytest_k8snet.kube.wait import ready

IDLE = ["python3", "-c", "import signal; signal.signal(signal.SIGTERM, lambda *_: exit()); signal.pause()"]


def pod(name: str) -> dict[str, Any]:
    """An idle pod."""
    container = {"name": "main", "image": "none", "command": IDLE}
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}


def until(condition: Callable[[], bool]) -> float:
    """Wait; return the seconds that it took."""
    began = time.perf_counter()
    while not condition():
        time.sleep(0.005)
    return time.perf_counter() - began


def descendants(parent: int) -> list[int]:
    """A process and all below it."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [parent, *(pid for child in children for pid in descendants(int(child)))]


def memory(parent: int) -> float:
    """Megabytes of a process and all below it, shared pages divided among those who share them."""
    rollups = (Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in descendants(parent))
    return sum(int(line.split()[1]) for text in rollups for line in text.splitlines() if line.startswith("Pss:")) / 1024


def main(count: int) -> None:
    """Measure and print."""
    show_load()
    scratch = Path(tempfile.mkdtemp())
    began = time.perf_counter()
    with launch(ClusterOptions(), scratch / "run") as running:
        show("ready", time.perf_counter() - began, "s", 3)
        api = KubeApi(Access(str(running.kubeconfig), "", scratch))
        children = Path("/proc/self/task").glob("*/children")
        launcher = next(int(pid) for file in children for pid in file.read_text().split())

        def are_ready(number: int) -> bool:
            return sum(map(ready, api.objects("v1", "Pod", "default"))) == number

        api.create(pod("first"))
        show("one pod Ready", until(lambda: are_ready(1)), "s")
        empty = memory(launcher)
        began = time.perf_counter()
        for number in range(count):
            api.create(pod(f"pod-{number}"))
        until(lambda: are_ready(count + 1))
        show(f"{count} pods Ready", time.perf_counter() - began, "s", 10 * count / 200)
        show("memory without pods", empty, "MB", places=0)
        show("memory of an idle pod", (memory(launcher) - empty) / count, "MB", 3)
        began = time.perf_counter()
        api.delete_all("v1", "Pod", "default", grace=1)
        until(lambda: are_ready(0) and not api.objects("v1", "Pod", "default"))
        show(f"{count + 1} pods gone", time.perf_counter() - began, "s")
        began = time.perf_counter()
    show("nothing left after", time.perf_counter() - began, "s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
