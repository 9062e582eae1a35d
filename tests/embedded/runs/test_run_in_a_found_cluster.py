"""In a cluster that a run has not made, nothing of it stays, or a sweep finds it; nothing else is touched."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from pytest_k8snet.kube import labels
from pytest_k8snet.kube.client import Access
from pytest_k8snet.run import Heartbeat
from tests.embedded.runs.conftest import Foreign, Start
from tests.embedded.runs.test_run_endings import SLOW_END
from tests.runs import LINGERS


@pytest.mark.parametrize("workers", ["-n0", pytest.param("-n2", marks=pytest.mark.slow)])
def test_ctrl_c_while_tests_run(start: Start, foreign: Foreign, workers: str) -> None:
    session = start(workers, foreign.option, "test_it.py", files={"test_it.py": LINGERS})
    session.wait_until_it_lingers()
    assert len(foreign.namespaces(session)) == 3  # the fleet, its hostNetwork pods, the test's own
    session.ctrl_c()
    assert session.finish() == 2
    assert foreign.namespaces(session) == []
    assert session.left() == []


@pytest.mark.slow
def test_ctrl_c_while_the_fleet_is_made(start: Start, foreign: Foreign) -> None:
    session = start("-n0", foreign.option, "test_it.py", files={"test_it.py": LINGERS})
    session.wait_for(lambda: "nodes take probe pods" in session.text and foreign.namespaces(session))
    session.ctrl_c()
    assert session.finish() == 2
    assert foreign.namespaces(session) == []
    assert session.left() == []


def test_ctrl_c_twice_says_what_is_left_and_a_sweep_removes_it(start: Start, foreign: Foreign) -> None:
    session = start("-n0", foreign.option, "test_it.py", files={"test_it.py": LINGERS, "conftest.py": SLOW_END})
    session.wait_until_it_lingers()
    session.ctrl_c()
    session.wait_for((session.folder / "ending").exists)
    session.ctrl_c()
    assert session.finish(seconds=20) == 2
    sweep = f"remove with: k8snet sweep --run {session.run_id}"
    assert f"left at once; not removed: the namespaces of run {session.run_id}; {sweep}" in session.text
    left = foreign.namespaces(session)
    assert left

    swept = session.sweep("--run", session.run_id)

    assert swept.returncode == 0
    assert [f"removed the namespace {name}" in swept.stdout for name in left] == [True] * len(left)
    assert foreign.namespaces(session) == []
    assert session.left() == []


def test_a_sweep_leaves_a_run_that_lives_alone(start: Start, foreign: Foreign) -> None:
    session = start("-n0", foreign.option, "test_it.py", files={"test_it.py": LINGERS})
    session.wait_until_it_lingers()
    before = foreign.namespaces(session)
    here = session.sweep("--all", f"--kubeconfig={foreign.kubeconfig}")
    session.temporary.rename(elsewhere := session.temporary.with_name("hidden"))
    session.temporary.mkdir()
    on_another_machine = session.sweep(f"--kubeconfig={foreign.kubeconfig}")
    session.temporary.rmdir()
    elsewhere.rename(session.temporary)
    assert [here.stdout, on_another_machine.stdout] == ["", ""]
    assert foreign.namespaces(session) == before
    session.go_on()
    assert session.finish() == 0
    assert session.left() == []


@pytest.mark.parametrize("workers", ["-n0", pytest.param("-n2", marks=pytest.mark.slow)])
def test_after_kill_9_a_sweep_removes_the_rest_and_only_that(start: Start, foreign: Foreign, workers: str) -> None:
    others = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "somebody-elses"}}
    foreign.api.create(others)
    try:
        session = start(workers, foreign.option, "test_it.py", files={"test_it.py": LINGERS})
        session.wait_until_it_lingers()
        session.signal(signal.SIGKILL)
        session.finish()
        assert session.left(patience=1 if workers == "-n0" else 25) != []
        assert session.sweep().returncode == 0
        assert foreign.namespaces(session) == []
        assert session.left() == []
        assert foreign.api.get("v1", "Namespace", "somebody-elses")["status"]["phase"] == "Active"
    finally:
        foreign.api.delete("v1", "Namespace", "somebody-elses")


def test_what_cannot_be_removed_is_said_also_with_q_and_stays_known(start: Start, foreign: Foreign) -> None:
    session = start("-n0", "-q", foreign.option, "test_it.py", files={"test_it.py": LINGERS})
    session.wait_until_it_lingers()
    hidden = foreign.kubeconfig.rename(foreign.kubeconfig.with_name("hidden"))
    try:
        session.go_on()
        assert session.finish() == 0
    finally:
        hidden.rename(foreign.kubeconfig)
    assert "not removed: its namespaces (the kubeconfig" in session.text
    assert "remove with: k8snet sweep --run" in session.text
    assert session.sweep().returncode == 0
    assert session.left() == []


def test_the_heart_renews_the_lease_of_each_namespace(foreign: Foreign, tmp_path: Path) -> None:
    names = ("beating-1", "beating-2")
    for name in names:
        foreign.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    heart = Heartbeat(Access(str(foreign.kubeconfig), "", tmp_path), every=0.05)
    heart.start((*names, ""))
    deadline = time.monotonic() + 20
    try:
        while any(labels.expired(foreign.api.get("v1", "Namespace", name)) for name in names):
            assert time.monotonic() < deadline
    finally:
        heart.stop()
        for name in names:
            foreign.api.delete("v1", "Namespace", name)
    assert heart.missed == []


def test_a_lease_that_cannot_be_renewed_is_noted(foreign: Foreign, tmp_path: Path) -> None:
    heart = Heartbeat(Access(str(foreign.kubeconfig), "", tmp_path), every=0.05)
    heart.start(("no-such-namespace",))
    deadline = time.monotonic() + 20
    while not heart.missed:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    heart.stop()
    assert "not found" in heart.missed[0]
