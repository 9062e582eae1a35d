"""The ClusterRole of docs/rbac.yaml: with it the suites run; without one of its rules the preflight says which."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.conftest import Real, Start
from tests.runs import Session

ROLE: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "docs" / "rbac.yaml").read_text())
OWN = {"test_it.py": "def test_it(k8snet_cluster): pass\n"}


@contextmanager
def somebody(real: Real, rules: list[dict[str, Any]] | None) -> Iterator[str]:
    """Make a service account with these rules for the whole cluster, and give a kubeconfig for it."""
    name = f"k8snet-test-{secrets.token_hex(4)}"
    metadata = {"name": name}
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata | {"namespace": "default"}}
    group = "rbac.authorization.k8s.io"
    role = ROLE | {"metadata": metadata, "rules": rules}
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "default"}],
    }
    with real.made(account, *([role, binding] if rules is not None else [])):
        yield real.kubeconfig_with(real.token(name))


def options(real: Real) -> tuple[str, ...]:
    return ("--k8snet-kubeconfig=config", f"--k8snet-context={real.context}", real.image)


def refused(session: Session, real: Real) -> str:
    """Return the message with which a run ended, after seeing that nothing is left."""
    assert session.finish() == 4
    assert session.left() == []
    assert real.namespaces(session) == []
    return session.text[session.text.index("\nERROR: ") :]


def test_somebody_without_any_permission(start: Start, real: Real) -> None:
    with somebody(real, None) as config:
        message = refused(start("-n0", *options(real), "test_it.py", files=OWN | {"config": config}), real)
    assert "these credentials may not: create namespaces, delete namespaces" in message
    assert "kubectl apply -f docs/rbac.yaml" in message


def test_without_permission_to_exec(start: Start, real: Real) -> None:
    rules = [rule for rule in ROLE["rules"] if rule["resources"] != ["pods/exec"]]
    with somebody(real, rules) as config:
        message = refused(start("-n0", *options(real), "test_it.py", files=OWN | {"config": config}), real)
    assert "these credentials may not: create pods/exec, get pods/exec\n" in message


def test_credentials_that_have_expired(start: Start, real: Real) -> None:
    files = OWN | {"config": real.kubeconfig_with("of yesterday")}
    message = refused(start("-n0", *options(real), "test_it.py", files=files), real)
    assert "Unauthorized" in message
    assert "log in again" in message


@pytest.mark.parametrize("workers", ["-n2"])
def test_the_cluster_role_is_enough_for_the_suites(start: Start, real: Real, workers: str) -> None:
    with somebody(real, ROLE["rules"]) as config:
        session = start(workers, *options(real), files={"config": config})
        session.wait_for("positive control")
        assert session.finish() in (0, 1)  # a cluster that enforces no policies fails POLICY-001, whoever asks
    assert session.report["summary"]["error"] == 0
    assert session.report["summary"]["passed"] > 20
    assert session.left() == []
    assert real.namespaces(session) == []
