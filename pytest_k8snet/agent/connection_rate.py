"""New TCP connections per second: some at a time, each followed by the next, up to a number that harms nobody.

The number is bounded by what a host has of ephemeral ports and of entries for connections, which others need as well;
each connection is reset at once, so that it keeps neither for minutes.
"""

from __future__ import annotations

import contextlib
import pathlib
import selectors
import socket
import time
from typing import Any, Dict

from .load import Processor, close
from .target import Target
from .traffic import begin, name_of

_SHARE = 8  # of ephemeral ports and of the room for connections, this part is used at most
_PORTS = "/proc/sys/net/ipv4/ip_local_port_range"
_CONNECTIONS = "/proc/sys/net/netfilter/nf_conntrack_max"


def most_connections() -> int:
    """Return how many connections may be opened in one measurement, by the limits of this network namespace."""
    low, high = (int(word) for word in pathlib.Path(_PORTS).read_text().split())
    most = high - low
    with contextlib.suppress(OSError, ValueError):  # without connection tracking here there is no such limit
        most = min(most, int(pathlib.Path(_CONNECTIONS).read_text()))
    return max(most // _SHARE, 1)


def connection_rate(target: Target, seconds: float, at_once: int, most: int) -> Dict[str, Any]:
    """Open connections, ``at_once`` at a time, for some seconds or until there were ``most``.

    Return how many were opened in how many seconds, how many of these this thread computed (``busy``) or waited for the
    processor (``waited``), and what went wrong by its name.
    """
    opener, processor = _Opener(target, min(most, most_connections())), Processor()
    started, computing = time.monotonic(), time.thread_time()
    try:
        opener.run(started + seconds, at_once)
        elapsed, busy = time.monotonic() - started, time.thread_time() - computing
        processor.waited()
        waited = processor.total() / 1e9
    finally:
        close(opener.selector)
        processor.close()
    return {**opener.report(), "seconds": elapsed, "busy": busy, "waited": waited}


class _Opener:
    """Opens connections to one target, at most ``bound``."""

    def __init__(self, target: Target, bound: int) -> None:
        self.selector = selectors.DefaultSelector()
        self._target = target
        self._bound = bound
        self._begun = self._opened = 0
        self._errors: Dict[str, int] = {}

    def run(self, ends: float, at_once: int) -> None:
        """Go on until a time of the monotonic clock, or until there were enough."""
        while self._begun < self._bound or self.selector.get_map():
            left = ends - time.monotonic()
            if left <= 0:
                return
            while self._begun < self._bound and len(self.selector.get_map()) < at_once:
                self._begin()
            for key, _ in self.selector.select(left):
                self._end(key.fileobj)

    def report(self) -> Dict[str, Any]:
        """Return what was opened, what was allowed, and what went wrong."""
        return {"opened": self._opened, "bound": self._bound, "errors": self._errors}

    def _begin(self) -> None:
        sock = socket.socket(self._target.family, socket.SOCK_STREAM)
        self._begun += 1
        if number := begin(sock, self._target):
            self._failed(number)
            sock.close()
        else:
            self.selector.register(sock, selectors.EVENT_WRITE)

    def _end(self, sock: Any) -> None:
        number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self.selector.unregister(sock)
        sock.close()
        if number:
            self._failed(number)
        else:
            self._opened += 1

    def _failed(self, number: int) -> None:
        name = name_of(number)
        self._errors[name] = self._errors.get(name, 0) + 1
