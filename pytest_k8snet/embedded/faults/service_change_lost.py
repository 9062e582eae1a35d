"""Nodes never hear that a Service has changed; new and deleted ones arrive."""

from __future__ import annotations

from pytest_k8snet.embedded.api.store import Change
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.delivered import WrongDelivery, proxy, without


def fault() -> Fault:
    """Return the fault."""
    return WrongDelivery(
        "service-change-lost", "changes of Services: the nodes keep the old", proxy, lambda: without(_lost)
    )


def _lost(change: Change) -> bool:
    return change.obj["kind"] == "Service" and change.type == "MODIFIED"
