"""Each container of a new pod but the first gets a network namespace of its own."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target


class ContainersNotSharingNetns:
    """Holds for containers that start from now on. They get addresses of their own, so their probes succeed."""

    name = "containers-not-sharing-netns"
    breaks = "localhost between the containers of a pod"
    layer = "kubelet"

    async def apply(self, cluster: Target) -> None:
        """Separate the containers that start from now on."""
        cluster.kubelet.behaviour.share_network = False

    async def revert(self, cluster: Target) -> None:
        """Share again; containers that were separated are restarted into their pod's namespace."""
        cluster.kubelet.behaviour.share_network = True
        for worker in cluster.kubelet.workers:
            for name in worker.sandbox.separated:
                container = worker.container(name)
                if container is not None:
                    await container.stop(0.0)


def fault() -> Fault:
    """Return the fault."""
    return ContainersNotSharingNetns()
