"""Playing cases: step by step, from an arena in which everything connects back to such an arena.

A case is judged only on what connects without policies: anything else is a matter of the environment, for which other
checks fail. A table is probed until it is as the oracle says, and then held; how long that took is a result.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

import pytest

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.errors import AgentLost, PodNotReady
from pytest_k8snet.oracle.policy_world import Verdict
from pytest_k8snet.policy import by_hand
from pytest_k8snet.policy.arena import Arena
from pytest_k8snet.policy.cases import Case, CreatePod, Route, Step
from pytest_k8snet.policy.pace import Pace
from pytest_k8snet.policy.played import Asked, Played
from pytest_k8snet.policy.questions import Question, all_connect, as_the_oracle_says, questions
from pytest_k8snet.policy.world import NAMESPACES, PORTS, PROTOCOLS, after_step, judged
from pytest_k8snet.policy.world import PODS as NAMES
from pytest_k8snet.probe.observation import CONNECTS, Expectation, Probe
from pytest_k8snet.probe.prober import Prober
from pytest_k8snet.probe.table import TruthTable

PODS = {f"{namespace}/{name}" for namespace in NAMESPACES for name in NAMES}
PROVE_SECONDS = 3.0


class Witness(Protocol):
    """Asks the tables of a case and keeps what is to be known of it: ``Probing``, with the report of a test."""

    def __call__(self, expected: Expectation, /) -> TruthTable:
        """Probe a table."""

    def note(self, text: str, /) -> None:
        """Keep how the verdict came about."""

    def show(self, title: str, text: str, /) -> None:
        """Keep evidence."""

    def measured(self, name: str, value: float, unit: str, /) -> None:
        """Keep a number."""


@contextmanager
def open_stage(cluster: Cluster) -> Iterator[Stage]:
    """Give a stage in a cluster, and remove what it has made."""
    stage = Stage(Arena(cluster, "policy cases"), cluster.attachment.prober, cluster.missing)
    try:
        yield stage
    finally:
        stage.close()


class Stage:
    """An arena, and what connects in it when there are no policies. One in each process; ``close`` removes it.

    Protocols that are ``missing`` (sctp, with the reason) are left out of every table, and the table says so.
    """

    def __init__(self, arena: Arena, prober: Prober, missing: Mapping[str, str]) -> None:
        self._arena = arena
        self._prober = prober
        self._missing = {name: missing[name.lower()] for name in PROTOCOLS if name.lower() in missing}
        self._protocols = tuple(name for name in PROTOCOLS if name not in self._missing)
        self._proved: dict[Route, frozenset[Question]] = {}
        self._pace = Pace(prober.patience.hold)

    @property
    def prober(self) -> Prober:
        """What asks tables without keeping them."""
        return self._prober

    def verdict(self, case: Case, question: Question) -> Verdict:
        """Return what the oracle will say of a question at the end of a case, at the arena's present addresses."""
        state = self._arena.state
        for step in case.steps:
            state = after_step(state, step)
        return judged(state, *question).verdict

    def close(self) -> None:
        """Remove the arena; the next case makes a new one."""
        self._proved.clear()
        self._pace.forget()
        self._arena.close()

    def play(self, case: Case, probing: Witness) -> Played:
        """Play a case, once more in a new arena when a probe pod was lost on the way. Raises NoVerdict."""
        try:
            return self._judged(case, probing)
        except (AgentLost, PodNotReady) as error:
            probing.note(f"played again in a new arena, because a probe pod was lost: {error.message}")
            self.close()
            return self._judged(case, probing)

    def _judged(self, case: Case, probing: Witness) -> Played:
        """Play a case. Silence that outlasts its policies is tried without policies in a new arena."""
        played = self._played(case, probing)
        if played != case:
            self._show(played, probing)
        self._leave(played, probing)
        last = played.steps[-1]
        if played == case or last.leaks:
            return played
        broken = last.silent - self._ready(case.steps[len(played.steps) - 1].route)
        if not broken:
            return played
        probing.note(f"played again without {len(broken)} cells that do not connect without policies either")
        again = self._played(case, probing)
        self._leave(again, probing)
        return again

    def _played(self, case: Case, probing: Witness) -> Played:
        """Play all steps, to the first that goes wrong."""
        steps: list[Asked] = []
        connecting = open_before = frozenset[Question]().union(*(self._ready(step.route) for step in case.steps))
        try:
            for number, step in enumerate(case.steps, 1):
                for action in step.actions:
                    self._arena.perform(action)
                open_before -= _about_new_pods(open_before, step)
                title = f"{case.id} {number}. {step.title}"
                steps.append(asked := self._ask(title, step, open_before, connecting, probing))
                if asked.table.mismatches():
                    break
                self._measure(number, connecting, asked, probing)
                connecting = (connecting | asked.connecting) - asked.blocked
                open_before |= asked.connecting
        except BaseException:
            self.close()
            raise
        return Played(case, tuple(steps))

    def _show(self, played: Played, probing: Witness) -> None:
        probing.show("policies", by_hand.manifests(self._arena.state))
        image = self._arena.cluster.attachment.settings.image
        probing.show("the same by hand", by_hand.script(self._arena.state, played, image))

    def _ready(self, route: Route) -> frozenset[Question]:
        """Return what connects by a route in an arena without policies; build it and try that where needed."""
        self._arena.build()
        if route not in self._proved:
            asked = questions(self._arena, route, PORTS, self._protocols)
            everything = all_connect(f"no policy, by {route}", self._arena, asked, PROVE_SECONDS)
            table = self._prober(replace(everything, timeout=self._prober.patience.timeout))
            wrong = {probe for probe, *_ in table.mismatches()}
            self._proved[route] = frozenset(question for probe, question in asked.items() if probe not in wrong)
            self._pace.note(table)
        return self._proved[route]

    def _ask(
        self,
        title: str,
        step: Step,
        open_before: frozenset[Question],
        connecting: frozenset[Question],
        probing: Witness,
    ) -> Asked:
        protocols = [protocol for protocol in step.protocols if protocol in self._protocols]
        asked = questions(self._arena, step.route, step.ports, protocols)
        # A port that nobody serves and a pod that is new were not tried without policies; all others must have been.
        usable = {
            probe: question
            for probe, question in asked.items()
            if question in open_before or not self._was_tried(question)
        }
        expected = as_the_oracle_says(title, self._arena, usable, open_before)
        if not expected.cells:
            pytest.skip(f"{title}: nothing that it asks connects without policies; see MODEL-010 to 012")
        left_out = [f"{name} is not asked: {why}" for name, why in self._missing.items() if name in step.protocols]
        changing = {
            probe
            for probe, wanted in expected.cells.items()
            if (wanted.outcomes == CONNECTS) is not (usable[probe] in connecting)
        }
        table = probing(self._paced(replace(expected, notes=(*expected.notes, *left_out)), changing, step.route))
        self._pace.note(table)
        return Asked(table, usable)

    def _paced(self, expected: Expectation, changing: Collection[Probe], route: Route) -> Expectation:
        """Give what is expected the time that it needs in this arena."""
        paced = self._pace.given_to(expected, changing)
        if not changing:
            paced = replace(paced, hold=self._pace.hold)
        if route is Route.NAME:
            # How long a resolver takes is not known from how long its answers of before took.
            paced = replace(paced, timeout=self._prober.patience.timeout, glance=None)
        return paced

    def _was_tried(self, question: Question) -> bool:
        return question.port in PORTS and question.source in PODS and question.target in PODS

    def _measure(self, number: int, connecting: frozenset[Question], asked: Asked, probing: Witness) -> None:
        """Report how long the change took to hold where it closed connections, and where it opened them."""
        changes = {"enforce": asked.blocked & connecting, "release": asked.connecting - connecting}
        for what, changed in changes.items():
            if (seconds := asked.seconds(changed)) is not None:
                probing.measured(f"time to {what}, step {number}", round(seconds, 3), "s")

    def _leave(self, played: Played, probing: Witness) -> None:
        """Delete the policies of a case and see that what was closed in the end connects again, or close the arena."""
        if not played.case.only_policies:
            self.close()
            return
        try:
            self._arena.remove_policies()
            in_the_end = played.steps[-1].closed
            closed = {
                probe: question
                for route in {question.route for question in in_the_end} & self._proved.keys()
                for probe, question in questions(self._arena, route, PORTS, self._protocols).items()
                if question in in_the_end and question in self._proved[route]
            }
            if not closed:
                return
            gone = all_connect("policies gone", self._arena, closed)
            table = self._prober.once(self._pace.given_to(gone, closed))
        except BaseException:
            self.close()
            raise
        if table.mismatches():
            probing.note(f"{len(table.mismatches())} cells stayed closed after the policies were gone")
            self.close()
        elif (seconds := table.seconds_to_converge) is not None:
            probing.measured("time to release, policies gone", round(seconds, 3), "s")


def _about_new_pods(questions: frozenset[Question], step: Step) -> frozenset[Question]:
    """Return those that are about pods which a step has made and the arena has not by itself: they are others now."""
    new = {action.pod for action in step.actions if isinstance(action, CreatePod)} - PODS
    return frozenset(question for question in questions if new & {question.source, question.target})
