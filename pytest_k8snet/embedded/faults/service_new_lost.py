"""Nodes never hear of Services that are new."""

from __future__ import annotations

from pytest_k8snet.embedded.api.store import Change
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.delivered import WrongDelivery, proxy, without
from pytest_k8snet.embedded.services.delivery import Deliver


def fault() -> Fault:
    """Return the fault."""
    return WrongDelivery("service-new-lost", "new Services: nodes do not serve them", proxy, _make)


def _make() -> Deliver:
    unheard: set[str] = set()

    def lost(change: Change) -> bool:
        if change.obj["kind"] == "Service" and change.type == "ADDED":
            unheard.add(change.obj["metadata"]["uid"])
        return change.obj["kind"] == "Service" and change.obj["metadata"]["uid"] in unheard

    return without(lost)
