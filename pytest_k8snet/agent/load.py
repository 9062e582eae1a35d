"""Load by a timetable: requests go out when they are due, whether or not earlier ones were answered (open loop).

A client that waits for an answer before it asks again leaves out what would have been slow ("coordinated omission").
Here nothing waits for the network. What does hold this process up is the processor: how long it waited for that is read
from the kernel (``/proc/thread-self/schedstat``), and what was received after such a wait is not counted as the
network's time.
"""

from __future__ import annotations

import os
import selectors
import time
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .histogram import GROWTH, Histogram

STALL, STALL_PART = 500_000, 10
"""A time that was measured is not the network's when the process waited for its processor so many nanoseconds before
the answer was read, and this is more than a tenth of it: what took seconds took seconds all the same.
"""

_SECOND = 1_000_000_000


class Timetable(NamedTuple):
    """``number`` requests, ``rate`` of them in a second; each has ``timeout`` seconds to be answered."""

    rate: float
    number: int
    timeout: float

    def due(self, request: int) -> int:
        """Return when a request is due, in nanoseconds since the first."""
        return int(request * _SECOND / self.rate)


class Traffic:
    """How one kind of request is sent and how its answer is known; sockets are registered with ``selector``."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self.selector = selector

    def send(self, number: int) -> str:
        """Send a request without waiting; return "" or why it could not be sent."""
        raise NotImplementedError

    def receive(self, key: selectors.SelectorKey) -> List[Tuple[int, str]]:
        """Take what came on a socket: the numbers of the requests that ended, each with "" or what went wrong."""
        raise NotImplementedError

    def give_up(self, number: int) -> None:
        """Forget a request that was not answered in its time."""

    def close(self) -> None:
        """Close all sockets."""
        close(self.selector)


def close(selector: selectors.BaseSelector) -> None:
    """Close a selector, and the sockets that are registered with it."""
    for key in list(selector.get_map().values()):
        key.fileobj.close()  # type: ignore[union-attr]
    selector.close()


class Load:
    """Carries out a timetable, in the thread that calls ``run``."""

    def __init__(self, traffic: Traffic, table: Timetable) -> None:
        self._traffic = traffic
        self._table = table
        self._processor = Processor()
        self._histogram = Histogram()
        self._pending: Dict[int, int] = {}  # by the number of the request: when it was sent; the oldest is first
        self._errors: Dict[str, int] = {}
        self._lost = self._void = self._sent = 0
        self._latest = 0
        self._began = self._last = 0

    def run(self) -> Dict[str, Any]:
        """Send and receive until all is answered or out of time, and return what was measured."""
        try:
            self._began = time.monotonic_ns()
            while self._sent < self._table.number or self._pending:
                self._send_what_is_due()
                events = self._traffic.selector.select(self._seconds_to_wait())
                now = time.monotonic_ns()
                held_up = self._processor.waited()
                for key, _ in events:
                    for number, error in self._traffic.receive(key):
                        self._ended(number, error, now, held_up)
                self._give_up(now)
            return self._report()
        finally:
            self._traffic.close()
            self._processor.close()

    def _send_what_is_due(self) -> None:
        while self._sent < self._table.number:
            now = time.monotonic_ns()
            late = now - self._began - self._table.due(self._sent)
            if late < 0:
                return
            self._latest = max(self._latest, late)
            number, self._sent, self._last = self._sent, self._sent + 1, now
            self._pending[number] = now
            if error := self._traffic.send(number):
                self._ended(number, error, now, 0)

    def _seconds_to_wait(self) -> float:
        now = time.monotonic_ns()
        moments = []
        if self._sent < self._table.number:
            moments.append(self._began + self._table.due(self._sent))
        if self._pending:
            moments.append(next(iter(self._pending.values())) + self._timeout)
        return max(min(moments, default=now) - now, 0) / _SECOND

    @property
    def _timeout(self) -> int:
        return int(self._table.timeout * _SECOND)

    def _ended(self, number: int, error: str, now: int, held_up: int) -> None:
        sent = self._pending.pop(number, None)
        if sent is None:
            return  # its time was over, or it is answered twice
        if error:
            self._errors[error] = self._errors.get(error, 0) + 1
        elif held_up > max(STALL, (now - sent) // STALL_PART):
            self._void += 1
        else:
            self._histogram.add(now - sent)

    def _give_up(self, now: int) -> None:
        while self._pending:
            number, sent = next(iter(self._pending.items()))
            if now - sent < self._timeout:
                return
            del self._pending[number]
            self._traffic.give_up(number)
            self._lost += 1

    def _report(self) -> Dict[str, Any]:
        """``void``: answered, but this process had no processor; ``late``: by how much the latest was sent late."""
        seconds = max(self._last - self._began, 1) / _SECOND
        return {
            "growth": GROWTH,
            "buckets": self._histogram.buckets(),
            "sent": self._sent,
            "lost": self._lost,
            "void": self._void,
            "errors": self._errors,
            "rate": round((self._sent - 1) / seconds, 3) if self._sent > 1 else 0.0,
            "late": self._latest / _SECOND,
            "waited": self._processor.total() / _SECOND,
        }


class Processor:
    """How long this thread was ready to run and had no processor; always 0 where the kernel does not tell."""

    def __init__(self) -> None:
        self._file: Optional[int] = None
        try:
            self._file = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
            self._first = self._before = self._read()
        except (OSError, ValueError, IndexError):
            self.close()
            self._first = self._before = 0

    def waited(self) -> int:
        """Return the nanoseconds of waiting since the last call."""
        before, self._before = self._before, self._read()
        return self._before - before

    def total(self) -> int:
        """Return the nanoseconds of waiting until the last call."""
        return self._before - self._first

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _read(self) -> int:
        return int(os.pread(self._file, 128, 0).split()[1]) if self._file is not None else 0
