"""Whose turn the network is."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pytest_k8snet.turns import Turns

PATIENCE = 10


@pytest.fixture
def turns(tmp_path: Path) -> Turns:
    return Turns(tmp_path)


class Waiter(threading.Thread):
    """Waits for a turn in the background."""

    def __init__(self, turns: Turns, how: str) -> None:
        super().__init__(daemon=True)
        self._turn = turns.alone() if how == "alone" else turns.beside_others()
        self.got, self.leave = threading.Event(), threading.Event()
        self.start()

    def run(self) -> None:
        with self._turn:
            self.got.set()
            self.leave.wait(PATIENCE)

    def waits(self) -> bool:
        return not self.got.wait(0.1)

    def end(self) -> None:
        self.leave.set()
        self.join(PATIENCE)


def test_many_use_the_network_beside_each_other(turns: Turns) -> None:
    with turns.beside_others():
        other = Waiter(turns, "beside")
        assert other.got.wait(PATIENCE)
        other.end()


def test_who_measures_waits_for_everybody_and_keeps_others_out(turns: Turns) -> None:
    with turns.beside_others():
        measuring = Waiter(turns, "alone")
        assert measuring.waits()
    assert measuring.got.wait(PATIENCE)
    others = [Waiter(turns, "beside"), Waiter(turns, "alone")]
    assert all(other.waits() for other in others)
    measuring.end()
    for other in others:
        other.leave.set()
    assert all(other.got.wait(PATIENCE) for other in others)


def test_who_comes_after_one_that_waits_to_measure_does_not_go_before(turns: Turns) -> None:
    with turns.beside_others():
        measuring = Waiter(turns, "alone")
        assert measuring.waits()
        later = Waiter(turns, "beside")
        assert later.waits()
    assert measuring.got.wait(PATIENCE)
    assert later.waits()
    measuring.end()
    assert later.got.wait(PATIENCE)
    later.end()


def test_the_turn_of_a_process_that_was_killed_is_free_again(turns: Turns, tmp_path: Path) -> None:
    code = (
        "import sys, time, pathlib; from pytest_k8snet.turns import Turns\n"
        "with Turns(pathlib.Path(sys.argv[1])).alone(): print('mine', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "mine\n"
        other = Waiter(turns, "beside")
        assert other.waits()
        holder.kill()
        assert other.got.wait(PATIENCE)
        other.end()
