"""Nodes never hear of EndpointSlices that somebody else than the controller made."""

from __future__ import annotations

from pytest_k8snet.embedded.api.store import Change
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.delivered import WrongDelivery, proxy, without
from pytest_k8snet.embedded.services.slices import is_managed


def fault() -> Fault:
    """Return the fault."""
    breaks = "Services without a selector: EndpointSlices of one's own are not served"
    return WrongDelivery("endpoints-own-slices-ignored", breaks, proxy, lambda: without(_lost))


def _lost(change: Change) -> bool:
    return change.obj["kind"] == "EndpointSlice" and not is_managed(change.obj)
