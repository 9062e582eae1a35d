"""Asking "can A reach B?" in a test, with what was asked and seen kept for its report."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.presence import demand_pods
from pytest_k8snet.probe import paths
from pytest_k8snet.probe.facts import Facts
from pytest_k8snet.probe.observation import CONNECTS, Expectation, Expected, Family, Outcome, Pod, Protocol
from pytest_k8snet.probe.questions import permitted, reach
from pytest_k8snet.probe.table import TruthTable
from pytest_k8snet.report.figures import Measurement
from pytest_k8snet.report.record import TableRecord
from pytest_k8snet.report.record_key import RECORD

PATH_SECONDS = 2.0
ATTEMPTS = 3
"""How often is asked within one round what meets silence, where silence once is no answer."""


class Probing:
    """Probes for one test. Get it from the fixture ``k8snet_probe``."""

    def __init__(self, cluster: Cluster, item: pytest.Item) -> None:
        self._cluster = cluster
        self._item = item

    def __call__(self, expected: Expectation) -> TruthTable:
        """Probe until what is seen equals the expectation and stays so, or its time is over.

        Compare the result with the expectation: ``assert probe(expected) == expected``.

        Raises:
            AgentLost: a probe pod did not answer, so there is no verdict.
            PodNotReady: a pod of the fleet that a wrong cell concerns is gone, so neither.

        """
        return self._recorded(self._cluster.attachment.prober(expected))

    def from_the_start(self, expected: Expectation, servers: Iterable[Pod]) -> TruthTable:
        """Judge what pods asked by themselves from their first packet on, and what ``servers`` let in.

        For pods that were started with ``first_words`` or ``call_back`` (PodRequest). What must not connect must not
        have connected once. Compare the result with the expectation, as for a call.
        """
        return self._recorded(self._cluster.attachment.prober.from_the_start(expected, tuple(servers)))

    def insisting(self, expected: Expectation) -> TruthTable:
        """Probe as a call does, but in each round ask again what meets silence.

        For where a refusal is demanded: every kernel limits how many ICMP errors it sends (RFC 1812, 4.3.2.8;
        icmp_ratelimit of Linux: to each host six at once and then one a second), and TCP may be refused by one.
        Whoever is left hanging stays so. And for where clients ask again themselves, as resolvers do.
        """
        prober = self._cluster.attachment.prober
        return self._recorded(prober.with_patience(replace(prober.patience, attempts=ATTEMPTS))(expected))

    def judged(self, table: TruthTable) -> TruthTable:
        """Put a table into the report that was probed in another way than by a call."""
        return self._recorded(table)

    def _recorded(self, table: TruthTable) -> TruthTable:
        if (record := self._item.stash.get(RECORD, None)) is not None:
            record.tables.append(TableRecord.from_basic(table.as_record()))
        if wrong := table.mismatches():
            # Not in the assertion's explanation: pytest cuts that off after eight lines.
            self._item.add_report_section("call", "truth table", "\n".join(table.explain()))
            attachment = self._cluster.attachment
            demand_pods(attachment.api, attachment.state, ((probe, expected) for probe, expected, *_ in wrong))
        return table

    def presume_open(self, pods: Sequence[Pod], family: Family, protocols: Collection[Protocol]) -> None:
        """Skip the test when the pods, under no policy, do not all reach each other by their own addresses.

        Then other checks fail, and nothing could be said of a policy that forbids some of it.
        """
        asked = reach("under no policy", pods, pods, family, protocols, unchanged_source=True)
        prober = self._cluster.attachment.prober
        table = prober(replace(asked, convergence=PATH_SECONDS))
        if any(seen.outcome is Outcome.REFUSED for _, _, seen, _ in table.mismatches()):
            # No path is broken: the program in a new pod does not listen yet.
            table = prober(replace(asked, convergence=prober.patience.agent))
        if wrong := table.mismatches():
            probe, _, _, why = wrong[0]
            pytest.skip(f"{probe.source.name} -> {probe.column} under no policy: {why}; see MODEL-010 to 015")

    def on_working_paths(self, expected: Expectation) -> Expectation:
        """Leave out what goes between nodes whose pods do not reach each other at all; other checks fail for those.

        Skips the test when nothing would be left.
        """
        fleet = self._cluster.fleet.pods
        tried = paths.samples(fleet, map(paths.path_of, expected.cells))
        attachment = self._cluster.attachment
        left_out = paths.broken(tried, attachment.prober.observe(tried))
        if left_out - attachment.broken_paths:
            connects = Expectation("paths", {probe: Expected(CONNECTS) for probe in tried}, convergence=PATH_SECONDS)
            left_out = paths.broken(tried, attachment.prober(connects).seen)
        attachment.broken_paths = left_out | (attachment.broken_paths - set(tried.values()))
        kept = paths.without(expected, left_out)
        if not kept.cells:
            pytest.skip(f"{expected.title}: the pods that it asks do not reach each other at all; see MODEL-010 to 012")
        return kept

    def facts(self, pods: Iterable[Pod]) -> Mapping[Pod, Facts]:
        """Return what each pod says of itself: addresses, links, routes, its network namespace."""
        return self._cluster.attachment.prober.facts(tuple(pods))

    def note(self, text: str) -> None:
        """Put a sentence into the report: what people should know of how the verdict came about."""
        if (record := self._item.stash.get(RECORD, None)) is not None:
            record.notes.append(text)

    def show(self, title: str, text: str) -> None:
        """Put evidence into the report, and into what the terminal shows of a test that fails."""
        self._item.add_report_section("call", title, text)
        if (record := self._item.stash.get(RECORD, None)) is not None:
            record.evidence.append(text)

    def write(self, name: str, text: str) -> Path:
        """Write a file into the folder of the report, which then names it, and return its path."""
        settings = self._cluster.attachment.settings
        file = settings.root / settings.report / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        self.show("written", str(file))
        return file

    def measured(self, name: str, value: float, unit: str) -> None:
        """Put a number into the report."""
        if (record := self._item.stash.get(RECORD, None)) is not None:
            record.measurements.append(Measurement(name, value, unit))

    def timed(self, what: str, expected: Expectation) -> TruthTable:
        """Probe as a call does, and put into the report how long it took to come true after what happened just now."""
        table = self(expected)
        if table.seconds_to_converge is not None:
            self.measured(f"time until {what}", round(table.seconds_to_converge, 3), "s")
        return table

    def expectation(
        self,
        *,
        allowed: Iterable[tuple[Pod, Pod]] = (),
        blocked: Iterable[tuple[Pod, Pod]] = (),
        protocol: Protocol = Protocol.TCP,
    ) -> Expectation:
        """Return the expectation that the ``allowed`` pairs (source, target) connect and the ``blocked`` ones do not.

        A blocked source that is not allowed to reach anything is also asked to reach a pod of the fleet, so that a pod
        that reaches nothing at all cannot pass as blocked. Each blocked target must be reached by an allowed source.
        """
        family, control = self._cluster.families[0], self._cluster.fleet.pods[0]
        return permitted("allowed and blocked", family, (protocol,), allowed=allowed, blocked=blocked, control=control)
