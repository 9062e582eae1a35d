"""A stage without a cluster: an arena that exists as data, and a network that does what a test says."""

from __future__ import annotations

from collections.abc import Callable, Collection
from types import SimpleNamespace

from pytest_k8snet.policy.cases import Action, CreatePod, DeletePolicy
from pytest_k8snet.policy.simulation import located_somewhere
from pytest_k8snet.policy.world import State, after, symbolic_arena
from pytest_k8snet.probe.course import Course
from pytest_k8snet.probe.observation import (
    CONNECTS,
    Expectation,
    Family,
    Identity,
    Observation,
    Outcome,
    Pod,
    Probe,
)
from pytest_k8snet.probe.patience import Patience
from pytest_k8snet.probe.table import TruthTable

QUICK = Patience(timeout=0.1, converge=0.03, hold=0.0, interval=0.005, agent=0.05)
SILENT = Observation(Outcome.TIMEOUT, 100.0, detail="no answer")


def connected(probe: Probe) -> Observation:
    """The pod that was asked answers."""
    name = probe.column.partition(":")[0].replace("/", "-")
    server = Identity(name, "node-1", "abc", (probe.address,), probe.source.addresses[0], 40000)
    return Observation(Outcome.CONNECTED, 1.0, server=server)


Defect = Callable[[Probe, "MadeUpArena"], Observation | None]


class MadeUpArena:
    """Does to its state what the real one does to a cluster."""

    def __init__(self) -> None:
        settings = SimpleNamespace(image="probe:latest")
        attachment = SimpleNamespace(settings=settings)
        self.cluster = SimpleNamespace(families=(Family.IPV4, Family.IPV6), attachment=attachment)
        self.built = 0
        self.performed: list[Action] = []
        self.state: State = symbolic_arena()
        self._open = False

    @property
    def pods(self) -> dict[str, Pod]:
        return {
            name: Pod(f"k8snet-{self.built}-{name[0]}", name.replace("/", "-"), pod.node, pod.addresses)
            for name, pod in self.state.pods.items()
        }

    def build(self) -> None:
        if not self._open:
            self._open = True
            self.built += 1
            self.state = symbolic_arena()

    def close(self) -> None:
        self._open = False

    def perform(self, action: Action) -> None:
        self.performed.append(action)
        self.state = after(self.state, action)
        if isinstance(action, CreatePod):
            self.state = located_somewhere(self.state, action.pod)

    def remove_policies(self) -> None:
        for name in list(self.state.policies):
            self.perform(DeletePolicy(name))

    def service_name(self, pod: str) -> str:
        return f"{pod.replace('/', '-')}.svc"


class MadeUpNetwork:
    """Sees what is expected, but for a defect. ``tables`` are the titles of what it was asked."""

    def __init__(self, arena: MadeUpArena) -> None:
        self.defect: Defect = lambda probe, arena: None
        self.tables: list[str] = []
        self.patience = QUICK
        self._arena = arena

    def __call__(self, expectation: Expectation) -> TruthTable:
        return self._table(expectation)

    def once(self, expectation: Expectation) -> TruthTable:
        return self._table(expectation, once=True)

    def _table(self, expectation: Expectation, *, once: bool = False) -> TruthTable:
        self.tables.append(expectation.title)

        def observe(probes: Collection[Probe], _: Patience) -> dict[Probe, Observation]:
            return {probe: self.defect(probe, self._arena) or self._as_expected(expectation, probe) for probe in probes}

        return Course(expectation, observe, self.patience, once=once).run()

    @staticmethod
    def _as_expected(expectation: Expectation, probe: Probe) -> Observation:
        expected = expectation.cells[probe]
        if expected.outcomes != CONNECTS:
            return SILENT
        server = Identity(expected.server, "node-1", "abc", (probe.address,), probe.source.addresses[0], 40000)
        return Observation(Outcome.CONNECTED, 1.0, server=server)


class Notebook:
    """What a check would have in its report."""

    def __init__(self, prober: MadeUpNetwork) -> None:
        self._prober = prober
        self.notes: list[str] = []
        self.shown: dict[str, str] = {}
        self.measurements: list[str] = []

    def __call__(self, expectation: Expectation) -> TruthTable:
        return self._prober(expectation)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def show(self, title: str, text: str) -> None:
        self.shown[title] = text

    def measured(self, name: str, value: float, unit: str) -> None:
        self.measurements.append(name)
