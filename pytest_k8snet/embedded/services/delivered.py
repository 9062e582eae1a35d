"""Faults in which a control loop hears of changes too late, in the wrong order, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from pytest_k8snet.embedded.api.store import Change
from pytest_k8snet.embedded.injection import NotPossible, Target
from pytest_k8snet.embedded.services.delivery import Deliver, Receiver, at_once


class Following(Protocol):
    """A control loop of which the news can be tampered with: ``ServiceProxy`` or ``SliceController``."""

    deliver: Deliver

    async def relist(self) -> None:
        """Forget what was heard, and do what is stored."""
        ...


def proxy(cluster: Target) -> Following:
    """The Service proxy of all nodes."""
    return cluster.services


def slice_controller(cluster: Target) -> Following:
    """The controller of EndpointSlices."""
    return cluster.slices


@dataclass
class WrongDelivery:
    """``make`` gives, for each time that the fault is put in, what is done with changes from then on."""

    name: str
    breaks: str
    whose: Callable[[Target], Following]
    make: Callable[[], Deliver]
    layer: str = "control loops"
    _way: _Way | None = None

    async def apply(self, cluster: Target) -> None:
        """Begin with the next change. Raises NotPossible while another fault tampers with the same loop."""
        following = self.whose(cluster)
        if following.deliver is not at_once:
            raise NotPossible("another fault tampers with the news of the same control loop")
        following.deliver = self._way = _Way(self.make())

    async def revert(self, cluster: Target) -> None:
        """Deliver as it should be, and let the loop list everything anew: that makes up for what was lost."""
        following = self.whose(cluster)
        if self._way is not None:
            self._way.over = True
        following.deliver = at_once
        await following.relist()


@dataclass(eq=False)
class _Way:
    """A wrong way of delivery. What is still under way when it is over arrives nowhere: it would undo newer news."""

    deliver: Deliver
    over: bool = field(default=False)

    def __call__(self, change: Change, receive: Receiver) -> None:
        self.deliver(change, lambda news: None if self.over else receive(news))


def late(kind: str, seconds: float) -> Deliver:
    """Deliver the changes of one kind so many seconds late."""

    def deliver(change: Change, receive: Receiver) -> None:
        if change.obj["kind"] == kind:
            asyncio.get_running_loop().call_later(seconds, receive, change)
        else:
            receive(change)

    return deliver


def without(lost: Callable[[Change], bool]) -> Deliver:
    """Deliver all changes but those that are lost."""

    def deliver(change: Change, receive: Receiver) -> None:
        if not lost(change):
            receive(change)

    return deliver
