"""Which protocol is served by which server."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import Dict, List, Tuple

from .identity import Identity
from .servers import Close, serve_stream, serve_udp

IPPROTO_SCTP = 132
PROTOCOLS = ("tcp", "udp", "sctp")


class Ports:
    """The ports that this process serves."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._open: Dict[Tuple[str, int], List[Close]] = {}

    async def open(self, protocol: str, port: int) -> None:
        """Serve a port. Raises OSError (EADDRINUSE when it is taken, EPERM, EPROTONOSUPPORT) when it cannot be."""
        if (protocol, port) in self._open:
            raise OSError(errno.EADDRINUSE, f"port {port}/{protocol} is served already")
        self._open[protocol, port] = await self._serve(protocol, port)

    async def open_for(self, protocol: str, port: int, seconds: float) -> None:
        """Serve a port for a time."""
        await self.open(protocol, port)
        asyncio.get_running_loop().call_later(seconds, self.close, protocol, port)

    def close(self, protocol: str, port: int) -> bool:
        """Stop serving a port and tell whether it was served."""
        closes = self._open.pop((protocol, port), [])
        for close in closes:
            close()
        return bool(closes)

    async def _serve(self, protocol: str, port: int) -> List[Close]:
        if protocol == "tcp":
            return await serve_stream(port, self._identity)
        if protocol == "udp":
            return serve_udp(port, self._identity)
        if protocol == "sctp":
            return await serve_stream(port, self._identity, IPPROTO_SCTP)
        raise ValueError(f"unknown protocol {protocol!r}, known are {', '.join(PROTOCOLS)}")


def kernel_has_sctp() -> bool:
    """Whether the kernel gives SCTP sockets."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_SCTP).close()
    except OSError:
        return False
    return True
