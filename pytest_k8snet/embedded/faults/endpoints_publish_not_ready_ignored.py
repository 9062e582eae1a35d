"""publishNotReadyAddresses counts for nothing: pods that are not ready are kept back."""

from __future__ import annotations

from pytest_k8snet.embedded.api.store import Change
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.delivered import WrongDelivery, slice_controller
from pytest_k8snet.embedded.services.delivery import Deliver, Receiver


def fault() -> Fault:
    """Return the fault."""
    breaks = "publishNotReadyAddresses"
    return WrongDelivery("endpoints-publish-not-ready-ignored", breaks, slice_controller, _make)


def _make() -> Deliver:
    return _without_the_field


def _without_the_field(change: Change, receive: Receiver) -> None:
    if change.obj["kind"] == "Service":
        spec = {**change.obj["spec"], "publishNotReadyAddresses": False}
        change = change._replace(obj={**change.obj, "spec": spec})
    receive(change)
