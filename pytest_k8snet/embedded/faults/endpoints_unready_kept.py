"""The controller of EndpointSlices never hears that a pod has stopped being ready."""

from __future__ import annotations

from pytest_k8snet.embedded.api.objects import is_terminating
from pytest_k8snet.embedded.api.store import Change
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.delivered import WrongDelivery, slice_controller, without
from pytest_k8snet.embedded.services.slices import is_ready


def fault() -> Fault:
    """Return the fault."""
    breaks = "the withdrawal of pods that are not ready any more from EndpointSlices"
    return WrongDelivery("endpoints-unready-kept", breaks, slice_controller, lambda: without(_lost))


def _lost(change: Change) -> bool:
    was_ready = change.previous is not None and is_ready(change.previous)
    is_pod = change.obj["kind"] == "Pod" and change.type == "MODIFIED"
    return is_pod and was_ready and not is_ready(change.obj) and not is_terminating(change.obj)
