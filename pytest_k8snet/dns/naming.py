"""Asking name servers in a test: only those that answer at all, so that one promise is judged at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import pytest

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.dns import demands
from pytest_k8snet.dns.demands import ANY_ANSWER, Demand
from pytest_k8snet.dns.drill import RELOAD_SECONDS
from pytest_k8snet.dns.questions import KIND, UDP_TCP, Question, ask, expected_reply, table
from pytest_k8snet.dns.reply import Reply, reply_of
from pytest_k8snet.dns.servers import NameServers, Server
from pytest_k8snet.kube.wait import Deadline
from pytest_k8snet.oracle.dns_records import Zone
from pytest_k8snet.probe.observation import Expectation, Pod, Probe, Protocol
from pytest_k8snet.probe.table import TruthTable
from pytest_k8snet.probing import ATTEMPTS, Probing

Way = tuple[str, str, Protocol]
"""From a node to a server's address over a protocol."""

TRIES, TRIES_OF_FRONT = 3, 8
"""Questions to the address of the Service, behind which there are several servers: to judge it, and to rely on it."""
PATIENT = 10.0
"""Seconds: a profile that waits no longer than that for anything does not wait for a reload either."""
ROUNDS = 3
"""How often a way is tried before it counts as silent."""


class Silent:
    """The ways on which name servers were found not to answer; DNS-040 judges that, and other checks leave them out."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._known: dict[Way, bool] = {}

    def ways(self, probes: Iterable[Probe], domain: str) -> set[Way]:
        """Return those of the ways of some probes on which no answer comes, or not always."""
        wanted = {_way(probe): probe for probe in probes if _way(probe) not in self._known}
        for _ in range(ROUNDS if wanted else 0):
            answering = self._answering(wanted, domain)
            self._known |= dict.fromkeys(answering, False)
            wanted = {way: probe for way, probe in wanted.items() if way not in answering}
        self._known |= dict.fromkeys(wanted, True)
        return {way for way, silent in self._known.items() if silent}

    def _answering(self, wanted: Mapping[Way, Probe], domain: str) -> set[Way]:
        """Ask at once, and return the ways on which all questions are answered: not now this one and now that."""
        question = Question(domain, "SOA")
        tries = {
            ask(probe.source, _server(probe), probe.protocol, question): way
            for way, probe in wanted.items()
            for _ in range(1 if probe.target_node else TRIES_OF_FRONT)
        }
        expected = expected_reply(question, ANY_ANSWER)
        seen = self._cluster.attachment.prober.observe(tries)
        return wanted.keys() - {tries[probe] for probe in tries if expected.mismatch(probe, seen[probe])}


class Naming:
    """Questions of one test. Get it from the fixture ``naming`` of the DNS suite."""

    def __init__(self, cluster: Cluster, probing: Probing, servers: NameServers, silent: Silent, source: Pod) -> None:
        self._cluster = cluster
        self._probing = probing
        self._silent = silent
        self.servers = servers
        self.source = source
        for note in servers.notes:
            probing.note(note)

    @property
    def domain(self) -> str:
        """The cluster domain."""
        return self.servers.domain

    @property
    def patience(self) -> float:
        """How long in seconds the profile waits for something to come true."""
        return self._cluster.attachment.prober.patience.converge

    @property
    def reload_seconds(self) -> float:
        """How long a changed Corefile may take; a profile that has no patience, as that of calibrations, has less."""
        return RELOAD_SECONDS if self.patience >= PATIENT else 2 * self.patience

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of records with addresses of the families that pods have."""
        return tuple(KIND[family] for family in self._cluster.families)

    def demand_answers(self, pod: Pod) -> None:
        """Skip the test when a pod is not answered over UDP, which resolvers use, by what pods are told to ask."""
        asked = {Question(self.domain, "SOA"): ANY_ANSWER}
        self.demanding("any answer", asked, servers=self.servers.front, source=pod, protocols=[Protocol.UDP])

    def name(self, service: str, namespace: str) -> str:
        """Return the full name of a Service, without the dot at its end."""
        return f"{service}.{namespace}.svc.{self.domain}"

    def zone(self, *namespaces: str) -> Zone:
        """Return the oracle's records of the Services that some namespaces have now."""
        api = self._cluster.api
        services = [obj for namespace in namespaces for obj in api.objects("v1", "Service", namespace)]
        slices = [
            obj for namespace in namespaces for obj in api.objects("discovery.k8s.io/v1", "EndpointSlice", namespace)
        ]
        return Zone(self.domain, services, slices)

    def zone_with(self, name: str, addresses: Collection[str], namespace: str) -> Zone:
        """Return the records of a namespace once a name has just these addresses, or as they are when patience is over.

        A Pod is Ready, and gone, a moment before its EndpointSlices say so, and those of each family by themselves.
        """
        held: list[Zone] = []

        def come() -> bool:
            held[:] = [self.zone(namespace)]
            return set(addresses) == {value for kind in self.kinds for value in held[0].answer(name, kind).values}

        self.until(come, self.patience)
        return held[0]

    def by_value(self, title: str, zone: Zone, questions: Sequence[tuple[str, str]]) -> Expectation:
        """Expect of every server, over UDP and TCP, what the oracle says of each (name, kind)."""
        return self.demanding(
            title, {Question(name, kind): demands.answers(zone.answer(name, kind)) for name, kind in questions}
        )

    def demanding(
        self,
        title: str,
        questions: Mapping[Question, Demand],
        *,
        servers: Sequence[Server] = (),
        protocols: Sequence[Protocol] = UDP_TCP,
        source: Pod | None = None,
        echoed: bool = False,
    ) -> Expectation:
        """Expect what is demanded of the servers that answer at all; skip the test when there are none."""
        asked = table(title, [source or self.source], servers or self.servers.once, questions, protocols, echoed=echoed)
        silent = self._silent.ways(asked.cells, self.domain)
        cells = {probe: expected for probe, expected in asked.cells.items() if _way(probe) not in silent}
        if not cells:
            pytest.skip(f"{title}: no name server answers at all; see DNS-040")
        return replace(asked, cells=cells)

    def patiently(self, expected: Expectation, seconds: float) -> TruthTable:
        """Ask once with a time-out of so many seconds, where an answer may take long."""
        prober = self._cluster.attachment.prober
        patience = replace(prober.patience, timeout=seconds, converge=0.0, hold=0.0)
        return self._probing.judged(prober.with_patience(patience)(expected))

    def steadily(self, expected: Expectation, seconds: float) -> TruthTable:
        """Ask again and again for so many seconds, through which every answer must be as expected."""
        prober = self._cluster.attachment.prober
        patience = replace(prober.patience, attempts=ATTEMPTS, converge=0.0, hold=seconds)
        return self._probing.judged(prober.with_patience(patience)(expected))

    def glance(self, asked: Expectation) -> TruthTable:
        """Ask as a call does, for oneself: nothing of it comes into the report."""
        return self._cluster.attachment.prober(asked)

    def until(self, come: Callable[[], bool], seconds: float) -> bool:
        """Look again and again whether something has come; return whether it came within so many seconds."""
        deadline = Deadline(seconds)
        while not come():
            if not deadline.left():
                return False
            time.sleep(self._cluster.attachment.prober.patience.interval)
        return True

    def from_everywhere(self, title: str, sources: Iterable[Pod]) -> Expectation:
        """Expect any answer at all from every server to each source whose pods reach those of the server's node."""
        sources = tuple({source.node: source for source in sources}.values())
        tries = {Question(f"k8snet-{number}.{self.domain}", "A"): ANY_ANSWER for number in range(TRIES)}
        once = dict(list(tries.items())[:1])
        cells = table(title, sources, self.servers.replicas, once).cells
        asked = Expectation(title, {**cells, **table(title, sources, self.servers.front, tries).cells})
        kept = self._probing.on_working_paths(asked)
        # Behind the address of the Service is now this replica, now that one: all must be reached.
        lost = {(probe.source.node, probe.protocol) for probe in asked.cells.keys() - kept.cells.keys()}
        cells = {
            probe: expected
            for probe, expected in kept.cells.items()
            if probe.target_node or (probe.source.node, probe.protocol) not in lost
        }
        if not cells:
            pytest.skip(f"{title}: pods do not reach the nodes of the name servers at all; see MODEL-010 to 012")
        return replace(kept, cells=cells)

    def repeatedly(self, server: Server, question: Question, times: int) -> list[Reply]:
        """Return the answers of one server to one question that is asked several times at once, over TCP."""
        probes = [ask(self.source, server, Protocol.TCP, question) for _ in range(times)]
        seen = self._cluster.attachment.prober.observe(probes)
        return [reply for probe in probes if (reply := reply_of(seen[probe]))]

    def within(self, expected: Expectation, cached: int) -> Expectation:
        """Return an expectation that may take so much longer: servers remember for so many seconds."""
        return replace(expected, convergence=self.patience + cached) if cached else expected

    def load(self, server: Server, question: Question, sources: Iterable[Pod], at_once: int) -> list[float | None]:
        """Ask one question many times at once from each source; return how long each answer took in milliseconds.

        None stands for those that did not come.
        """
        probes = [ask(source, server, Protocol.UDP, question) for source in sources for _ in range(at_once)]
        seen = self._cluster.attachment.prober.observe(probes)
        return [seen[probe].millis if reply_of(seen[probe]) else None for probe in probes]

    def answering(self, servers: Iterable[Server], protocols: Sequence[Protocol] = UDP_TCP) -> list[Server]:
        """Return the servers that answer at all, over each of the protocols; skip the test when none does."""
        question = Question(self.domain, "SOA")
        asked = table("any answer", [self.source], servers := tuple(servers), {question: ANY_ANSWER}, protocols)
        silent = {address for _, address, _ in map(_way, asked.cells) if address}
        silent &= {
            address for _, address, protocol in self._silent.ways(asked.cells, self.domain) if protocol in protocols
        }
        found = [server for server in servers if server.address not in silent]
        return found or pytest.skip("no name server answers at all; see DNS-040")

    def __call__(self, expected: Expectation) -> TruthTable:
        """Ask until what comes equals the expectation and stays so, or its time is over.

        Who gets no answer asks again, as resolvers do (RFC 1035, 4.2.1): what gets lost is the business of DNS-110.
        """
        return self._probing.insisting(expected)


def _way(probe: Probe) -> Way:
    return probe.source.node, probe.address, probe.protocol


def _server(probe: Probe) -> Server:
    return Server(probe.column.partition(":")[0], probe.address, probe.target_node, ((probe.protocol, probe.port),))
