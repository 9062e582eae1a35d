"""Limited links: the bandwidth and the delay of a pod's or a host's link, by the kernel's queueing disciplines.

A link has two ends, and a queue at each of them holds what is sent from there; so both directions are limited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_k8snet.embedded.network.host import Host
from pytest_k8snet.embedded.network.link import PodLink
from pytest_k8snet.embedded.network.netns import NetNs, NetworkCommandError
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.network.topology import Network

BURST_SECONDS = 0.01
"""How much may pass at once after a pause, as a time at the limited rate; longer would show in short transfers."""

SMALLEST_BURST = 5000
"""Bytes; tbf lets no packet through that is longer than the burst, and a limited link has an MTU of at most 1600."""

LONGEST_QUEUE = 0.1
"""Seconds that a packet may wait for its turn; it is dropped when it would wait longer."""


class NoDelayHere(RuntimeError):
    """The kernel cannot delay packets; the message says what is missing."""


@dataclass(frozen=True)
class Limit:
    """``rate`` in bits per second, ``delay`` in seconds for each direction; 0 leaves it as it is.

    Raises ValueError for what cannot be limited.
    """

    rate: int = 0
    delay: float = 0.0

    def __post_init__(self) -> None:
        if self.rate < 0 or self.delay < 0:
            raise ValueError(f"a link cannot have {self.rate} bits per second and {self.delay} s of delay")
        if not self.rate and not self.delay:
            raise ValueError("a limit needs a rate or a delay")

    def queue(self) -> str:
        """Return the queueing discipline in the words of ``tc``."""
        if self.delay:
            rate = f" rate {self.rate}bit" if self.rate else ""
            return f"netem delay {round(self.delay * 1_000_000)}us{rate}"
        burst = max(round(self.rate / 8 * BURST_SECONDS), SMALLEST_BURST)
        return f"tbf rate {self.rate}bit burst {burst} latency {round(LONGEST_QUEUE * 1000)}ms"


@dataclass(frozen=True)
class End:
    """One end of a link: an interface in a network namespace."""

    netns: NetNs
    device: str


Ends = Sequence[End]


def ends_of_pod(node: Node, link: PodLink) -> Ends:
    """Return the ends of the link between a pod and its node."""
    return End(link.netns, "eth0"), End(node.netns, link.device)


def ends_of_host(network: Network, host: Host) -> Ends:
    """Return the ends of the link between a node or an outside host and the fabric."""
    return End(host.netns, "eth0"), End(network.fabric, host.port)


async def limit(ends: Ends, limited: Limit) -> None:
    """Limit what is sent from each of the ends, in place of an earlier limit.

    Raises:
        NoDelayHere: a delay is wanted and the kernel has no netem; nothing is limited then.

    """
    try:
        for end in ends:
            await end.netns.tc(f"qdisc replace dev {end.device} root {limited.queue()}")
    except NetworkCommandError as error:
        await unlimit(ends)
        if limited.delay and "qdisc kind is unknown" in str(error):
            raise NoDelayHere(
                "this kernel has no netem, so links can be slowed down but not delayed: load the module sch_netem, "
                "or use a kernel with CONFIG_NET_SCH_NETEM"
            ) from error
        raise


async def unlimit(ends: Ends) -> None:
    """Take the limits of the ends away; doing it twice is fine."""
    for end in ends:
        # "replace" makes sure that there is one to delete; tc refuses to delete what is not there.
        await end.netns.tc(f"qdisc replace dev {end.device} root pfifo", f"qdisc del dev {end.device} root")
