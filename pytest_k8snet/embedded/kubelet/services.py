"""What every pod needs of the cluster around it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from pytest_k8snet.embedded.api.store import Store
from pytest_k8snet.embedded.container.client import ZygoteClient
from pytest_k8snet.embedded.kubelet.behaviour import Behaviour
from pytest_k8snet.embedded.kubelet.events import EventRecorder
from pytest_k8snet.embedded.kubelet.tasks import Tasks
from pytest_k8snet.embedded.network.topology import Network


class Signal:
    """Wakes all who wait for the next change of something."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify(self) -> None:
        """Wake everyone who waits now."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self) -> None:
        """Wait for the next change."""
        await self._event.wait()


@dataclass(frozen=True)
class Services:
    """The parts of the cluster that a kubelet uses. ``scratch`` is in memory and private to the cluster.

    ``domain`` is the cluster domain.
    """

    store: Store
    network: Network
    zygote: ZygoteClient
    events: EventRecorder
    tasks: Tasks
    scratch: Path
    config_changed: Signal
    behaviour: Behaviour
    domain: str
