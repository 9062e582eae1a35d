"""The controllers of workloads: one file for each kind, and the loop that runs them."""

from pytest_k8snet.embedded.api.store import Store
from pytest_k8snet.embedded.controllers.daemonsets import DaemonSets
from pytest_k8snet.embedded.controllers.deployments import Deployments
from pytest_k8snet.embedded.controllers.jobs import Jobs
from pytest_k8snet.embedded.controllers.loop import ControlLoop
from pytest_k8snet.embedded.controllers.replicasets import ReplicaSets


def workloads(store: Store) -> ControlLoop:
    """Return the loop that runs the controllers of all workloads."""
    return ControlLoop(store, (Deployments(store), ReplicaSets(store), DaemonSets(store), Jobs(store)))
