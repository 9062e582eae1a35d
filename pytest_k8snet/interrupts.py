"""Ctrl-C, SIGTERM and SIGHUP in the process that owns a run.

Once: the tests end and everything is removed, also when it comes while that is being done. Ctrl-C a second time: the
process ends at once. Python knows only the first of the three, and pytest runs no teardown on the others
(pytest-dev/pytest#5243), which is how CI systems cancel and terminals close.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """Watches the signals from ``watch`` to ``restore``. To be registered with pytest, which tells when the end begins.

    ``leave`` is called when the process is to end at once; it does what takes no time and returns what is left.
    """

    def __init__(self, leave: Callable[[], str]) -> None:
        self._leave = leave
        self._before: dict[signal.Signals, Any] = {}
        self._raised = False
        self._held = False
        self._interrupted = False

    def watch(self) -> None:
        """Handle the signals from now on, save those that this process was told to ignore (nohup)."""
        if threading.current_thread() is not threading.main_thread():
            return  # only the main thread may set handlers, and pytest was called from another
        for number in SIGNALS:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                self._before[number] = signal.signal(number, self._handle)

    def restore(self) -> None:
        """Put back what was there before."""
        while self._before:
            signal.signal(*self._before.popitem())

    def hold(self) -> None:
        """From now on let the clean-up come to its end."""
        self._held = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self) -> None:
        """Note that the session ends by what we raised, if so: a debugger takes Ctrl-C and goes on."""
        self._interrupted = self._raised
        self.hold()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Let also the other plugins finish. What -x ended was not interrupted, as which xdist gives it out."""
        self.hold()
        if session.exitstatus == pytest.ExitCode.INTERRUPTED and session.shouldfail and not self._raised:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self._held:
            self._raised = True
            raise KeyboardInterrupt(*([] if number == signal.SIGINT else [f"ended by {signal.Signals(number).name}"]))
        if self._interrupted and number == signal.SIGINT:
            self._exit()
        self._interrupted = True
        _tell("cleaning up first; press Ctrl-C again to leave at once")

    def _exit(self) -> None:
        left = self._leave()
        _tell("left at once" + (f"; {left}" if left else ""))
        try:
            sys.stdout.flush()
        except (OSError, RuntimeError):  # closed, or the signal came in the middle of a write
            _tell("the last lines of the output may be missing")
        os._exit(pytest.ExitCode.INTERRUPTED)


def _tell(text: str) -> None:
    # Not through pytest's reporter: a signal may come in the middle of one of its writes.
    os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, f"\nk8snet: {text}\n".encode())
