"""The pods behind the Services that checks make and remove: started once in each process, never changed by a check."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.errors import ApiError
from pytest_k8snet.kube import permissions
from pytest_k8snet.kube.client import KubeApi
from pytest_k8snet.kube.permissions import Permission
from pytest_k8snet.kube.pods import PodRequest
from pytest_k8snet.probe.observation import Pod
from pytest_k8snet.services.served import Served, endpoints, external, manifest, service

REFUSED = (403, 422)
BACKEND = "k8snet.io/backend"
PLACE = "k8snet.io/place"
PERMISSIONS: tuple[Permission, ...] = (
    *((verb, "", "services") for verb in ("create", "delete", "get", "patch")),
    ("patch", "", "pods"),
    *((verb, "discovery.k8s.io", "endpointslices") for verb in ("create", "delete", "list", "patch")),
    *((verb, "apps", "deployments") for verb in ("create", "get", "patch")),
)
"""What the checks of Services do beside what every run does: verb, API group and resource."""

OF_BALANCERS: tuple[Permission, ...] = (("patch", "", "services/status"),)
"""Needed by the check alone that says, in place of a load balancer, which addresses a Service has."""


@dataclass(frozen=True)
class Group:
    """Some of the backends, and the labels by which a Service selects them."""

    selector: dict[str, str]
    pods: tuple[Pod, ...]


class Backends:
    """One pod on each node, and a second one on the first."""

    def __init__(self, namespace: Namespace, pods: tuple[Pod, ...]) -> None:
        self.namespace = namespace
        self.all = Group({BACKEND: "yes"}, pods)
        self.on_first_node = Group({PLACE: "1"}, tuple(pod for pod in pods if pod.node == pods[0].node))
        self.one = Group({"k8snet.io/pod": pods[0].name}, pods[:1])
        self._numbers = count(1)

    def service(self, group: Group | None = None, **spec: Any) -> AbstractContextManager[Served]:
        """Make a Service for a group, all backends unless one is named. More by the fields of a Service's spec."""
        chosen = group or self.all
        return service(self.namespace, f"front-{next(self._numbers)}", chosen.selector, chosen.pods, **spec)

    @contextmanager
    def if_taken(self, group: Group | None = None, **spec: Any) -> Iterator[Served]:
        """Make a Service as ``service`` does; skip the check where the API refuses it, or leaves a field of it out."""
        with ExitStack() as stack:
            try:
                made = stack.enter_context(self.service(group, **spec))
            except ApiError as error:
                if error.status not in REFUSED:
                    raise
                pytest.skip(f"this cluster takes no Service with {', '.join(spec)}: {error}")
            if left_out := [field for field in spec if field not in made.spec]:
                pytest.skip(f"this cluster's API leaves out {', '.join(left_out)} of a Service")
            yield made

    def changed(self, served: Served, **spec: Any) -> Served:
        """Give a Service of all backends another specification."""
        obj = self.namespace.apply(manifest(served.name, self.all.selector, **spec))
        return Served(obj, served.endpoints)

    def named(self, served: Served, target: str) -> None:
        """Make a Service another name for ``target``."""
        self.namespace.apply(external(served.name, target))

    @contextmanager
    def external_name(self, target: str) -> Iterator[Served]:
        """Make a Service that is another name for ``target``, and that can become one of all backends."""
        wanted = external(f"front-{next(self._numbers)}", target)
        try:
            yield Served(self.namespace.apply(wanted), endpoints(self.all.pods))
        finally:
            self.namespace.remove(wanted)

    def without_selector(self, **spec: Any) -> AbstractContextManager[Served]:
        """Make a Service that selects nothing; that all backends are behind it is the business of its slices."""
        return service(self.namespace, f"front-{next(self._numbers)}", None, self.all.pods, **spec)


@contextmanager
def open_backends(cluster: Cluster) -> Iterator[Backends]:
    """Start the pods in a namespace of their own, and remove them in the end."""
    with cluster.namespace("services") as namespace:
        wanted = [
            PodRequest(f"backend-{place}{letter}", node.name, labels={BACKEND: "yes", PLACE: str(place)})
            for place, node in enumerate(cluster.nodes, 1)
            for letter in ("ab" if place == 1 else "a")
        ]
        yield Backends(namespace, namespace.start(*wanted))


def not_permitted(api: KubeApi, wanted: tuple[Permission, ...] = PERMISSIONS) -> str:
    """Return what the credentials may not do of what is wanted, in words, or ""."""
    return permissions.refused(api, wanted, "the checks of Services need")
