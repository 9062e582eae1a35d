"""Nodes never hear that a Service is gone: its addresses go on being served."""

from __future__ import annotations

from pytest_k8snet.embedded.api.store import Change
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.delivered import WrongDelivery, proxy, without


def fault() -> Fault:
    """Return the fault."""
    return WrongDelivery("service-deletion-lost", "the end of deleted Services", proxy, lambda: without(_lost))


def _lost(change: Change) -> bool:
    # Its slices go with it, and a Service without endpoints would refuse as one that is gone.
    return change.type == "DELETED" and change.obj["kind"] in ("Service", "EndpointSlice")
