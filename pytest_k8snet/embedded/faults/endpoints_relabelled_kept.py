"""The controller of EndpointSlices never hears that a pod has other labels."""

from __future__ import annotations

from pytest_k8snet.embedded.api.objects import labels_of
from pytest_k8snet.embedded.api.store import Change
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.delivered import WrongDelivery, slice_controller, without


def fault() -> Fault:
    """Return the fault."""
    breaks = "pods that get other labels: Services keep or miss them"
    return WrongDelivery("endpoints-relabelled-kept", breaks, slice_controller, lambda: without(_lost))


def _lost(change: Change) -> bool:
    before = change.previous
    return change.obj["kind"] == "Pod" and before is not None and labels_of(before) != labels_of(change.obj)
