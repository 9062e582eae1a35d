"""A real cluster: the context K8SNET_TEST_CONTEXT of the kubeconfig, with the probe image K8SNET_TEST_IMAGE."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_k8snet.kube import labels
from pytest_k8snet.kube.access import Access
from pytest_k8snet.kube.client import KubeApi
from tests.runs import Session

Start = Callable[..., Session]
Object = dict[str, Any]


class Real:
    """The cluster, as its administrator sees it."""

    def __init__(self, kubeconfig: str, context: str, image: str, scratch: Path) -> None:
        self.kubeconfig = kubeconfig
        self.context = context
        self.image = f"--k8snet-image={image}"
        self.options = (f"--k8snet-kubeconfig={kubeconfig}", f"--k8snet-context={context}", self.image)
        self.api = KubeApi(Access(kubeconfig, context, scratch))

    def namespaces(self, session: Session) -> list[str]:
        """The names of a run's namespaces."""
        found: list[Object] = self.api.objects("v1", "Namespace", labels=f"{labels.RUN}={session.run_id}")
        return [namespace["metadata"]["name"] for namespace in found]

    @contextmanager
    def made(self, *objects: Object) -> Iterator[None]:
        """Make objects of the cluster, and delete them on leaving."""
        try:
            for obj in objects:
                self.api.create(obj)
            yield
        finally:
            for obj in reversed(objects):
                metadata = obj["metadata"]
                self.api.delete(obj["apiVersion"], obj["kind"], metadata["name"], metadata.get("namespace"))

    def token(self, account: str) -> str:
        """Return a token of a service account in the namespace default."""
        path = f"/api/v1/namespaces/default/serviceaccounts/{account}/token"
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        answer = self.api._client().request("POST", path, body=body, serialize=False)
        return str(json.loads(answer.data)["status"]["token"])

    def kubeconfig_with(self, token: str) -> str:
        """Return the text of a kubeconfig for the same cluster, with a token and nothing else to show."""
        config = yaml.safe_load(Path(self.kubeconfig).read_text())
        chosen = next(context["context"] for context in config["contexts"] if context["name"] == self.context)
        config["users"] = [{"name": chosen["user"], "user": {"token": token}}]
        return yaml.safe_dump(config)


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    context, image = os.environ.get("K8SNET_TEST_CONTEXT", ""), os.environ.get("K8SNET_TEST_IMAGE", "")
    if not context or not image:
        pytest.skip("no cluster is named: K8SNET_TEST_CONTEXT and K8SNET_TEST_IMAGE")
    kubeconfig = os.environ.get("KUBECONFIG") or os.path.expanduser("~/.kube/config")
    made = Real(kubeconfig, context, image, tmp_path_factory.mktemp("real"))
    yield made
    made.api.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start pytest with the plugin: ``start(*arguments, files={name: text})``."""
    sessions: list[Session] = []

    def begin(*arguments: str, files: Mapping[str, str] | None = None, prefix: Sequence[str] = ()) -> Session:
        sessions.append(Session(tmp_path / f"run-{len(sessions)}", *arguments, files=files or {}, prefix=prefix))
        return sessions[-1]

    yield begin
    for session in sessions:
        session.kill()
