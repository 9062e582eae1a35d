"""However a run with a cluster of its own ends, nothing of it is left on the machine, and its report is valid."""

from __future__ import annotations

import os
import signal

import pytest

from tests.embedded.runs.conftest import Start
from tests.runs import LINGERS

SMALL = ("--k8snet-embedded-nodes=1", "test_it.py")
# What the plugin's own end waits for.
SLOW_END = """
import pathlib, time
def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        pathlib.Path("ending").touch()
        while not pathlib.Path("end").exists():
            time.sleep(0.01)
"""

STARTING, FLEET = "starting the embedded cluster", "nodes take probe pods"


def test_success(start: Start) -> None:
    session = start("-n0", *SMALL, files={"test_it.py": LINGERS})
    session.wait_until_it_lingers()
    session.go_on()
    assert session.finish() == 0
    assert session.left() == []
    assert session.report["exit_status"] == 0
    assert session.report["other"]["passed"] == 2


@pytest.mark.slow
def test_failure_in_a_worker(start: Start) -> None:
    session = start("-n2", *SMALL, files={"test_it.py": LINGERS + "    assert False\n"})
    session.wait_until_it_lingers()
    session.go_on()
    assert session.finish() == 1
    assert session.left() == []
    assert session.report["exit_status"] == 1


@pytest.mark.parametrize("workers", [pytest.param("-n0", marks=pytest.mark.slow), "-n2"])
def test_ctrl_c_while_tests_run(start: Start, workers: str) -> None:
    session = start(workers, *SMALL, files={"test_it.py": LINGERS})
    session.wait_until_it_lingers()
    session.ctrl_c()
    assert session.finish() == 2
    assert session.left() == []
    assert session.report["exit_status"] == 2
    assert "cleaned up" in session.text


@pytest.mark.parametrize("stage", [pytest.param(STARTING, marks=pytest.mark.slow), FLEET])
@pytest.mark.parametrize("workers", ["-n0", pytest.param("-n2", marks=pytest.mark.slow)])
def test_ctrl_c_before_the_tests(start: Start, workers: str, stage: str) -> None:
    session = start(workers, *SMALL, files={"test_it.py": LINGERS})
    session.wait_for(stage)
    session.ctrl_c()
    assert session.finish() == 2
    assert session.left() == []
    assert session.report["exit_status"] == 2


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0.05 * step for step in range(1, 25)])
def test_ctrl_c_at_any_moment(start: Start, delay: float) -> None:
    session = start("-n0", *SMALL, files={"test_it.py": LINGERS})
    session.wait_for("test session starts")
    with pytest.raises(AssertionError, match=r"no .* in"):
        session.wait_for("this is never said", seconds=delay)
    session.ctrl_c()
    assert session.finish() == 2
    assert session.left() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.slow)])
def test_a_signal_to_pytest_alone_is_like_ctrl_c(start: Start, number: signal.Signals) -> None:
    session = start("-n0", *SMALL, files={"test_it.py": LINGERS})
    session.wait_until_it_lingers()
    session.signal(number)
    assert session.finish() == 2
    assert session.left() == []
    assert f"ended by {number.name}" in session.text
    assert session.report["exit_status"] == 2


@pytest.mark.slow
def test_sigterm_to_pytest_and_its_workers(start: Start) -> None:
    session = start("-n2", *SMALL, files={"test_it.py": LINGERS})
    session.wait_until_it_lingers()
    session.signal(signal.SIGTERM, to_all=True)
    assert session.finish() == 2
    assert session.left() == []


def test_sigterm_before_there_is_a_cluster(start: Start) -> None:
    session = start("-n0", *SMALL, files={"test_it.py": "import time\ntime.sleep(60)\n"})
    session.wait_for(lambda: [*session.temporary.rglob("lock")])
    session.signal(signal.SIGTERM)
    assert session.finish() == 2
    assert session.left() == []


@pytest.mark.slow
def test_a_process_that_ignores_sighup_goes_on(start: Start) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # inherited, as from nohup
    try:
        session = start("-n0", *SMALL, files={"test_it.py": LINGERS})
    finally:
        signal.signal(signal.SIGHUP, before)
    session.wait_until_it_lingers()
    session.signal(signal.SIGHUP)
    session.go_on()
    assert session.finish() == 0


@pytest.mark.parametrize("workers", ["-n0", pytest.param("-n2", marks=pytest.mark.slow)])
def test_ctrl_c_twice_ends_at_once(start: Start, workers: str) -> None:
    session = start(workers, *SMALL, files={"test_it.py": LINGERS, "conftest.py": SLOW_END})
    session.wait_until_it_lingers()
    session.ctrl_c()
    session.wait_for((session.folder / "ending").exists)
    session.ctrl_c()
    assert session.finish(seconds=20) == 2
    assert "k8snet: left at once\n" in session.text
    assert "Traceback" not in session.text
    assert session.left(patience=25 if workers == "-n2" else 2) == []


def test_ctrl_c_once_lets_the_clean_up_finish(start: Start) -> None:
    session = start("-n0", *SMALL, files={"test_it.py": LINGERS, "conftest.py": SLOW_END})
    session.wait_until_it_lingers()
    session.go_on()
    session.wait_for((session.folder / "ending").exists)
    session.ctrl_c()
    session.wait_for("press Ctrl-C again to leave at once")
    session.signal(signal.SIGTERM)  # says the same; only Ctrl-C is a person who will not wait
    (session.folder / "end").touch()
    assert session.finish() == 0
    assert session.left() == []


@pytest.mark.parametrize("end", [pytest.param("os._exit(3)", marks=pytest.mark.slow), "os.kill(os.getpid(), 9)"])
def test_a_dead_worker_is_no_verdict_and_the_others_go_on(start: Start, end: str) -> None:
    dies = f"import os\nimport pytest\ndef test_dies(k8snet_namespace):\n    {end}\n"
    lives = "@pytest.mark.parametrize('number', range(4))\ndef test_lives(k8snet_cluster, number):\n    pass\n"
    session = start("-n2", *SMALL, files={"test_it.py": dies + lives})
    session.wait_for("positive control")
    assert session.finish() == 3
    assert session.left() == []
    assert session.report["other"] | {"passed": 4, "error": 1, "failed": 0} == session.report["other"]


@pytest.mark.parametrize("workers", ["-n0", pytest.param("-n2", marks=pytest.mark.slow)])
def test_after_kill_9_a_sweep_removes_what_the_end_of_the_process_does_not(start: Start, workers: str) -> None:
    session = start(workers, *SMALL, files={"test_it.py": LINGERS})
    session.wait_until_it_lingers()
    session.signal(signal.SIGKILL)
    assert session.finish() == -9
    # The workers see that the controller is gone, but a test that runs gets some seconds to end.
    left = session.left(patience=25 if workers == "-n2" else 5)
    assert [entry for entry in left if not entry.startswith("file")] == []
    swept = session.sweep()
    assert (swept.returncode, swept.stderr) == (0, "")
    assert f"removed {session.temporary}/k8snet-{os.getuid()}/{session.run_id}" in swept.stdout
    assert session.left() == []
