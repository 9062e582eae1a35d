"""The controller of EndpointSlices never hears of pods that are new."""

from __future__ import annotations

from pytest_k8snet.embedded.api.store import Change
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.delivered import WrongDelivery, slice_controller, without
from pytest_k8snet.embedded.services.delivery import Deliver


def fault() -> Fault:
    """Return the fault."""
    return WrongDelivery("endpoints-new-pods-missing", "new pods behind Services", slice_controller, _make)


def _make() -> Deliver:
    unheard: set[str] = set()

    def lost(change: Change) -> bool:
        if change.obj["kind"] == "Pod" and change.type == "ADDED":
            unheard.add(change.obj["metadata"]["uid"])
        return change.obj["metadata"]["uid"] in unheard

    return without(lost)
