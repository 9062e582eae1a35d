"""What a server has let in since its start: a client that came for a moment, before anybody looked, is seen too."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Tuple

from .age import process_age

_MOST = 4096


class Journal:
    """The clients by protocol, port and address. ``arrived`` is told of each arrival: its protocol and its address.

    A client is a TCP (or kernel SCTP) connection that was accepted, or a datagram. Raw SCTP is not noted.
    """

    def __init__(self) -> None:
        self.arrived: Callable[[str, str], object] = lambda protocol, source: None
        self._clients: Dict[Tuple[str, int, str], Tuple[int, float]] = {}

    def note(self, protocol: str, port: int, source: str) -> None:
        """Note an arrival."""
        key = (protocol, port, source)
        times, first = self._clients.get(key, (0, 0.0))
        if times or len(self._clients) < _MOST:
            self._clients[key] = (times + 1, first or process_age())
        self.arrived(protocol, source)

    def clients(self) -> List[Dict[str, Any]]:
        """Return who came how many times, and when first, in seconds since the start of this process."""
        return [
            {"protocol": protocol, "port": port, "source": source, "times": times, "first": round(first, 3)}
            for (protocol, port, source), (times, first) in self._clients.items()
        ]
