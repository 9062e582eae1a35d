"""What a finer check presumes: without it there is a skip that says which check fails, and no verdict."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.probe.observation import CONNECTS, Expectation, Expected, Pod, Probe, Protocol
from pytest_k8snet.services.presumed import AGAIN_SECONDS, Presumption

CLIENT = Pod("ns", "client", "node-1", ("10.244.1.9",))
PROBE = Probe(CLIENT, "10.96.0.7", 80, Protocol.TCP, "web:80")
ASKED = Expectation("a plain Service", {PROBE: Expected(CONNECTS)}, convergence=6.0)


class MadeUpProber:
    """Says of every table whether it comes true, and remembers how long it was given."""

    def __init__(self) -> None:
        self.comes_true = True
        self.given: list[float | None] = []

    def __call__(self, asked: Expectation) -> SimpleNamespace:
        self.given.append(asked.convergence)
        wrong = (PROBE, Expected(CONNECTS), None, "timeout instead of connected")
        return SimpleNamespace(seconds_to_converge=0.1 if self.comes_true else None, mismatches=lambda: [wrong])


@pytest.fixture
def prober() -> MadeUpProber:
    return MadeUpProber()


@pytest.fixture
def presume(prober: MadeUpProber) -> Presumption:
    cluster = SimpleNamespace(attachment=SimpleNamespace(prober=prober))
    return Presumption(cast(Cluster, cluster), (CLIENT,))


def test_what_comes_true_lets_the_check_go_on(presume: Presumption) -> None:
    presume.holds(ASKED, "SVC-001")


def test_what_does_not_come_true_is_a_skip_that_names_the_other_check(
    presume: Presumption, prober: MadeUpProber
) -> None:
    prober.comes_true = False
    with pytest.raises(pytest.skip.Exception) as skipped:
        presume.holds(ASKED, "SVC-001")
    assert str(skipped.value) == ("a plain Service: client -> web:80 tcp: timeout instead of connected; see SVC-001")


def test_what_had_its_time_is_waited_for_shortly_until_it_is_right_again(
    presume: Presumption, prober: MadeUpProber
) -> None:
    prober.comes_true = False
    with pytest.raises(pytest.skip.Exception):
        presume.holds(ASKED, "SVC-001")
    prober.comes_true = True
    presume.holds(ASKED, "SVC-001")
    presume.holds(ASKED, "SVC-001")
    assert prober.given == [6.0, AGAIN_SECONDS, 6.0]
