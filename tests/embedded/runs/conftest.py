"""Whole runs: with an embedded cluster of their own, or with one that they find."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_k8snet.embedded import Running
from pytest_k8snet.kube import labels
from pytest_k8snet.kube.client import KubeApi
from pytest_k8snet.kube.exec import IoLoop
from tests.runs import Session

Start = Callable[..., Session]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start pytest with the plugin: ``start(*arguments, files={name: text}, prefix=(command...))``."""
    sessions: list[Session] = []

    def begin(*arguments: str, files: Mapping[str, str] | None = None, prefix: Sequence[str] = ()) -> Session:
        sessions.append(Session(tmp_path / f"run-{len(sessions)}", *arguments, files=files or {}, prefix=prefix))
        return sessions[-1]

    yield begin
    for session in sessions:
        session.kill()


class Foreign:
    """A cluster that a run finds."""

    def __init__(self, kubeconfig: Path, api: KubeApi) -> None:
        self.kubeconfig = kubeconfig
        self.api = api
        self.option = f"--k8snet-kubeconfig={kubeconfig}"

    def namespaces(self, session: Session) -> list[str]:
        """The names of a run's namespaces."""
        found: list[dict[str, Any]] = self.api.objects("v1", "Namespace", labels=f"{labels.RUN}={session.run_id}")
        return [namespace["metadata"]["name"] for namespace in found]

    def set_conditions(self, node: str, conditions: list[dict[str, Any]]) -> None:
        """Replace a node's conditions."""
        path = f"/api/v1/nodes/{node}/status"
        self.api._client().request(
            "PATCH", path, body={"status": {"conditions": conditions}}, content_type="application/merge-patch+json"
        )


@pytest.fixture
def foreign(embedded: Running, connection: tuple[KubeApi, IoLoop]) -> Foreign:
    return Foreign(embedded.kubeconfig, connection[0])
