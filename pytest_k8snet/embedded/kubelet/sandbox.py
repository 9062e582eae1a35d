"""A pod's surroundings: its network namespace and addresses, host name, files and volumes."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.container.spec import Bind, ContainerRoot
from pytest_k8snet.embedded.kubelet.environment import Lookup
from pytest_k8snet.embedded.kubelet.services import Services
from pytest_k8snet.embedded.kubelet.volumes import make_volumes, mounts_of, write_network_files
from pytest_k8snet.embedded.network.host import Host
from pytest_k8snet.embedded.network.netns import NetNs
from pytest_k8snet.embedded.network.node import Node, PodLink

PING_GROUPS = "net.ipv4.ping_group_range"


class Sandbox:
    """The surroundings of one pod on ``host``. ``addresses`` is empty until ``connect``."""

    def __init__(self, services: Services, pod: Obj, host: Host) -> None:
        self._services = services
        self._spec = pod["spec"]
        self._name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        self._folder = services.scratch / "pods" / pod["metadata"]["uid"]
        self._volumes: dict[str, Path] = {}
        self._binds: list[Bind] = []
        self.host = host
        self.link: PodLink | None = None
        self.host_network = bool(self._spec.get("hostNetwork"))
        self.hostname = host.name if self.host_network else self._spec.get("hostname") or pod["metadata"]["name"][:63]

    @property
    def netns(self) -> NetNs:
        """The network namespace that the containers run in."""
        if self.host_network:
            return self.host.netns
        assert self.link is not None, f"{self._name} is not connected"
        return self.link.netns

    @property
    def addresses(self) -> Sequence[str]:
        """The pod's addresses, the primary family first."""
        if self.host_network:
            return self.host.addresses.all
        return self.link.addresses.all if self.link else ()

    async def connect(self) -> None:
        """Give the pod its network: a namespace with an address, sysctls, hostPorts."""
        if not self.host_network:
            assert isinstance(self.host, Node), f"{self._name} is an ordinary pod on {self.host.name}"
            self.link = await self.host.attach(self._name)
            await self._apply_sysctls(self.link.netns)
        self._binds = write_network_files(
            self._folder / "etc", self.hostname, self.addresses, self._spec.get("hostAliases") or ()
        )

    async def disconnect(self) -> None:
        """Take the network away; the addresses are free again. Doing it twice is fine."""
        link, self.link = self.link, None
        if link is not None:
            assert isinstance(self.host, Node)
            await self.host.detach(link)

    def make_volumes(self, pod: Obj, lookup: Lookup) -> None:
        """Write the pod's volumes. Raises MountError."""
        self._volumes = make_volumes(pod, self._folder / "volumes", lookup)

    def root_for(self, container: Obj) -> ContainerRoot:
        """The file system of one container. Raises MountError."""
        binds = (*self._binds, *mounts_of(container, self._volumes))
        return ContainerRoot(self.hostname, str(self._services.scratch / "root"), binds)

    async def remove(self) -> None:
        """Take everything away."""
        await self.disconnect()
        await asyncio.get_running_loop().run_in_executor(None, self._remove_folder)

    def _remove_folder(self) -> None:
        if self._folder.exists():
            shutil.rmtree(self._folder)

    async def _apply_sysctls(self, netns: NetNs) -> None:
        context = self._spec.get("securityContext") or {}
        for entry in context.get("sysctls") or ():
            name, value = entry["name"], str(entry["value"])
            try:
                await netns.sysctl({name: value})
            except OSError:
                if name != PING_GROUPS:
                    raise
                # Without root there is one group only, that of everything in the cluster.
                await netns.sysctl({name: "0 0"})
