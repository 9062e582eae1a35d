"""A cluster as the scenario uses it: by kubectl and by requests to its API."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes import client

from pytest_k8snet.kube.access import Access

SECONDS = 60.0
CONTROL_PLANE = "node-role.kubernetes.io/control-plane"


class NoKubectl(Exception):
    """There is no kubectl on this machine."""


@dataclass(frozen=True)
class Answer:
    """What the API answered: ``body`` is decoded JSON, the list of a watch's events, or text."""

    status: int
    body: Any
    warnings: list[str]


class Cluster:
    """One cluster. ``image`` is that of its pods, ``scratch`` a folder for kubectl's and the client's files."""

    def __init__(self, kubeconfig: str, context: str, image: str, scratch: Path) -> None:
        self.image = image
        program = shutil.which("kubectl")
        if program is None:
            raise NoKubectl("kubectl is not installed: see https://kubernetes.io/docs/tasks/tools/")
        chosen = [f"--context={context}"] if context else []
        self._kubectl = [program, f"--kubeconfig={kubeconfig}", f"--cache-dir={scratch / 'kubectl-cache'}", *chosen]
        self._configuration = Access(kubeconfig, context, scratch).configuration()
        self._pool = client.ApiClient(self._configuration).rest_client.pool_manager
        self.nodes = self._nodes()

    def version(self) -> str:
        """Return the version of the API, such as "v1.34.4"."""
        return str(self.request("GET", "/version").body["gitVersion"])

    def _nodes(self) -> list[str]:
        """The names of the nodes that take pods, and then of the others."""
        nodes = self.request("GET", "/api/v1/nodes").body["items"]
        nodes.sort(key=lambda node: (CONTROL_PLANE in node["metadata"]["labels"], node["metadata"]["name"]))
        return [node["metadata"]["name"] for node in nodes]

    def kubectl(self, namespace: str, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run kubectl in a namespace."""
        command = [*self._kubectl, f"--namespace={namespace}", *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=SECONDS, check=False)

    def request(
        self, method: str, path: str, body: bytes | None = None, *, type: str = "", accept: str = "application/json"
    ) -> Answer:
        """Send one request to the API."""
        headers = {"Accept": accept, "User-Agent": "comparison/1"} | ({"Content-Type": type} if type else {})
        if token := self._configuration.auth_settings().get("BearerToken", {}).get("value"):
            headers["Authorization"] = token
        answer = self._pool.request(
            method, self._configuration.host + path, body=body, headers=headers, timeout=SECONDS, retries=False
        )
        return Answer(answer.status, _decoded(answer.data.decode()), answer.headers.getlist("Warning"))

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        pass
    try:
        return [json.loads(line) for line in text.splitlines()]
    except json.JSONDecodeError:
        return text
