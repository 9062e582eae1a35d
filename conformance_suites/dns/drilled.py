"""What the checks with a Corefile of their own share: the upstream in a pod, and whether the Corefile has come."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from pytest_k8snet.dns.demands import Demand, answers
from pytest_k8snet.dns.drill import ZONE
from pytest_k8snet.dns.naming import Naming
from pytest_k8snet.dns.questions import Question
from pytest_k8snet.dns.resolving import Stub, records
from pytest_k8snet.dns.servers import Server
from pytest_k8snet.oracle.dns_records import Answer
from pytest_k8snet.probe.observation import Pod

READY, OTHER = Question(f"ready.{ZONE}", "A"), "192.0.2.200"


@dataclass(frozen=True)
class Drill:
    """A name server of our own, to which the name servers of the cluster forward the zone of the drill.

    ``text`` is the whole Corefile of the drill.
    ``replicas`` are those that are known to have the Corefile of the drill.
    """

    stub: Stub
    pod: Pod
    text: str
    replicas: set[Server] = field(default_factory=set)


def value(*addresses: str) -> Demand:
    """Demand some addresses of the stub."""
    return answers(Answer("NOERROR", "A", frozenset(addresses), "the upstream says so"))


def reloaded(naming: Naming, drill: Drill) -> None:
    """Wait until every replica has the Corefile of the drill; skip the test when one never has."""
    if drill.replicas >= {*naming.servers.replicas}:
        return
    drill.stub.serve({READY: records(READY, OTHER)})
    expected = naming.demanding("the changed Corefile", {READY: value(OTHER)}, servers=naming.servers.replicas)
    if naming(replace(expected, convergence=naming.reload_seconds)).seconds_to_converge is None:
        pytest.skip("the changed Corefile has not come to every replica; see DNS-100")
    drill.replicas.update(naming.servers.replicas)
