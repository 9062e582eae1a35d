"""Captures packets of this network namespace on all devices at once: those that carry a mark, or go between nodes.

Needs CAP_NET_RAW (``packet(7)``). What is kept is bounded, and how much the kernel dropped is told with it.
"""

from __future__ import annotations

import asyncio
import base64
import socket
import struct
from typing import Any, Dict, List, Sequence

_ALL_PROTOCOLS = 3
_SOL_PACKET, _STATISTICS = 263, 6
_OUTGOING = 4
_BUFFER = 1 << 22
_MOST = 2000
_KEPT_BYTES = 256
_PER_WAKEUP = 256
_LONGEST = 65535
_IPV4, _IPV6 = 0x0800, 0x86DD


class Capture:
    """One capture, which ends by itself after some seconds. ``mark`` is kept wherever it stands in a packet.

    Of packets without the mark those are kept whose outermost source and destination are both among ``hosts``:
    encrypted, the mark cannot be seen. Raises OSError (EPERM) where capture is not allowed.
    """

    def __init__(self, mark: bytes, hosts: Sequence[str], seconds: float) -> None:
        self._mark = mark
        self._hosts = {socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host) for host in hosts}
        self._packets: List[Dict[str, Any]] = []
        self._beyond = 0
        self._sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_PROTOCOLS))
        self._sock.setblocking(False)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._dropped = 0
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._sock.fileno(), self._wake_up)
        self._end = self._loop.call_later(seconds, self.stop)

    def stop(self) -> None:
        """Capture no more; what was captured stays."""
        if self._sock.fileno() < 0:
            return
        self._wake_up()
        self._end.cancel()
        self._loop.remove_reader(self._sock.fileno())
        _, self._dropped = struct.unpack("=II", self._sock.getsockopt(_SOL_PACKET, _STATISTICS, 8))
        self._sock.close()

    def report(self) -> Dict[str, Any]:
        """Return what was captured; ``dropped`` packets were lost by the kernel, ``beyond`` were more than are kept."""
        return {"packets": self._packets, "dropped": self._dropped, "beyond": self._beyond}

    def _wake_up(self) -> None:
        for _ in range(_PER_WAKEUP):
            try:
                data, (device, protocol, kind, hardware, _) = self._sock.recvfrom(_LONGEST)
            except OSError:
                return  # nothing more, or a device that went down, which its other packets will not show
            marked = self._mark in data
            if not marked and not self._between_hosts(data, protocol, hardware):
                continue
            if len(self._packets) >= _MOST:
                self._beyond += 1
                continue
            self._packets.append(
                {
                    "device": device,
                    "outgoing": kind == _OUTGOING,
                    "hardware": hardware,
                    "protocol": protocol,
                    "length": len(data),
                    "marked": marked,
                    "data": base64.b64encode(data[:_KEPT_BYTES]).decode(),
                }
            )

    def _between_hosts(self, data: bytes, protocol: int, hardware: int) -> bool:
        packet = data[14:] if hardware == 1 else data
        if protocol == _IPV4:
            ends = {packet[12:16], packet[16:20]}
        elif protocol == _IPV6:
            ends = {packet[8:24], packet[24:40]}
        else:
            return False
        return len(ends) == 2 and ends <= self._hosts


class Captures:
    """The captures of one process, by the number that each was given."""

    def __init__(self) -> None:
        self._captures: Dict[int, Capture] = {}

    def start(self, mark: bytes, hosts: Sequence[str], seconds: float) -> int:
        """Begin a capture and return its number. Raises OSError where it is not allowed."""
        number = len(self._captures) + 1
        self._captures[number] = Capture(mark, hosts, seconds)
        return number

    def stop(self, number: int) -> Dict[str, Any]:
        """End a capture and return what it captured. Raises LookupError."""
        if number not in self._captures:
            raise LookupError(f"no capture has the number {number}: this agent may have been started anew")
        self._captures[number].stop()
        return self._captures[number].report()
