"""The Jobs: a server that serves one client at a time, and a client that does run after run. Pure.

A client reads what to run from a FIFO, so a run costs no start of a pod; what it prints stands in its Job's logs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pytest_k8snet.kube import labels, pods
from pytest_k8snet.kube.pods import PodRequest
from pytest_k8snet.options import Settings

Object = dict[str, Any]
Manifest = Callable[[str, str, PodRequest, Settings, str], Object]

CONTAINER = "iperf3"
FOLDER = "/runs"
FIFO = f"{FOLDER}/next"
LONGEST_LIFE = 6 * 3600
"""Seconds after which a Job ends by itself, should nobody have been able to remove it."""

READY, BEGIN, END = "k8snet: ready", "k8snet: begin", "k8snet: end"
LISTENING = "Server listening"
MISSING = 127

_DEMAND = 'command -v "$0" >/dev/null || { echo "k8snet: there is no $0 in this image"; exit 127; }'
SERVE = f'{_DEMAND}\nexec "$0" -s -p "$1" --forceflush'
RUN = f"""{_DEMAND}
mkfifo {FIFO} && echo "{READY} $("$0" --version | head -n 1)"
exec 3<>{FIFO}
while read -r number limit arguments <&3; do
  echo "{BEGIN} $number $0 $arguments"
  timeout -s INT "$limit" "$0" $arguments 2>&1 3<&-
  echo "{END} $number $?"
done"""
WRITE = f'printf "%s\\n" "$0" >{FIFO}'
"""What is exec'd in a client, with the line to write as its argument."""


def server(run_id: str, namespace: str, request: PodRequest, settings: Settings, program: str) -> Object:
    """Return the manifest of a server at the request's first port."""
    (port,) = request.containers[CONTAINER]
    return _job(run_id, namespace, request, settings, ["sh", "-c", SERVE, program, str(port)])


def client(run_id: str, namespace: str, request: PodRequest, settings: Settings, program: str) -> Object:
    """Return the manifest of a client."""
    return _job(run_id, namespace, request, settings, ["sh", "-c", RUN, program])


def _job(run_id: str, namespace: str, request: PodRequest, settings: Settings, command: list[str]) -> Object:
    pod = pods.probe_pod(run_id, namespace, request, settings)
    spec = pod["spec"] | {"restartPolicy": "Never"}
    spec["containers"] = [_container(one, command) for one in spec["containers"]]
    spec["volumes"] = [*spec["volumes"], {"name": "runs", "emptyDir": {}}]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": request.name, "namespace": namespace, "labels": {labels.RUN: run_id}},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": LONGEST_LIFE,
            "template": {"metadata": {"labels": pod["metadata"]["labels"]}, "spec": spec},
        },
    }


def _container(probe: Mapping[str, Any], command: list[str]) -> Object:
    mounts = [*probe["volumeMounts"], {"name": "runs", "mountPath": FOLDER}]
    return {**probe, "command": command, "volumeMounts": mounts}
