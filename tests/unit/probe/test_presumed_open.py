"""What is presumed before a policy is judged: that its pods reach each other without it."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from pytest_k8snet.probe.course import Course
from pytest_k8snet.probe.observation import Expectation, Family, Identity, Observation, Outcome, Pod, Probe, Protocol
from pytest_k8snet.probe.patience import Patience
from pytest_k8snet.probe.table import TruthTable
from pytest_k8snet.probing import PATH_SECONDS, Probing

REFUSED = Observation(Outcome.REFUSED, 1.0, detail="refused")
SILENT = Observation(Outcome.TIMEOUT, 100.0, detail="no answer")


class StartingPods:
    """A prober of pods that answer so only after some seconds."""

    patience = Patience(timeout=0.1, hold=0.0, interval=0.05, agent=2 * PATH_SECONDS)

    def __init__(self, before: Observation, seconds: float) -> None:
        self._before = before
        self._begin = time.monotonic() + seconds
        self._pods: dict[str, Pod] = {}

    def __call__(self, expected: Expectation) -> TruthTable:
        def observe(probes: object, patience: Patience) -> dict[Probe, Observation]:
            return {probe: self._seen(probe) for probe in expected.cells}

        return Course(expected, observe, self.patience).run()

    def _seen(self, probe: Probe) -> Observation:
        if time.monotonic() < self._begin:
            return self._before
        server = Identity(probe.column, "node-1", "abc", (probe.address,), probe.source.addresses[0], 40000)
        return Observation(Outcome.CONNECTED, 1.0, server=server)


@pytest.fixture
def presume(pods: list[Pod], request: pytest.FixtureRequest) -> Callable[[StartingPods], None]:
    def presume_open(prober: StartingPods) -> None:
        cluster = SimpleNamespace(attachment=SimpleNamespace(prober=prober))
        Probing(cluster, request.node).presume_open(pods, Family.IPV4, (Protocol.TCP,))

    return presume_open


def test_pods_whose_program_does_not_listen_yet_are_waited_for(presume: Callable[[StartingPods], None]) -> None:
    presume(StartingPods(REFUSED, seconds=1.2 * PATH_SECONDS))


def test_a_path_that_is_silent_skips_soon(presume: Callable[[StartingPods], None]) -> None:
    began = time.monotonic()
    with pytest.raises(pytest.skip.Exception, match="under no policy: timeout instead of connected; see MODEL-010"):
        presume(StartingPods(SILENT, seconds=3 * PATH_SECONDS))
    assert time.monotonic() - began < 1.5 * PATH_SECONDS
