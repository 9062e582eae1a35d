"""The cluster inside its namespaces: puts network, containers, control loops and API together and serves."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

from pytest_k8snet.embedded.api.bootstrap import SERVICE_NETWORKS, new_store
from pytest_k8snet.embedded.api.runtime import Process
from pytest_k8snet.embedded.api.server import make_app, serve
from pytest_k8snet.embedded.api.store import Store
from pytest_k8snet.embedded.api.tls import LOOPBACK, make_identity
from pytest_k8snet.embedded.api_service import api_objects, known_as, serve_inside
from pytest_k8snet.embedded.container.client import ZygoteClient
from pytest_k8snet.embedded.controllers import workloads
from pytest_k8snet.embedded.dns.installation import dns_objects, offer_api, upstream_container
from pytest_k8snet.embedded.injection import Fault, Injector, Target, catalogue
from pytest_k8snet.embedded.kubeconfig import kubeconfig
from pytest_k8snet.embedded.kubelet.behaviour import Behaviour
from pytest_k8snet.embedded.kubelet.events import EventRecorder
from pytest_k8snet.embedded.kubelet.kubelet import Kubelet
from pytest_k8snet.embedded.kubelet.nodes import node_object, node_status
from pytest_k8snet.embedded.kubelet.outside import OUTSIDE_NAMESPACE, outside_pod, python_path
from pytest_k8snet.embedded.kubelet.resolv_conf import cluster_dns
from pytest_k8snet.embedded.kubelet.scheduler import Scheduler
from pytest_k8snet.embedded.kubelet.services import Services, Signal
from pytest_k8snet.embedded.kubelet.tasks import Tasks
from pytest_k8snet.embedded.network.state import network_state
from pytest_k8snet.embedded.network.topology import Network
from pytest_k8snet.embedded.options import ClusterOptions
from pytest_k8snet.embedded.policy.controller import PolicyController
from pytest_k8snet.embedded.services.control import ServiceControl


class Cluster:
    """One running cluster; what the API calls its ``Runtime``."""

    def __init__(
        self,
        store: Store,
        network: Network,
        zygote: ZygoteClient,
        scratch: Path,
        service_networks: Sequence[str],
        known: Mapping[str, Fault],
        domain: str,
    ) -> None:
        self.store = store
        self.network = network
        self.tasks = Tasks()
        events = EventRecorder(store, "kubelet")
        services = Services(store, network, zygote, events, self.tasks, scratch, Signal(), Behaviour(), domain)
        self._domain = domain
        self.kubelet = Kubelet(services)
        self._policies = PolicyController(store, network)
        self._services = ServiceControl(store, network, service_networks)
        self._injector = Injector(
            Target(store, network, self.kubelet, self._policies, self._services.proxy, self._services.slices), known
        )
        self._scheduler = Scheduler(store, EventRecorder(store, "default-scheduler"))

    def start(self, api_folder: Path) -> None:
        """Make the objects of a new cluster and start the control loops. ``api_folder`` leads pods to the API."""
        for node in self.network.nodes.values():
            self.store.create("nodes", node_object(node, self.network.pod_network.name))
            self.store.set_status("nodes", node.name, "", node_status(node))
        self.store.create("namespaces", {"metadata": {"name": OUTSIDE_NAMESPACE}})
        for host in self.network.outside.values():
            self.store.create("pods", outside_pod(host, upstream_container(python_path())))
        addresses = cluster_dns(self.network.versions)
        of_dns = dns_objects(self.network, self._domain, addresses, api_folder, python_path())
        for obj in (*api_objects(self.network), *of_dns):
            self.store.create(f"{obj['kind'].lower()}s", obj)
        self.tasks.start(self._policies.run())
        self.tasks.start(self._services.run())
        self.tasks.start(self.kubelet.follow_pods())
        self.tasks.start(workloads(self.store).run())
        for plural in ("configmaps", "secrets"):
            self.tasks.start(self.kubelet.follow_config(plural))
        for plural in ("pods", "nodes"):
            self.tasks.start(self._scheduler.follow(plural))

    async def exec(
        self, namespace: str, pod: str, container: str, argv: Sequence[str], *, stdin: bool = False, tty: bool = False
    ) -> Process:
        """Start a command in a container."""
        return await self.kubelet.exec(namespace, pod, container, argv, stdin=stdin, tty=tty)

    def logs(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        follow: bool,
        tail: int | None,
        previous: bool,
        timestamps: bool,
    ) -> AsyncIterator[bytes]:
        """The output of a container."""
        return self.kubelet.logs(
            namespace, pod, container, follow=follow, tail=tail, previous=previous, timestamps=timestamps
        )

    async def network_state(self) -> dict[str, list[str]]:
        """What the kernel knows of the network."""
        return await network_state(self.network)

    def list_faults(self) -> list[dict[str, object]]:
        """Every known fault."""
        return self._injector.describe()

    async def inject(self, name: str) -> None:
        """Put a fault into the cluster."""
        await self._injector.inject(name)

    async def restore(self, name: str) -> None:
        """Take a fault out again."""
        await self._injector.restore(name)


async def run_cluster(
    options: ClusterOptions,
    run_dir: Path,
    scratch: Path,
    listener: socket.socket,
    channel: socket.socket,
    announce: Callable[[dict[str, object]], None],
) -> None:
    """Build the cluster, serve its API on ``listener``, ``announce`` it, and run until the zygote is lost."""
    loop = asyncio.get_running_loop()
    known = catalogue(options.faults_from)
    zygote = ZygoteClient(channel)
    identity = loop.run_in_executor(None, make_identity, *LOOPBACK, *known_as())
    network = await Network.build(options, scratch)
    token = secrets.token_urlsafe(32)
    service_networks = [cidr for cidr in SERVICE_NETWORKS if (6 if ":" in cidr else 4) in options.families]
    cluster = Cluster(new_store(service_networks), network, zygote, scratch, service_networks, known, options.domain)
    made = await identity
    runner = await serve(make_app(cluster.store, cluster, token, ca_pem=made.ca_pem), listener, made)
    api_folder = scratch / "api"
    await offer_api(runner, token, api_folder)
    await serve_inside(runner, network, made)
    cluster.start(api_folder)
    path = run_dir / "kubeconfig"
    path.touch(mode=0o600)
    server = f"https://127.0.0.1:{listener.getsockname()[1]}"
    path.write_text(kubeconfig(server, made.ca_pem, token))
    announce({"kubeconfig": str(path), "server": server, "token": token, "ca": made.ca_pem})
    await zygote.lost
