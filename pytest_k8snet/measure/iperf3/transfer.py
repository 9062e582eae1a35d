"""One run of the iperf3 client: where to, in which manner and for how long. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

CONNECT_MILLISECONDS = 3000
OMITTED_SECONDS = 1
"""Left out at the beginning of a run of whole seconds, until TCP has found its rate."""


LONGEST_PAUSE = 10
"""Seconds that a run may take beyond what it was asked for; one of some bytes is asked for less than a second."""


@dataclass(frozen=True)
class Manner:
    """How packets flow.

    ``streams`` connections at once; ``reverse``: the server sends; ``both``: both send at the same time;
    ``udp_rate``: UDP at this many bits per second, TCP when it is 0.
    """

    streams: int = 1
    reverse: bool = False
    both: bool = False
    udp_rate: int = 0

    def arguments(self) -> tuple[str, ...]:
        """Return the arguments of iperf3."""
        return (
            *(("-P", str(self.streams)) if self.streams > 1 else ()),
            *(("-R",) if self.reverse else ()),
            *(("--bidir",) if self.both else ()),
            *(("-u", "-b", str(self.udp_rate)) if self.udp_rate else ()),
        )


@dataclass(frozen=True)
class Amount:
    """How much to send: for some whole ``seconds``, or ``bytes``, because iperf3 knows no parts of a second.

    ``omitted`` are the seconds at the beginning that do not count.
    """

    seconds: int = 0
    bytes: int = 0
    omitted: int = 0

    def __post_init__(self) -> None:
        if (self.seconds > 0) == (self.bytes > 0):
            raise ValueError(f"a run needs seconds or bytes, not {self.seconds} s and {self.bytes} bytes")

    @classmethod
    def lasting(cls, seconds: float, bits_per_second: float) -> Amount:
        """Return what takes about ``seconds`` at this rate."""
        if seconds >= 1:
            return cls(seconds=round(seconds), omitted=OMITTED_SECONDS)
        return cls(bytes=max(1, math.ceil(seconds * bits_per_second / 8)))

    def arguments(self) -> tuple[str, ...]:
        """Return the arguments of iperf3."""
        if self.bytes:
            return "-n", str(self.bytes)
        return "-t", str(self.seconds), "-O", str(self.omitted)


@dataclass(frozen=True)
class Transfer:
    """A run to the server at an address and a port."""

    address: str
    port: int
    manner: Manner
    amount: Amount

    @property
    def limit(self) -> int:
        """The seconds after which a run is ended that did not come to its end."""
        return LONGEST_PAUSE + self.amount.omitted + self.amount.seconds

    def arguments(self) -> tuple[str, ...]:
        """Return the arguments of iperf3: one interval, because seconds of one connection are no samples."""
        return (
            *("-c", self.address, "-p", str(self.port), "-J", "-i", "0"),
            *("--connect-timeout", str(CONNECT_MILLISECONDS)),
            *self.manner.arguments(),
            *self.amount.arguments(),
        )

    def __str__(self) -> str:
        return f"iperf3 {' '.join(self.arguments())}"
