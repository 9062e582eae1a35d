"""What a probe asks and what it saw: the words that agent, prober, oracle and reports share."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


class Protocol(enum.StrEnum):
    """The transport of a probe. ICMP means echo, ICMPv6 for IPv6 targets."""

    TCP = "tcp"
    UDP = "udp"
    SCTP = "sctp"
    ICMP = "icmp"


class Family(enum.StrEnum):
    """The address family of a probe."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"

    @classmethod
    def of(cls, address: str) -> Family:
        """Return the family of an IP address in text form."""
        return cls.IPV6 if ":" in address else cls.IPV4


class Outcome(enum.StrEnum):
    """How a probe ended; exactly one. All but PROBE_ERROR are observations of the network."""

    CONNECTED = "connected"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    RESET = "reset"
    DNS_FAILURE = "dns_failure"
    PROBE_ERROR = "probe_error"


@dataclass(frozen=True, slots=True, order=True)
class Pod:
    """A probe pod as the prober knows it. ``addresses`` is status.podIPs in its order."""

    namespace: str
    name: str
    node: str
    addresses: tuple[str, ...] = ()
    port: int = 8080
    container: str = "agent"
    host_network: bool = False

    @property
    def families(self) -> tuple[Family, ...]:
        """The family of each of its addresses, sorted."""
        return tuple(sorted(Family.of(address) for address in self.addresses))

    def address(self, family: Family) -> str:
        """Return the pod's address of a family. Raises KeyError when it has none."""
        for address in self.addresses:
            if Family.of(address) is family:
                return address
        raise KeyError(f"pod {self.namespace}/{self.name} has no {family} address, it has {self.addresses}")


@dataclass(frozen=True, slots=True, order=True)
class Probe:
    """One attempt to move data from ``source`` to ``address``.

    ``size`` is the length of the request and of the answer in bytes of transport payload (0: as short as it can be);
    ``dont_fragment`` sets DF on both ways; with ``one_way`` the answer is as short as it can be, whatever the size.
    ``column`` names the target in tables ("probe-b", "node-1:8080").
    ``target_node`` is the node that the target is on, "" where it is not known.
    ``attempt`` tells apart several that are alike otherwise: each is a connection of its own.
    ``bare``: no agent listens there, so that a completed handshake is enough (TCP and SCTP).
    ``data``: what is sent in place of the agents' own request (TCP and UDP); ``until`` says what ends the answer to it
    by TCP: "length" (which two bytes before it tell) or "end" (of the stream).
    """

    source: Pod
    address: str
    port: int
    protocol: Protocol
    column: str
    size: int = 0
    dont_fragment: bool = False
    bare: bool = False
    target_node: str = ""
    data: bytes = b""
    until: str = ""
    attempt: int = 0
    one_way: bool = False

    @property
    def family(self) -> Family:
        """The family of the target address."""
        return Family.of(self.address)


@dataclass(frozen=True, slots=True)
class Identity:
    """What the server that answered said of itself and of the client that it saw."""

    pod: str
    node: str
    instance: str  # random per server process: tells a restarted or a replaced server
    addresses: tuple[str, ...]  # its own, read from its interfaces
    source: str  # the client address that it saw
    source_port: int
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """What a probe saw. ``detail`` is the evidence: the errno's name, the ICMP type and code and who sent it."""

    outcome: Outcome
    millis: float
    attempts: int = 1
    detail: str = ""
    server: Identity | None = None
    replied_from: str = ""  # the address that the answer came from, for UDP and ICMP; or "message too long"
    path_mtu: int = 0  # as reported by "message too long" or "fragmentation needed", 0 if none
    handshake: bool = False  # TCP and SCTP: the other end accepted the connection, whatever came then
    resolved: str = ""  # the address that a name was resolved to
    data: str = ""  # the answer to the probe's own ``data``, in base64


@dataclass(frozen=True, slots=True)
class Expected:
    """What the oracle says a probe must see.

    ``outcomes`` are the allowed ones. A probe that connects must also have been answered by the pod ``server`` that
    saw the client as ``source``; an empty string asks nothing. ``servers`` are several of which any may answer.
    ``because`` is the oracle's reason, for people. ``target`` names the pod that listens where a probe must *not*
    connect, so that its positive control can be found.
    """

    outcomes: frozenset[Outcome]
    server: str = ""
    source: str = ""
    because: str = ""
    target: str = ""
    servers: frozenset[str] = frozenset()

    @property
    def answered_by(self) -> str:
        """Who may answer, in words."""
        return self.server or " or ".join(sorted(self.servers))

    def evidence(self, seen: Observation) -> str:
        """Return in words what an observation is based on."""
        return seen.detail

    def mismatch(self, probe: Probe, seen: Observation) -> str:
        """Return what is wrong with an observation, in words, or "" when it is as expected."""
        if seen.outcome not in self.outcomes:
            wanted = " or ".join(sorted(self.outcomes))
            return f"{seen.outcome} instead of {wanted}"
        if seen.outcome is Outcome.TIMEOUT and seen.handshake and Outcome.CONNECTED not in self.outcomes:
            # A network that lets the handshake through does not block, however slow the server's answer is.
            return "the connection was accepted (and then silent)"
        if seen.outcome is not Outcome.CONNECTED:
            return ""
        asked = seen.resolved or probe.address
        if seen.replied_from and seen.replied_from != asked:
            return f"the answer came from {seen.replied_from}, not from {asked}"
        if seen.server is None:
            wanted = self.answered_by if probe.protocol in (Protocol.TCP, Protocol.UDP) else ""
            return f"answered by something that is no agent, not by {wanted}" if wanted else ""
        if self.answered_by and seen.server.pod not in {self.server, *self.servers}:
            return f"answered by {seen.server.pod}, not by {self.answered_by}"
        if self.source and seen.server.source != self.source:
            return f"the server saw the source {seen.server.source}, not {self.source}"
        return ""


CONNECTS = frozenset({Outcome.CONNECTED})
REJECTED = frozenset({Outcome.REFUSED, Outcome.TIMEOUT, Outcome.UNREACHABLE, Outcome.RESET})


@dataclass(frozen=True, slots=True)
class Together:
    """What must hold of several probes at once: ``every`` one of these pods answers at least one of them.

    ``same``: one pod, whichever, answers all of them.
    """

    probes: frozenset[Probe]
    every: frozenset[str] = frozenset()
    same: bool = False

    def mismatch(self, seen: Mapping[Probe, Observation]) -> str:
        """Return what is wrong with the observations, in words, or ""."""
        servers = (seen[probe].server for probe in self.probes)
        counted = Counter(server.pod for server in servers if server is not None)
        told = ", ".join(f"{pod} {times} times" for pod, times in sorted(counted.items())) or "nobody"
        if missing := self.every - counted.keys():
            return f"{' and '.join(sorted(missing))} answered none of {len(self.probes)} connections, but {told}"
        if self.same and len(counted) > 1:
            return f"not the same pod answered all {len(self.probes)} connections, but {told}"
        return ""


@dataclass(frozen=True)
class Expectation:
    """What must be seen by a set of probes: the question and the oracle's answer in one. ``title`` heads its table.

    ``timeout`` is that of one attempt in seconds, where the paths are known to be quicker than the profile assumes.
    Silence that would make a table wrong is then confirmed with the profile's. ``controlled`` are cells that must not
    connect and whose positive control is a table of its own: they connected before, without what forbids them now.
    ``changing`` are cells that were expected otherwise a moment ago: they are asked alone until they have come true.
    ``together`` holds beside the cells, for some of them at once. ``hold``: for at least so many seconds it must stay
    true, whatever the profile says.
    """

    title: str
    cells: Mapping[Probe, Expected]
    convergence: float | None = None  # seconds within which it must hold; None: the profile's
    notes: tuple[str, ...] = field(default=())
    timeout: float | None = None
    glance: float | None = None
    controlled: frozenset[Probe] = frozenset()
    changing: frozenset[Probe] = frozenset()
    together: tuple[Together, ...] = ()
    hold: float = 0.0

    def wrong(self, seen: Mapping[Probe, Observation]) -> dict[Probe, str]:
        """Return the cells that were seen and are not as expected, in the table's order, each with why in words."""
        asked = {probe: cell for probe, cell in self.cells.items() if probe in seen}
        found = {probe: why for probe, cell in asked.items() if (why := cell.mismatch(probe, seen[probe]))}
        for several in self.together:
            if several.probes <= asked.keys() and (why := several.mismatch(seen)):
                found = dict.fromkeys(several.probes, why) | found
        return {probe: found[probe] for probe in asked if probe in found}
