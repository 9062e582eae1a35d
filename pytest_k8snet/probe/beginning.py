"""Tables of what pods saw from their start on: what must not connect must not have connected a single time."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping

from pytest_k8snet.errors import NoVerdict
from pytest_k8snet.probe.controls import unproved
from pytest_k8snet.probe.journals import Account, Journal, observed
from pytest_k8snet.probe.observation import Expectation, Expected, Observation, Outcome, Pod, Probe
from pytest_k8snet.probe.patience import Patience
from pytest_k8snet.probe.table import TruthTable

WATCH_SECONDS = 2.0
Read = Callable[[Collection[Pod]], Mapping[Pod, Journal]]


class Beginning:
    """Follows an expectation by the journals of its sources, and of the ``servers`` that its cells name.

    What must connect may take its time; what must not is judged by every attempt since the first.
    """

    def __init__(
        self,
        expectation: Expectation,
        servers: Collection[Pod],
        read: Read,
        patience: Patience,
        *,
        watch: float = WATCH_SECONDS,
    ) -> None:
        if missing := unproved(expectation):
            raise ValueError(f"the expectation {expectation.title!r} would prove nothing:\n" + "\n".join(missing))
        self._expectation = expectation
        self._servers = {pod.name: pod for pod in servers}
        self._sources = list(dict.fromkeys(probe.source for probe in expectation.cells))
        self._read = read
        self._patience = patience
        self._watch = watch
        self._accounts: dict[Probe, Account] = {}

    def table(self) -> TruthTable:
        """Return the table once every question was asked for a while and all that must connect has connected.

        Raises NoVerdict when a question was not asked at all.
        """
        deadline = time.monotonic() + self._patience.converge + self._watch
        rounds = 0
        while True:
            rounds += 1
            seen = self._look()
            wrong = [probe for probe, saw in seen.items() if self._expectation.cells[probe].mismatch(probe, saw)]
            late = time.monotonic() >= deadline
            if (self._watched() and not any(map(self._may_still_come_true, wrong))) or late:
                break
            time.sleep(self._patience.interval)
        self._demand_all()
        came_true = {probe: self._came_true(probe) for probe in seen if probe not in wrong}
        seconds = None if wrong else max(came_true.values())
        return TruthTable(self._expectation, seen, seconds, rounds=rounds, came_true=came_true)

    def _look(self) -> dict[Probe, Observation]:
        journals = self._read(list(dict.fromkeys([*self._sources, *self._servers.values()])))
        seen = {}
        for probe, expected in self._expectation.cells.items():
            if account := journals[probe.source].account(probe):
                self._accounts[probe] = account
                server = self._servers[expected.server or expected.target]
                seen[probe] = observed(account, journals[server].let_in(probe.source, probe))
        return seen

    def _watched(self) -> bool:
        return len(self._accounts) == len(self._expectation.cells) and all(
            account.watched >= self._watch for account in self._accounts.values()
        )

    def _may_still_come_true(self, probe: Probe) -> bool:
        return Outcome.CONNECTED in self._expectation.cells[probe].outcomes

    def _came_true(self, probe: Probe) -> float:
        account = self._accounts[probe]
        return account.connected_after - account.first if account.connected else 0.0

    def _demand_all(self) -> None:
        cells: Mapping[Probe, Expected] = self._expectation.cells
        for probe in cells:
            account = self._accounts.get(probe)
            if account is None or set(account.outcomes) == {Outcome.PROBE_ERROR}:
                why = "was not asked" if account is None else f"could not be asked: {account.last.detail}"
                raise NoVerdict(
                    f"no verdict on {self._expectation.title!r}: {probe.address} port {probe.port}/{probe.protocol} "
                    f"{why} by {probe.source.namespace}/{probe.source.name}",
                    hint="Pods say their first words when they are started with them; see PodRequest.first_words.",
                )
