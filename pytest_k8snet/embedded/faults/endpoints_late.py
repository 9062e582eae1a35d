"""Nodes hear of changed EndpointSlices seconds late."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.delivered import WrongDelivery, late, proxy

LATE_SECONDS = 5.0


def fault() -> Fault:
    """Return the fault."""
    breaks = f"the nodes' speed: changed endpoints take {LATE_SECONDS:g} s"
    return WrongDelivery("endpoints-late", breaks, proxy, lambda: late("EndpointSlice", LATE_SECONDS))
