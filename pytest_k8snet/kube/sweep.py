"""Removing what is ours, and only that: everything of a run lives in namespaces that carry its label."""

from __future__ import annotations

from pytest_k8snet.kube import labels
from pytest_k8snet.kube.client import KubeApi, Object
from pytest_k8snet.kube.restore import changed_config_maps, restore_config_map
from pytest_k8snet.kube.wait import Deadline, wait_until_gone

SWEEP_SECONDS = 60.0


def namespaces_of(api: KubeApi, run_id: str | None = None) -> list[Object]:
    """Return the namespaces of a run, or of all runs."""
    return api.objects("v1", "Namespace", labels=f"{labels.RUN}={run_id}" if run_id else labels.RUN)


def delete_run(api: KubeApi, run_id: str, *, seconds: float = SWEEP_SECONDS) -> list[str]:
    """Put back what a run has changed, delete its namespaces, and return those that are not gone in time."""
    for changed in changed_config_maps(api, run_id):
        restore_config_map(api, changed)
    return delete_namespaces(api, namespaces_of(api, run_id), seconds=seconds)


def delete_namespaces(api: KubeApi, namespaces: list[Object], *, seconds: float = SWEEP_SECONDS) -> list[str]:
    """Delete namespaces, wait until they are gone, and return the names of those that are not."""
    names = [namespace["metadata"]["name"] for namespace in namespaces]
    for name in names:
        # The namespace controller looks again only after seconds when it still finds pods: let them go first.
        api.delete_all("v1", "Pod", name, grace=0)
    for name in names:
        api.delete("v1", "Namespace", name)
    return wait_until_gone(api, names, Deadline(seconds))
