"""Who this agent is: what every server answer carries."""

from __future__ import annotations

import os
import secrets
import socket
import time
from typing import Any

from . import lines, netlink

_ADDRESSES_AGE = 1.0
_MOST_ADDRESSES = 32


class Identity:
    """The pod, node and addresses of this process. ``instance`` is random, so that a restart is seen."""

    def __init__(self) -> None:
        self.pod = os.environ.get("K8SNET_POD") or socket.gethostname()
        self.namespace = os.environ.get("K8SNET_NAMESPACE", "")
        self.node = os.environ.get("K8SNET_NODE", "")
        self.instance = secrets.token_hex(6)
        self._addresses: list[str] = []
        self._read = float("-inf")

    def addresses(self) -> list[str]:
        """Return the global addresses of the interfaces, at most a second old: they change under a running agent."""
        if time.monotonic() - self._read > _ADDRESSES_AGE:
            self._addresses = [entry["address"] for entry in netlink.addresses() if entry["scope"] == "global"]
            self._read = time.monotonic()
        return self._addresses

    def answer(self, request: dict[str, Any], source: str, source_port: int) -> bytes:
        """Return the line that answers a request: this identity, the nonce and the client as it is seen here."""
        message = {
            "nonce": request.get("nonce"),
            "pod": self.pod,
            "namespace": self.namespace,
            "node": self.node,
            "instance": self.instance,
            "source": source,
            "source_port": source_port,
        }
        size = wanted_size(request)
        addresses = self.addresses()[:_MOST_ADDRESSES]
        line = lines.encode({**message, "addresses": addresses}, size)
        while len(line) > size > 0 and addresses:
            # The size decides whether the answer fits the path: it must not be exceeded by a node's long list.
            addresses = addresses[:-1]
            line = lines.encode({**message, "addresses": addresses}, size)
        return line


def wanted_size(request: dict[str, Any]) -> int:
    """Return the size in bytes that a request asks its answer to have, 0 for as short as it can be."""
    size = request.get("size", 0)
    return min(size, lines.LONGEST) if isinstance(size, int) else 0
