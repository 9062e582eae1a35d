"""The address plan: which addresses the fabric, the nodes and their pods have, and which pod gets which."""

from __future__ import annotations

from dataclasses import dataclass

OUTSIDE_FIRST = 201
"""Host number of the first host outside the cluster on the fabric; nodes begin at 1."""

GATEWAYS = {4: "169.254.1.1", 6: "fe80::1"}
"""The next hop of every pod, the same on all nodes: link-local addresses of the node's side."""

POD_SPACE = {4: "10.244.0.0/16", 6: "fd00:10:244::/48"}
FABRIC_SPACE = {4: "10.200.0.0/24", 6: "fd00:200::/64"}


@dataclass(frozen=True)
class Addresses:
    """The addresses of one host or pod, one per IP version that the cluster speaks, in the order of status.podIPs."""

    by_version: tuple[tuple[int, str], ...]

    @property
    def all(self) -> tuple[str, ...]:
        """The addresses in order."""
        return tuple(address for _, address in self.by_version)

    @property
    def primary(self) -> str:
        """The first one: status.podIP, status.hostIP."""
        return self.by_version[0][1]

    def get(self, version: int) -> str | None:
        """The address of an IP version."""
        return dict(self.by_version).get(version)


def fabric_addresses(number: int, versions: tuple[int, ...]) -> Addresses:
    """Addresses of host ``number`` on the fabric that joins nodes and outside hosts."""
    text = {4: f"10.200.0.{number}", 6: f"fd00:200::{number}"}
    return Addresses(tuple((version, text[version]) for version in versions))


def pod_cidrs(node: int, versions: tuple[int, ...]) -> tuple[str, ...]:
    """The ranges that node number ``node`` gives its pods addresses from."""
    text = {4: f"10.244.{node}.0/24", 6: f"fd00:10:244:{node}::/64"}
    return tuple(text[version] for version in versions)


class NoAddress(RuntimeError):
    """A node has given all its pod addresses out."""


class PodAddressPool:
    """Hands out the pod addresses of one node.

    The address that was given back last is given out first, so stale state of its former owner shows at once.
    """

    def __init__(self, node: int, versions: tuple[int, ...]) -> None:
        self._node = node
        self._versions = versions
        self._free = list(range(254, 1, -1))
        self._taken: dict[Addresses, int] = {}

    def take(self) -> Addresses:
        """Take a free address. Raises NoAddress when all 253 are in use."""
        if not self._free:
            raise NoAddress(
                f"node {self._node} has no free pod address left in {pod_cidrs(self._node, self._versions)}"
            )
        number = self._free.pop()
        text = {4: f"10.244.{self._node}.{number}", 6: f"fd00:10:244:{self._node}::{number:x}"}
        addresses = Addresses(tuple((version, text[version]) for version in self._versions))
        self._taken[addresses] = number
        return addresses

    def give_back(self, addresses: Addresses) -> None:
        """Make addresses from ``take`` available again; others are not this pool's business."""
        if addresses in self._taken:
            self._free.append(self._taken.pop(addresses))
