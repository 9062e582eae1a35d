"""Nodes hear of each changed EndpointSlice twice, the second time as it was before."""

from __future__ import annotations

from pytest_k8snet.embedded.api.store import Change
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.delivered import WrongDelivery, proxy
from pytest_k8snet.embedded.services.delivery import Deliver, Receiver


def fault() -> Fault:
    """Return the fault."""
    breaks = "the order of updates: what endpoints were comes after what they are"
    return WrongDelivery("endpoints-out-of-order", breaks, proxy, _make)


def _make() -> Deliver:
    return _doubled


def _doubled(change: Change, receive: Receiver) -> None:
    receive(change)
    if change.obj["kind"] == "EndpointSlice" and change.type == "MODIFIED" and change.previous is not None:
        receive(change._replace(obj=change.previous))
