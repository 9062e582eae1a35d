"""A cluster made by kind for a run, from the node image K8SNET_TEST_KIND_IMAGE, is gone after it."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from pytest_k8snet.providers.kind import cluster_name
from tests.cluster.conftest import Start
from tests.runs import Session

OWN = {"test_it.py": "def test_it(k8snet_cluster):\n    assert len(k8snet_cluster.nodes) == 2\n"}


@pytest.fixture
def options() -> tuple[str, ...]:
    node, probe = os.environ.get("K8SNET_TEST_KIND_IMAGE", ""), os.environ.get("K8SNET_TEST_IMAGE", "")
    if not node or not probe:
        pytest.skip("no images for kind are named: K8SNET_TEST_KIND_IMAGE and K8SNET_TEST_IMAGE")
    return ("-n0", "--k8snet-provider=kind", f"--k8snet-kind-image={node}", f"--k8snet-image={probe}", "test_it.py")


def containers(session: Session) -> list[str]:
    command = ["docker", "ps", "--all", "--format={{.Names}}", f"--filter=name={cluster_name(session.run_id)}-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_a_cluster_is_made_used_and_deleted(start: Start, options: tuple[str, ...]) -> None:
    session = start(*options, files=OWN)
    session.wait_for("positive control", seconds=400)
    assert len(containers(session)) == 3
    assert session.finish() == 0
    assert containers(session) == []
    assert session.left() == []
    assert session.report["environment"]["provider"] == "kind"


def test_ctrl_c_in_the_middle_of_the_creation(start: Start, options: tuple[str, ...]) -> None:
    session = start(*options, files=OWN)
    session.wait_for(lambda: "makes the cluster" in session.text and containers(session))
    session.ctrl_c()
    assert session.finish() == 2
    assert containers(session) == []
    assert session.left() == []


def test_a_sweep_deletes_the_cluster_of_a_run_that_was_killed(start: Start, options: tuple[str, ...]) -> None:
    session = start(*options, files=OWN)
    session.wait_for(lambda: "makes the cluster" in session.text and len(containers(session)) == 3)
    session.signal(signal.SIGKILL)
    session.finish()
    swept = session.sweep()
    assert (swept.returncode, swept.stderr) == (0, "")
    assert f"removed the kind cluster {cluster_name(session.run_id)}" in swept.stdout
    assert containers(session) == []
    assert session.left(patience=30) == []
