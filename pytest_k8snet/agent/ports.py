"""Which protocol is served by which server."""

from __future__ import annotations

import asyncio
import errno
from functools import partial
from typing import Dict, List, Tuple

from . import sctp
from .identity import Identity
from .journal import Journal
from .raw_sctp import RawSctpServer
from .servers import Close, serve_stream, serve_udp


class Ports:
    """The ports that this process serves. ``sctp_kind`` is "kernel", "raw" or "". ``journal`` tells who came."""

    def __init__(self, identity: Identity, sctp_kind: str) -> None:
        self.protocols = ("tcp", "udp", "sctp") if sctp_kind else ("tcp", "udp")
        self.journal = Journal()
        self._identity = identity
        self._sctp_kind = sctp_kind
        self._raw_sctp = RawSctpServer(identity)
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
        arrived = partial(self.journal.note, protocol, port)
        if protocol == "tcp":
            return await serve_stream(port, self._identity, arrived)
        if protocol == "udp":
            return serve_udp(port, self._identity, arrived)
        if protocol == "sctp" and self._sctp_kind == "kernel":
            return await serve_stream(port, self._identity, arrived, sctp.PROTOCOL)
        if protocol == "sctp" and self._sctp_kind == "raw":
            return self._raw_sctp.serve(port)
        raise OSError(errno.EPROTONOSUPPORT, f"cannot serve {protocol!r} here, only {', '.join(self.protocols)}")
