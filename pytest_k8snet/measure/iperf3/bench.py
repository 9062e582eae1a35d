"""The servers and clients of one process: Jobs on chosen nodes, started side by side and shared by all measurements."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.errors import ApiError, MeasurementError, NoVerdict
from pytest_k8snet.fleet import as_pod
from pytest_k8snet.kube import permissions
from pytest_k8snet.kube.client import KubeApi
from pytest_k8snet.kube.exec import exec_once
from pytest_k8snet.kube.logs import LogEnded, LogReader
from pytest_k8snet.kube.permissions import Permission
from pytest_k8snet.kube.pods import PodRequest
from pytest_k8snet.kube.wait import Deadline, ended, wait_for_job
from pytest_k8snet.measure.iperf3 import jobs
from pytest_k8snet.measure.iperf3.client import Client
from pytest_k8snet.probe.observation import Pod

POD_PORT = 5201
HOST_PORTS = range(20000, 23000)
"""Below those of NodePort Services and of the fleet. Chosen anew each time: two runs should not meet on a node."""

START_SECONDS = 120.0
LISTEN_SECONDS = 15.0
PROGRAM = "iperf3"

PERMISSIONS: tuple[Permission, ...] = (
    ("create", "batch", "jobs"),
    ("get", "", "pods/log"),
    *((verb, "", "services") for verb in ("delete", "patch")),
)
"""What measuring bandwidth does beside what every run does: verb, API group and resource."""


@dataclass(frozen=True)
class Site:
    """Where a server or a client runs: on a node, in the network of the node itself (``host``) or of a pod."""

    node: str
    host: bool = False

    def __str__(self) -> str:
        return f"{'host' if self.host else 'pod'} on {self.node}"


@dataclass(frozen=True)
class Server:
    """A server that listens; ``job`` is also the value of its pod's label k8snet.io/pod."""

    pod: Pod
    job: str


class Bench:
    """Starts what is asked for and not there yet. Get one from ``open_bench``."""

    def __init__(self, cluster: Cluster, ordinary: Namespace, hosts: Namespace, program: str = PROGRAM) -> None:
        self.namespace = ordinary
        self._cluster = cluster
        self._namespaces = {False: ordinary, True: hosts}
        self._program = program
        self._host_port = secrets.choice(HOST_PORTS)
        self._servers: dict[Site, Server] = {}
        self._clients: dict[Site, Client] = {}
        self._failed: NoVerdict | None = None
        self.versions: dict[str, str] = {}
        """The version of iperf3 by the name of each client's Job."""

    def start(self, servers: Collection[Site], clients: Collection[Site]) -> None:
        """Start servers and clients side by side and wait until all can be used.

        Raises:
            PodNotReady: one will not run, or did not in time, with the reason.
            MeasurementError: one runs and cannot be used, such as a server whose port somebody else has.

        What could not be started once is not tried again: it is told to everyone who asks for more than there is.
        """
        if {*servers} <= {*self._servers} and {*clients} <= {*self._clients}:
            return
        if self._failed is not None:
            raise self._failed
        try:
            self._start(servers, clients)
        except NoVerdict as error:
            self._failed = error
            raise

    def _start(self, servers: Collection[Site], clients: Collection[Site]) -> None:
        deadline = Deadline(START_SECONDS)
        new_servers = [site for site in dict.fromkeys(servers) if site not in self._servers]
        new_clients = [site for site in dict.fromkeys(clients) if site not in self._clients]
        for site in new_servers:
            self._create(site, jobs.server)
        for site in new_clients:
            self._create(site, jobs.client)
        for site in new_servers:
            self._servers[site] = self._server(site, deadline)
        for site in new_clients:
            self._clients[site] = self._client(site, deadline)

    def server(self, site: Site) -> Server:
        """Return the server of a site, started when it is not there yet."""
        self.start([site], [])
        return self._servers[site]

    def client(self, site: Site) -> Client:
        """Return the client of a site, started when it is not there yet."""
        self.start([], [site])
        return self._clients[site]

    def close(self) -> None:
        """End the streams; the Jobs go with their namespaces."""
        for client in self._clients.values():
            client.close()

    def _create(self, site: Site, manifest: jobs.Manifest) -> None:
        attachment = self._cluster.attachment
        port = self._host_port if site.host else POD_PORT
        serves = manifest is jobs.server
        request = PodRequest(
            self._name(site, serves),
            site.node,
            containers={jobs.CONTAINER: (port,) if serves else ()},
            host_network=site.host,
        )
        namespace = self._namespaces[site.host].name
        self._cluster.api.create(
            manifest(attachment.state.run_id, namespace, request, attachment.settings, self._program)
        )

    def _name(self, site: Site, serves: bool) -> str:
        number = [node.name for node in self._cluster.nodes].index(site.node) + 1
        return f"iperf3-{'server' if serves else 'client'}-{'host' if site.host else 'pod'}-n{number}"

    def _server(self, site: Site, deadline: Deadline) -> Server:
        name, namespace = self._name(site, True), self._namespaces[site.host].name
        obj = wait_for_job(self._cluster.api, namespace, name, deadline)
        self._listens(as_pod(obj))
        port = self._host_port if site.host else POD_PORT
        return Server(replace(as_pod(obj), port=port), name)

    def _listens(self, pod: Pod) -> None:
        """Wait until a server says that it listens."""
        attachment = self._cluster.attachment

        async def read() -> list[str]:
            log = LogReader(attachment.endpoint, pod.namespace, pod.name, jobs.CONTAINER)
            lines: list[str] = []
            try:
                while not (lines and lines[-1].startswith(jobs.LISTENING)):
                    lines.append(await log.line())
            except LogEnded:
                pass
            finally:
                await log.close()
            return lines

        try:
            lines = attachment.loop.run(read(), LISTEN_SECONDS)
        except TimeoutError:
            lines = [f"it did not listen within {LISTEN_SECONDS:g} s"]
        if not lines or not lines[-1].startswith(jobs.LISTENING):
            raise MeasurementError(
                f"the server {pod.namespace}/{pod.name} cannot be used: {'; '.join(lines) or 'it said nothing'}",
                hint=f"kubectl -n {pod.namespace} logs {pod.name}",
            )

    def _client(self, site: Site, deadline: Deadline) -> Client:
        name, api = self._name(site, False), self._cluster.api
        pod = as_pod(wait_for_job(api, self._namespaces[site.host].name, name, deadline))
        made = Client(self._cluster.attachment, pod.namespace, pod.name, lambda: _how_it_ended(api, pod))
        self.versions[name] = made.wait(LISTEN_SECONDS)
        return made


@contextmanager
def open_bench(cluster: Cluster, program: str = PROGRAM) -> Iterator[Bench]:
    """Make the namespaces, remove them in the end. Raises MeasurementError when there is no iperf3 in the image."""
    demand_program(cluster, program)
    with ExitStack() as stack:
        ordinary = stack.enter_context(cluster.namespace("bandwidth"))
        hosts = stack.enter_context(cluster.namespace("bandwidth of nodes", enforce="privileged"))
        made = Bench(cluster, ordinary, hosts, program)
        stack.callback(made.close)
        yield made


def demand_program(cluster: Cluster, program: str = PROGRAM) -> None:
    """Raise MeasurementError when the image of the probe pods, or this machine, has no iperf3."""
    attachment, pod = cluster.attachment, cluster.fleet.pods[0]
    command = ("sh", "-c", 'command -v "$0"', program)
    looking = exec_once(attachment.endpoint, pod.namespace, pod.name, pod.container, command)
    if attachment.loop.run(looking).exit_code:
        embedded = attachment.state.provider == "embedded"
        where = "this machine, whose programs the embedded cluster runs" if embedded else attachment.settings.image
        raise MeasurementError(
            f"there is no {program} in {where}, so bandwidth cannot be measured",
            hint=f"Install the package {program}."
            if embedded
            else "Choose an image that has it: --k8snet-image nicolaka/netshoot; or leave out -m performance.",
        )


def not_permitted(api: KubeApi) -> str:
    """Return what the credentials may not do of PERMISSIONS, in words, or ""."""
    return permissions.refused(api, PERMISSIONS, "measuring bandwidth needs")


def _how_it_ended(api: KubeApi, pod: Pod) -> str:
    try:
        return ended(api.get("v1", "Pod", pod.name, pod.namespace))
    except ApiError as error:
        if error.status == 404:
            return "the pod was deleted"
        raise
