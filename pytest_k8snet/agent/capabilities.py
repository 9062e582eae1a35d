"""What this process may do with sockets, found by opening them."""

from __future__ import annotations

import socket
from typing import Any

from .messages import open_icmp
from .ports import IPPROTO_SCTP, kernel_has_sctp


def capabilities() -> dict[str, Any]:
    """Return how SCTP ("kernel", "raw", "") and ICMP ("dgram", "raw", "") are done, and whether packets can be seen."""
    return {"sctp": _sctp(), "icmp": _icmp(), "capture": _opens(socket.AF_PACKET, socket.SOCK_RAW, 0)}


def _sctp() -> str:
    if kernel_has_sctp():
        return "kernel"
    return "raw" if _opens(socket.AF_INET, socket.SOCK_RAW, IPPROTO_SCTP) else ""


def _icmp() -> str:
    try:
        sock, raw = open_icmp(socket.AF_INET)
    except OSError:
        return ""
    sock.close()
    return "raw" if raw else "dgram"


def _opens(family: int, kind: int, protocol: int) -> bool:
    try:
        socket.socket(family, kind, protocol).close()
    except OSError:
        return False
    return True
