"""Faults: what one is, which there are, and putting them into a running cluster and out again."""

from __future__ import annotations

import asyncio
import importlib
import logging
import pkgutil
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Protocol

from pytest_k8snet.embedded import faults
from pytest_k8snet.embedded.api.objects import Obj, labels_of, name_of, namespace_of
from pytest_k8snet.embedded.api.status import StoreError
from pytest_k8snet.embedded.api.store import Store
from pytest_k8snet.embedded.dns.installation import LABELS, NAMESPACE
from pytest_k8snet.embedded.fault_files import faults_of_folder
from pytest_k8snet.embedded.kubelet.kubelet import Kubelet
from pytest_k8snet.embedded.network.limits import NoDelayHere
from pytest_k8snet.embedded.network.link import PodLink
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.network.topology import Network
from pytest_k8snet.embedded.policy.controller import PolicyController
from pytest_k8snet.embedded.services.proxy import ServiceProxy
from pytest_k8snet.embedded.services.slice_controller import SliceController

log = logging.getLogger(__name__)

LAYERS = ("data path", "addresses", "kubelet", "network policy", "service proxy", "control loops", "dns", "left open")
"""Where a fault sits. What is ``left open`` by the API may be so or so: it shows in reports and fails no check."""


class NotPossible(RuntimeError):
    """This cluster does not have what the fault breaks; the message says what is missing."""


@dataclass(frozen=True)
class Target:
    """The live parts of the cluster that a fault may touch."""

    store: Store
    network: Network
    kubelet: Kubelet
    policies: PolicyController
    services: ServiceProxy
    slices: SliceController

    def two_nodes(self) -> tuple[Node, Node]:
        """The nodes between which a fault breaks something. Raises NotPossible when there is only one."""
        nodes = list(self.network.nodes.values())
        if len(nodes) < 2:
            raise NotPossible("the cluster has one node only")
        return nodes[0], nodes[1]

    def name_servers(self) -> list[PodLink]:
        """The replicas of the cluster's name server, by the names of their pods. Raises NotPossible without any."""
        pods = {worker.uid: name_of(worker.pod) for worker in self.kubelet.workers if _serves_names(worker.pod)}
        found = [link for _, link in self.network.links() if link.owner in pods]
        if not found:
            raise NotPossible("no name server of the cluster runs")
        return sorted(found, key=lambda link: pods[link.owner])

    def is_name_server(self, link: PodLink) -> bool:
        """Whether a pod that is just being connected is such a replica."""
        return any(worker.uid == link.owner and _serves_names(worker.pod) for worker in self.kubelet.workers)


class Fault(Protocol):
    """A deliberate defect. ``breaks`` says in a few words what does not work any more, ``layer`` where it sits: one of
    LAYERS. Which checks must notice it is said by the checks, in their ``catches``.
    """

    name: str
    breaks: str
    layer: str

    async def apply(self, cluster: Target) -> None:
        """Break it, for pods that are there and for those to come. Raises NotPossible having changed nothing."""
        ...

    async def revert(self, cluster: Target) -> None:
        """Restore all that ``apply`` changed, or that much of it which it did before it failed."""
        ...


def catalogue(folder: str = "") -> dict[str, Fault]:
    """Return a new instance of every fault by its name, those of the author's own ``folder`` among them.

    Raises FaultFileError for a file of the folder that cannot be used.
    """
    modules = [f"{faults.__name__}.{found.name}" for found in pkgutil.iter_modules(faults.__path__)]
    shipped: list[Fault] = [importlib.import_module(module).fault() for module in modules]
    own = faults_of_folder(folder, {fault.name for fault in shipped}) if folder else []
    return {fault.name: fault for fault in sorted([*shipped, *own], key=lambda fault: fault.name)}


class Injector:
    """The faults of one cluster and which of them are in."""

    def __init__(self, target: Target, known: Mapping[str, Fault]) -> None:
        self._target = target
        self._known = known
        self._active: set[str] = set()
        self._changing = asyncio.Lock()
        self._under_way: set[asyncio.Task[None]] = set()

    def describe(self) -> list[dict[str, object]]:
        """Return name, title, layer and state of every fault."""
        return [
            {"name": fault.name, "title": fault.breaks, "layer": fault.layer, "active": fault.name in self._active}
            for fault in self._known.values()
        ]

    async def inject(self, name: str) -> None:
        """Put a fault in. Raises StoreError: 404 unknown, 409 in already, 422 not possible in this cluster, 500 failed.

        Of a fault that failed nothing is left. Who asked may vanish meanwhile: the work is done to its end.
        """
        await self._to_its_end(self._put_in(self._find(name)))

    async def restore(self, name: str) -> None:
        """Take a fault out. Raises StoreError: 404 unknown, 409 not in, 500 failed: then it counts as being in."""
        await self._to_its_end(self._take_out(self._find(name)))

    async def _to_its_end(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        await asyncio.shield(task)

    async def _put_in(self, fault: Fault) -> None:
        async with self._changing:
            if fault.name in self._active:
                raise StoreError(409, "Conflict", f"the fault {fault.name} is in already")
            try:
                await fault.apply(self._target)
            except (NotPossible, NoDelayHere) as error:
                message = f"the fault {fault.name} is not possible here: {error}"
                raise StoreError(422, "Invalid", message) from error
            except Exception as error:
                raise await self._roll_back(fault, error) from error
            self._active.add(fault.name)

    async def _roll_back(self, fault: Fault, error: Exception) -> StoreError:
        """Take out what a fault did before it failed; return what to tell of it."""
        log.error("the fault %s failed while it was put in", fault.name, exc_info=error)
        said = f"the fault {fault.name} failed while it was put in ({_in_words(error)})"
        try:
            await fault.revert(self._target)
        except Exception as second:
            self._active.add(fault.name)  # some of it is in, and restoring it can be tried again
            log.exception("nor could the fault %s be taken out", fault.name)
            rest = f"and could not be taken out again ({_in_words(second)}): restore it, or start the cluster anew"
            return StoreError(500, "InternalError", f"{said} {rest}")
        return StoreError(500, "InternalError", f"{said}; nothing of it is left")

    async def _take_out(self, fault: Fault) -> None:
        async with self._changing:
            if fault.name not in self._active:
                raise StoreError(409, "Conflict", f"the fault {fault.name} is not in")
            try:
                await fault.revert(self._target)
            except Exception as error:
                log.exception("the fault %s could not be taken out", fault.name)
                message = f"the fault {fault.name} could not be taken out ({_in_words(error)}): it counts as being in"
                raise StoreError(500, "InternalError", message) from error
            self._active.remove(fault.name)

    def _find(self, name: str) -> Fault:
        if name not in self._known:
            raise StoreError(404, "NotFound", f"there is no fault {name}; there are: {', '.join(self._known)}")
        return self._known[name]


def _serves_names(pod: Obj) -> bool:
    return namespace_of(pod) == NAMESPACE and labels_of(pod).items() >= LABELS.items()


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
