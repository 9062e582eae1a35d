"""How long one policy table takes beside the time-out of its probes; most of its cells are blocked, so all wait for it.

    .venv/bin/pytest --k8snet -s benchmarks/policy_table.py [--k8snet-context NAME ...]

Nine pods ask nine pods at two ports in each protocol that they speak, under policies that deny all ingress. Prints
the median of five tables as a ratio to the time-out.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import replace

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.kube.wait import Deadline
from pytest_k8snet.policy.arena import Arena
from pytest_k8snet.policy.cases import Apply, Route
from pytest_k8snet.policy.questions import questions
from pytest_k8snet.policy.world import PORTS, PROTOCOLS
from pytest_k8snet.probe.observation import Outcome

TABLES = 5
ENFORCE_SECONDS = 60.0
BOUND = 1.2
DENY = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": {"podSelector": {}}}


def test_a_table_takes_little_more_than_the_time_out_of_its_probes(k8snet_cluster: Cluster) -> None:
    """Time tables of which every cell is blocked."""
    arena = Arena(k8snet_cluster, "benchmark")
    prober = k8snet_cluster.attachment.prober
    protocols = [name for name in PROTOCOLS if name.lower() not in k8snet_cluster.missing]
    try:
        arena.build()
        for space in arena.state.namespaces:
            arena.perform(Apply(DENY | {"metadata": {"namespace": space, "name": "deny"}}))
        asked = [
            probe
            for probe, question in questions(arena, Route.POD, PORTS, protocols).items()
            if question.family is k8snet_cluster.families[0]
        ]
        seconds: list[float] = []
        deadline = Deadline(ENFORCE_SECONDS)
        while len(seconds) < TABLES:
            assert deadline.left(), "the policies were not enforced"
            began = time.monotonic()
            seen = prober.observe(asked, replace(prober.patience, timeout=1.0))
            if all(saw.outcome is Outcome.TIMEOUT for saw in seen.values()):
                seconds.append(time.monotonic() - began)
    finally:
        arena.close()
    ratio = statistics.median(seconds)
    print(f"\n{len(asked)} cells, all blocked: {ratio:.2f} x the time-out of 1 s; the bound is {BOUND}")
    assert ratio <= BOUND
