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
    bound = min(most, most_connections())
    selector, processor = selectors.DefaultSelector(), Processor()
    errors: Dict[str, int] = {}
    opened = begun = 0
    started, computing = time.monotonic(), time.thread_time()
    try:
        while begun < bound or selector.get_map():
            now = time.monotonic()
            if now - started >= seconds:
                break
            while begun < bound and len(selector.get_map()) < at_once:
                sock = socket.socket(target.family, socket.SOCK_STREAM)
                begun += 1
                if number := begin(sock, target):
                    errors[name_of(number)] = errors.get(name_of(number), 0) + 1
                    sock.close()
                    continue
                selector.register(sock, selectors.EVENT_WRITE)
            for key, _ in selector.select(max(started + seconds - now, 0)):
                done: Any = key.fileobj
                number = done.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                selector.unregister(done)
                done.close()
                opened += not number
                if number:
                    errors[name_of(number)] = errors.get(name_of(number), 0) + 1
        elapsed, busy = time.monotonic() - started, time.thread_time() - computing
        processor.waited()
        return {
            "opened": opened,
            "seconds": elapsed,
            "bound": bound,
            "errors": errors,
            "busy": busy,
            "waited": processor.total() / 1e9,
        }
    finally:
        close(selector)
        processor.close()
