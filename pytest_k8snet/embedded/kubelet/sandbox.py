"""A pod's surroundings: its network namespace and addresses, host name, files and volumes."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.container.spec import Bind, ContainerRoot
from pytest_k8snet.embedded.kubelet.environment import Lookup
from pytest_k8snet.embedded.kubelet.resolv_conf import cluster_dns, resolv_conf
from pytest_k8snet.embedded.kubelet.services import Services
from pytest_k8snet.embedded.kubelet.volumes import Volume, make_volumes, mounts_of, write_network_files
from pytest_k8snet.embedded.network.host import Host
from pytest_k8snet.embedded.network.link import PodLink, PodPort
from pytest_k8snet.embedded.network.netns import NetNs
from pytest_k8snet.embedded.network.node import Node

PING_GROUPS = "net.ipv4.ping_group_range"
EVERY_ADDRESS = ("0.0.0.0", "::")


class Sandbox:
    """The surroundings of one pod on ``host``. It has no addresses before ``connect`` and after ``disconnect``."""

    def __init__(self, services: Services, pod: Obj, host: Host) -> None:
        self._services = services
        self._spec = pod["spec"]
        self._namespace = pod["metadata"]["namespace"]
        self._name = f"{self._namespace}/{pod['metadata']['name']}"
        self._uid = pod["metadata"]["uid"]
        self._folder = services.scratch / "pods" / self._uid
        self._volumes: dict[str, Volume] = {}
        self._binds: list[Bind] = []
        self._separate: dict[str, PodLink] = {}
        self.host = host
        self.link: PodLink | None = None
        self.host_network = bool(self._spec.get("hostNetwork"))
        self.hostname = host.name if self.host_network else self._spec.get("hostname") or pod["metadata"]["name"][:63]

    @property
    def addresses(self) -> Sequence[str]:
        """The pod's addresses, the primary family first."""
        if self.host_network:
            return self.host.addresses.all
        return self.link.addresses.all if self.link else ()

    @property
    def separated(self) -> tuple[str, ...]:
        """The containers that a fault keeps in namespaces of their own."""
        return tuple(self._separate)

    async def connect(self) -> None:
        """Give the pod its network: a namespace with an address, sysctls, hostPorts."""
        if not self.host_network:
            self.link = await self._attach(tuple(_ports(self._spec)))
        aliases = self._spec.get("hostAliases") or ()
        self._binds = write_network_files(
            self._folder / "etc",
            self.hostname,
            self.addresses,
            aliases,
            self._resolv_conf(),
            host_network=self.host_network,
            domain=self._domain,
            change=partial(self._services.behaviour.written, self._spec),
        )

    async def disconnect(self) -> None:
        """Take the network away; the addresses are free again. Doing it twice is fine."""
        links = [link for link in (self.link, *self._separate.values()) if link is not None]
        self.link = None
        self._separate.clear()
        for link in links:
            await self._node.detach(link)

    async def network_of(self, container: str) -> tuple[NetNs, str]:
        """The namespace that a container runs in, and the address at which the kubelet probes it.

        It is the pod's, unless a fault keeps the containers apart: then all but the first get one of their own.
        """
        if self.host_network:
            return self.host.netns, self.host.addresses.primary
        first = container == self._spec["containers"][0]["name"]
        if self._services.behaviour.share_network or first:
            link = self.link
            if (old := self._separate.pop(container, None)) is not None:
                await self._node.detach(old)
        else:
            link = self._separate.get(container) or await self._attach(())
            self._separate[container] = link
        assert link is not None, f"{self._name} is not connected"
        return link.netns, link.addresses.primary

    async def change_address(self) -> None:
        """Give the pod another address from the pool; this happens by a fault only."""
        if self.link is not None:
            await self._node.readdress(self.link, self._node.pool.take())

    def make_volumes(self, pod: Obj, lookup: Lookup) -> None:
        """Write the pod's volumes. Raises MountError."""
        self._volumes = make_volumes(pod, self._folder / "volumes", lookup)

    def root_for(self, container: Obj) -> ContainerRoot:
        """The file system of one container. Raises MountError."""
        words = self.last_words(container)
        words.parent.mkdir(parents=True, exist_ok=True)
        words.write_bytes(b"")
        place = container.get("terminationMessagePath") or "/dev/termination-log"
        binds = (*self._binds, *mounts_of(container, self._volumes), Bind(str(words), place, read_only=False))
        return ContainerRoot(self.hostname, str(self._services.scratch / "root"), binds)

    def last_words(self, container: Obj) -> Path:
        """The file in which a container can say why it ended."""
        file: Path = self._folder / "last-words" / str(container["name"])
        return file

    async def remove(self) -> None:
        """Take everything away."""
        await self.disconnect()
        await asyncio.get_running_loop().run_in_executor(None, self._remove_folder)

    @property
    def _domain(self) -> str:
        """The domain of the pod's name; it has one when it has a subdomain."""
        subdomain = "" if self.host_network else self._spec.get("subdomain")
        return f"{subdomain}.{self._namespace}.svc.{self._services.domain}" if subdomain else ""

    def _resolv_conf(self) -> list[str]:
        network = self._services.network
        outside = next(iter(network.outside.values()), None)
        servers = (outside.addresses.primary,) if outside else ()
        server = cluster_dns(network.versions)[0]
        return resolv_conf(self._spec, self._namespace, self._services.domain, server, servers)

    @property
    def _node(self) -> Node:
        assert isinstance(self.host, Node), f"{self._name} is an ordinary pod on {self.host.name}"
        return self.host

    async def _attach(self, ports: Sequence[PodPort]) -> PodLink:
        link = await self._node.attach(self._name, ports, self._uid)
        try:
            await self._apply_sysctls(link.netns)
        except BaseException:
            await self._node.detach(link)
            raise
        return link

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


def _ports(spec: Obj) -> Iterator[PodPort]:
    for container in (*(spec.get("initContainers") or ()), *spec["containers"]):
        for port in container.get("ports") or ():
            address = port.get("hostIP") or ""
            yield PodPort(
                (port.get("protocol") or "TCP").lower(),
                int(port["containerPort"]),
                int(port.get("hostPort") or 0),
                "" if address in EVERY_ADDRESS else address,
            )
