"""From packets that were seen to how they travel: by route, in an overlay, encrypted, past the node's devices. Pure."""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass


class Around(enum.StrEnum):
    """What is around a packet from pod to pod, or hides it."""

    NOTHING = "nothing"
    VXLAN = "VXLAN"
    GENEVE = "Geneve"
    IPIP = "IPIP"
    GRE = "GRE"
    WIREGUARD = "WireGuard"
    ESP = "ESP"
    OTHER = "something else"


ENCRYPTED = (Around.WIREGUARD, Around.ESP)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A packet on a device of a node. ``outgoing``: it left by that device, otherwise it came in.

    ``marked``: it carries the mark of this measurement. ``added`` are the bytes around the pod's own packet, 0 where
    that cannot be seen. ``port`` is the UDP port of the encapsulation, 0 for none.
    """

    node: str
    device: str
    outgoing: bool
    marked: bool
    around: Around
    added: int = 0
    port: int = 0
    ttl: int = 0


@dataclass(frozen=True, slots=True)
class Nodes:
    """The nodes of the two pods, and the device by which each reaches the other nodes."""

    source: str
    target: str
    source_device: str
    target_device: str

    def between(self, one: Sighting) -> bool:
        """Whether something was seen between the two, on its way."""
        sent = (one.node, one.device, one.outgoing) == (self.source, self.source_device, True)
        return sent or (one.node, one.device, one.outgoing) == (self.target, self.target_device, False)


@dataclass(frozen=True, slots=True)
class Way:
    """How packets travel from the pods of one node to those of another.

    ``around`` is what was around them between the nodes, None when none was seen there. ``added`` are its bytes.
    ``redirected``: the nodes on which they do not pass the kernel's forwarding, but are handed from device to device,
    as eBPF programs (or a switch) do: their TTL stays as it is, or no device on the pod's side saw them.
    """

    nodes: Nodes
    around: Around | None
    added: int = 0
    port: int = 0
    redirected: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The way in a word or two, without what differs from one pair of nodes to the next."""
        if self.around is None:
            return "not seen between the nodes"
        return "route" if self.around is Around.NOTHING else str(self.around)

    def __str__(self) -> str:
        by = f", UDP port {self.port}" if self.port else ""
        size = f", {self.added} bytes around each packet" if self.added else ""
        past = (
            f"; not forwarded by the kernel of {' and '.join(self.redirected)}, but redirected (eBPF, or a switch)"
            if self.redirected
            else ""
        )
        where = f" (seen on {', '.join(self.seen)})"
        return f"{self.nodes.source} -> {self.nodes.target}: {self.kind}{by}{size}{past}{where}"


def way(sightings: Collection[Sighting], nodes: Nodes, sent: int) -> Way:
    """Tell how ``sent`` marked packets went from one node to the other, by what was seen of them and beside them."""
    marked = [one for one in sightings if one.marked]
    between = [one for one in marked if nodes.between(one)]
    places = tuple(sorted({_place(one) for one in marked}))
    ttl = max((one.ttl for one in between), default=0)
    redirected = tuple(node for node in (nodes.source, nodes.target) if not _forwarded(marked, nodes, node, ttl))
    if between:
        # An outer packet that was cut into fragments has its inner beginning in the first, which is what is read.
        chosen = max(between, key=lambda one: one.added)
        return Way(nodes, chosen.around, chosen.added, chosen.port, redirected, places)
    hidden = [one for one in sightings if not one.marked and one.around in ENCRYPTED and nodes.between(one)]
    if len(hidden) >= sent:
        return Way(nodes, hidden[0].around, 0, hidden[0].port, redirected, places)
    return Way(nodes, None, redirected=redirected, seen=places)


def _forwarded(marked: Collection[Sighting], nodes: Nodes, node: str, ttl: int) -> bool:
    """Whether a node's kernel forwarded packets between the pod and the other node, where they have this ``ttl``.

    On the pod's side they come in from it, or go out to it. Forwarding takes one of the TTL (RFC 1812, 5.3.1).
    """
    from_pod = node == nodes.source
    physical = nodes.source_device if from_pod else nodes.target_device
    at_pod = [
        one.ttl
        for one in marked
        if (one.node, one.outgoing, one.around) == (node, not from_pod, Around.NOTHING) and one.device != physical
    ]
    if not at_pod or not ttl:
        return bool(at_pod)
    return max(at_pod) > ttl if from_pod else min(at_pod) < ttl


def _place(one: Sighting) -> str:
    inside = "" if one.around is Around.NOTHING else f" inside {one.around}"
    return f"{one.node} {one.device} {'out' if one.outgoing else 'in'}{inside}"
