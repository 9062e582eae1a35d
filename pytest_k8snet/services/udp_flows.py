"""Flows of UDP through a Service whose endpoints change under them."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.flows import Held, open_flow
from pytest_k8snet.kube.wait import Deadline
from pytest_k8snet.probe.observation import Family, Pod, Protocol
from pytest_k8snet.probing import Probing
from pytest_k8snet.services.served import Served


def moved_to(
    cluster: Cluster,
    probing: Probing,
    clients: Collection[Pod],
    served: Served,
    family: Family,
    change: Callable[[], None],
    later: Pod,
) -> dict[Pod, str]:
    """Open a flow from each client, make the ``change``, and return who answers each flow in the end.

    The end is when all are answered by ``later``, or when the time to converge is over.
    """
    (door,) = served.inside(family, [Protocol.UDP])
    flows = {pod: open_flow(cluster, pod, door.address, door.port, door.protocol) for pod in clients}
    change()
    began, deadline = time.monotonic(), Deadline(cluster.attachment.prober.patience.converge)
    answered = {pod: _last(flow) for pod, flow in flows.items()}
    while set(answered.values()) != {later.name} and deadline.left():
        time.sleep(0.1)
        answered = {pod: _last(flow) for pod, flow in flows.items()}
    probing.measured("time until UDP flows have moved", round(time.monotonic() - began, 3), "s")
    for flow in flows.values():
        flow.report(release=True)
    return answered


def _last(flow: Held) -> str:
    return flow.report().servers[-1]
