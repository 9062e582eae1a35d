"""What the network looks like from inside a pod, as its agent reads it from the kernel."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_k8snet.probe.observation import Family


@dataclass(frozen=True, slots=True)
class Address:
    """An address of an interface. ``scope`` is the kernel's: global, link, host."""

    dev: str
    address: str
    prefix: int
    family: Family
    scope: str


@dataclass(frozen=True, slots=True)
class Link:
    """An interface; ``mtu`` in bytes."""

    index: int
    dev: str
    mtu: int
    mac: str
    up: bool


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the main table. Empty text means that it has none; ``destination`` is in prefix notation.

    ``mtu`` is that of packets by this route where it is smaller than the interface's, 0 where the route has none.
    """

    family: Family
    destination: str
    gateway: str
    dev: str
    source: str
    type: str
    metric: int
    mtu: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """A pod's own view. ``netns`` is the inode of its network namespace, comparable only within one node."""

    addresses: tuple[Address, ...]
    links: tuple[Link, ...]
    routes: tuple[Route, ...]
    hostname: str
    netns: int
    resolv_conf: str
