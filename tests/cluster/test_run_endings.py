"""However a run ends, nothing of it is left in a real cluster, or a sweep removes it."""

from __future__ import annotations

import signal

import pytest

from tests.cluster.conftest import Real, Start
from tests.harm import HARM, see_that_harm_gives_no_wrong_verdict
from tests.runs import LINGERS

PROJECT = {"test_it.py": LINGERS}


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_success(start: Start, real: Real, workers: str) -> None:
    session = start(workers, *real.options, "test_it.py", files=PROJECT)
    session.wait_until_it_lingers()
    assert len(real.namespaces(session)) == 3
    session.go_on()
    assert session.finish() == 0
    assert real.namespaces(session) == []
    assert session.left() == []
    assert session.report["exit_status"] == 0


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_ctrl_c_while_tests_run(start: Start, real: Real, workers: str) -> None:
    session = start(workers, *real.options, "test_it.py", files=PROJECT)
    session.wait_until_it_lingers()
    session.ctrl_c()
    assert session.finish() == 2
    assert real.namespaces(session) == []
    assert session.left() == []
    assert session.report["exit_status"] == 2


def test_ctrl_c_while_the_fleet_is_made(start: Start, real: Real) -> None:
    session = start("-n0", *real.options, "test_it.py", files=PROJECT)
    session.wait_for(lambda: "nodes take probe pods" in session.text and real.namespaces(session))
    session.ctrl_c()
    assert session.finish() == 2
    assert real.namespaces(session) == []
    assert session.left() == []


def test_ctrl_c_in_the_clean_up_lets_it_finish(start: Start, real: Real) -> None:
    session = start("-n0", *real.options, "test_it.py", files=PROJECT)
    session.wait_until_it_lingers()
    session.go_on()
    session.wait_for("cleaning up\n")
    session.ctrl_c()
    assert session.finish() == 0
    assert "press Ctrl-C again to leave at once" in session.text
    assert real.namespaces(session) == []
    assert session.left() == []


def test_a_dead_worker(start: Start, real: Real) -> None:
    dies = "import os\ndef test_dies(k8snet_namespace):\n    os.kill(os.getpid(), 9)\n"
    dies += "def test_lives(k8snet_cluster): pass\n"
    session = start("-n2", *real.options, "test_it.py", files={"test_it.py": dies})
    assert session.finish() == 3
    assert session.report["other"]["passed"] == 1
    assert real.namespaces(session) == []
    assert session.left() == []


@pytest.mark.parametrize("end", ["ctrl-c twice", "kill -9"])
def test_a_sweep_removes_what_an_end_at_once_leaves(start: Start, real: Real, end: str) -> None:
    session = start("-n0", *real.options, "test_it.py", files=PROJECT)
    session.wait_until_it_lingers()
    if end == "kill -9":
        session.signal(signal.SIGKILL)
    else:
        session.ctrl_c()
        session.wait_for("cleaning up\n")
        session.ctrl_c()
    assert session.finish(seconds=20) == (-9 if end == "kill -9" else 2)
    assert real.namespaces(session)
    assert session.sweep("--run", session.run_id).returncode == 0
    assert real.namespaces(session) == []
    assert session.left() == []


def test_harm_to_pods_in_the_middle_gives_no_wrong_verdict(start: Start, real: Real) -> None:
    session = start("-n0", *real.options, "test_it.py", files={"test_it.py": HARM})
    assert session.finish() == 3
    see_that_harm_gives_no_wrong_verdict(session)
    assert real.namespaces(session) == []
