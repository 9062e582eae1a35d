"""Bandwidth of paths beside that of the nodes: measured once for each load, so that checks share the baseline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from functools import partial

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.errors import MeasurementError
from pytest_k8snet.kube.wait import Deadline
from pytest_k8snet.measure.iperf3 import pairs
from pytest_k8snet.measure.iperf3.bench import POD_PORT, Bench, Site
from pytest_k8snet.measure.iperf3.beside import beside
from pytest_k8snet.measure.iperf3.course import Course, Watch
from pytest_k8snet.measure.iperf3.loads import ONE_STREAM, Load
from pytest_k8snet.measure.iperf3.paths import Path, ends_of
from pytest_k8snet.measure.judged import Judged
from pytest_k8snet.measure.rounds import Plan
from pytest_k8snet.measure.verdict import Limit
from pytest_k8snet.probe.observation import Family, Protocol
from pytest_k8snet.probe.processors import Processors
from pytest_k8snet.services.served import Served, service

SERVICE = "iperf3"
PORTS = [
    {"name": protocol.value, "port": POD_PORT, "targetPort": POD_PORT, "protocol": protocol.upper()}
    for protocol in (Protocol.TCP, Protocol.UDP)
]
"""With UDP the node ports must be one: iperf3 sends its datagrams to the port that its control connection has."""


def watching(cluster: Cluster, nodes: Collection[str]) -> Watch:
    """Return what asks the fleet's agents how the processors of some nodes have spent their time."""
    agents = {pod.node: pod for pod in cluster.fleet.pods if pod.node in nodes}

    def watch() -> dict[str, Processors]:
        found = cluster.attachment.prober.processors(list(agents.values()))
        return {pod.node: processors for pod, processors in found.items()}

    return watch


class Bandwidth:
    """What the paths of a cluster carry. Whoever makes one closes it."""

    def __init__(self, cluster: Cluster, bench: Bench, plan: Plan) -> None:
        settings = cluster.attachment.settings
        self._cluster = cluster
        self._bench = bench
        self._plan = plan
        self._seconds = settings.profile_settings.measuring.transfer
        self._converge = settings.converge or settings.profile_settings.converge
        self._limits = {False: Limit(settings.least_bandwidth, "higher"), True: Limit(1 - settings.most_loss, "higher")}
        self._served: Served | None = None
        self._judged: dict[tuple[Load, Family, Path], Judged | MeasurementError] = {}
        self._courses: dict[tuple[Load, Family, Path], Course] = {}
        self._reached: defaultdict[Family, set[Path]] = defaultdict(set)
        self._stack = ExitStack()
        self.near, self.far = (node.name for node in (*cluster.nodes, cluster.nodes[0])[:2])

    def close(self) -> None:
        """Remove the Service."""
        self._stack.close()

    def judged(self, load: Load, path: Path, family: Family, among: Collection[Path] = ()) -> Judged:
        """Return what is judged of a path; where it was not yet, all of ``among`` are measured, in the same rounds.

        Raises:
            MeasurementError: a path could not be measured, or the nodes' own could not.

        """
        if (load, family, path) not in self._judged:
            self._measure(load, family, dict.fromkeys([path, *among]))
        found = self._judged[load, family, path]
        if isinstance(found, MeasurementError):
            raise found
        return found

    def course(self, load: Load, path: Path, family: Family) -> Course:
        """Return what was seen on a path that was measured."""
        return self._courses[load, family, path]

    def between(self, nodes: Sequence[str], family: Family) -> list[pairs.Streams]:
        """Measure one TCP stream between pods of each two of these nodes, and of each node.

        All pairs together are waited for as long as one path is.

        Raises:
            NoVerdict: a server or a client could not be started.

        """
        where = pairs.sites(nodes)
        self._bench.start(where, where)
        seconds, deadline = min(self._seconds, pairs.LONGEST_SECONDS), Deadline(self._converge)

        def opened(client: Site, server: Site) -> Course:
            pod = self._bench.server(server).pod
            watch = watching(self._cluster, {client.node, server.node})
            course = Course(self._bench.client(client), pod.address(family), pod.port, ONE_STREAM, seconds, watch)
            course.open(deadline.left())
            return course

        return pairs.between(nodes, opened, self._limits[False], self._plan)

    def _measure(self, load: Load, family: Family, wanted: Collection[Path]) -> None:
        ends = [ends_of(path, self.near, self.far) for path in (Path.HOSTS, *wanted)]
        self._bench.start([one.server for one in ends], [one.client for one in ends])
        subjects = {path.value: partial(self._open, load, path, family) for path in wanted}
        limit = self._limits[bool(load.manner.udp_rate)]
        found = beside(Path.HOSTS.value, partial(self._open, load, Path.HOSTS, family), subjects, limit, self._plan)
        self._judged |= {(load, family, Path(name)): one for name, one in found.items()}

    def _open(self, load: Load, path: Path, family: Family) -> Course:
        ends = ends_of(path, self.near, self.far)
        address, port = self._address(path, family)
        watch = watching(self._cluster, {ends.client.node, ends.server.node})
        course = Course(self._bench.client(ends.client), address, port, load, self._seconds, watch)
        self._courses[load, family, path] = course
        if path not in self._reached[family]:
            course.open(self._converge)
            self._reached[family].add(path)
        return course

    def lacks(self, path: Path, family: Family) -> str:
        """Return why there is no such path in a family, or ""."""
        for node in {self.near, self.far} - {*self.nodes_of(family)}:
            return f"node {node} has no {family} address, and {Path.HOSTS} is what {path} is measured beside"
        return ""

    def nodes_of(self, family: Family) -> list[str]:
        """Return the nodes that have an address of a family."""
        return [node.name for node in self._cluster.nodes if family in map(Family.of, node.addresses)]

    def _address(self, path: Path, family: Family) -> tuple[str, int]:
        if not path.by_service:
            pod = self._bench.server(ends_of(path, self.near, self.far).server).pod
            return pod.address(family), pod.port
        served = self._service()
        if path is Path.CLUSTER_IP:
            return served.cluster_address(family), POD_PORT
        (door,) = served.at_nodes({self.far: self._cluster.node(self.far).address(family)}, [Protocol.TCP])
        return door.address, door.port

    def _service(self) -> Served:
        """Return the Service of the pod on the far node, made when it is first needed."""
        if self._served is None:
            server = self._bench.server(ends_of(Path.CLUSTER_IP, self.near, self.far).server)
            made = service(
                self._bench.namespace,
                SERVICE,
                {"k8snet.io/pod": server.job},
                [server.pod],
                type="NodePort",
                ports=PORTS,
            )
            self._served = self._stack.enter_context(made)
        return self._served
