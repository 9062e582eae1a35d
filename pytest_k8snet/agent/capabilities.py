"""What this process may do with sockets, found by opening them."""

from __future__ import annotations

import socket

from .messages import open_icmp
from .sctp import PROTOCOL


def sctp_kind() -> str:
    """Return how SCTP can be done: "kernel", "raw" or ""."""
    if _opens(socket.AF_INET, socket.SOCK_STREAM, PROTOCOL):
        return "kernel"
    return "raw" if _opens(socket.AF_INET, socket.SOCK_RAW, PROTOCOL) else ""


def icmp_kind() -> str:
    """Return how ICMP can be done: "dgram", "raw" or ""."""
    try:
        sock, raw = open_icmp(socket.AF_INET)
    except OSError:
        return ""
    sock.close()
    return "raw" if raw else "dgram"


def can_capture() -> bool:
    """Whether packets of others can be seen."""
    return _opens(socket.AF_PACKET, socket.SOCK_RAW, 0)


def _opens(family: int, kind: int, protocol: int) -> bool:
    try:
        socket.socket(family, kind, protocol).close()
    except OSError:
        return False
    return True
