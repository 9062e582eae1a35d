"""Faults: what one is, which there are, and putting them into a running cluster and out again."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from pytest_k8snet.embedded import faults
from pytest_k8snet.embedded.api.status import StoreError
from pytest_k8snet.embedded.kubelet.kubelet import Kubelet
from pytest_k8snet.embedded.network.limits import NoDelayHere
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.network.topology import Network
from pytest_k8snet.embedded.policy.controller import PolicyController
from pytest_k8snet.embedded.services.proxy import ServiceProxy


class NotPossible(RuntimeError):
    """This cluster does not have what the fault breaks; the message says what is missing."""


@dataclass(frozen=True)
class Target:
    """The live parts of the cluster that a fault may touch."""

    network: Network
    kubelet: Kubelet
    policies: PolicyController
    services: ServiceProxy

    def two_nodes(self) -> tuple[Node, Node]:
        """The nodes between which a fault breaks something. Raises NotPossible when there is only one."""
        nodes = list(self.network.nodes.values())
        if len(nodes) < 2:
            raise NotPossible("the cluster has one node only")
        return nodes[0], nodes[1]


class Fault(Protocol):
    """A deliberate defect. ``breaks`` says in a few words what does not work any more; ``layer`` where it sits:
    ``data path``, ``addresses``, ``kubelet``, ``network policy`` or ``service proxy``.
    """

    name: str
    breaks: str
    layer: str

    async def apply(self, cluster: Target) -> None:
        """Break it, for pods that are there and for those to come. Raises NotPossible having changed nothing."""
        ...

    async def revert(self, cluster: Target) -> None:
        """Restore all that ``apply`` changed."""
        ...


def catalogue() -> dict[str, Fault]:
    """Return a new instance of every fault by its name."""
    modules = [f"{faults.__name__}.{found.name}" for found in pkgutil.iter_modules(faults.__path__)]
    every: list[Fault] = [importlib.import_module(module).fault() for module in modules]
    return {fault.name: fault for fault in sorted(every, key=lambda fault: fault.name)}


class Injector:
    """The faults of one cluster and which of them are in."""

    def __init__(self, target: Target, known: Mapping[str, Fault]) -> None:
        self._target = target
        self._known = known
        self._active: set[str] = set()
        self._changing = asyncio.Lock()

    def describe(self) -> list[dict[str, object]]:
        """Return name, title, layer and state of every fault."""
        return [
            {"name": fault.name, "title": fault.breaks, "layer": fault.layer, "active": fault.name in self._active}
            for fault in self._known.values()
        ]

    async def inject(self, name: str) -> None:
        """Put a fault in. Raises StoreError: 404 unknown, 409 in already, 422 not possible in this cluster."""
        fault = self._find(name)
        async with self._changing:
            if name in self._active:
                raise StoreError(409, "Conflict", f"the fault {name} is in already")
            try:
                await fault.apply(self._target)
            except (NotPossible, NoDelayHere) as error:
                raise StoreError(422, "Invalid", f"the fault {name} is not possible here: {error}") from error
            self._active.add(name)

    async def restore(self, name: str) -> None:
        """Take a fault out. Raises StoreError: 404 unknown, 409 not in."""
        fault = self._find(name)
        async with self._changing:
            if name not in self._active:
                raise StoreError(409, "Conflict", f"the fault {name} is not in")
            await fault.revert(self._target)
            self._active.remove(name)

    def _find(self, name: str) -> Fault:
        if name not in self._known:
            raise StoreError(404, "NotFound", f"there is no fault {name}; there are: {', '.join(self._known)}")
        return self._known[name]
