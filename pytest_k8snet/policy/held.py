"""Connections that are open while policies change: what becomes of them is told, not judged.

NetworkPolicy leaves open whether a connection that a policy forbids after it was opened is cut or goes on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.flows import Held, Report, open_flow
from pytest_k8snet.probe.observation import Family, Pod, Protocol
from pytest_k8snet.probing import Probing

WATCH_SECONDS = 1.5


@contextmanager
def held_open(cluster: Cluster, probing: Probing, source: Pod, target: Pod, family: Family, why: str) -> Iterator[None]:
    """Hold a TCP connection and a flow of UDP open through the body, in which ``why`` happens; report what became."""
    flows = tuple(
        open_flow(cluster, source, target.address(family), target.port, protocol)
        for protocol in (Protocol.TCP, Protocol.UDP)
    )
    ages = [flow.report().age for flow in flows]
    yield
    for flow, since in zip(flows, ages, strict=True):
        report = _watched(flow, since + WATCH_SECONDS)
        probing.note(f"the {flow.protocol} connection that was open when {why} {report.course(since)}")
        if report.cut:
            probing.measured(
                f"{flow.protocol} carried on after {why}", round(max(0.0, report.answers[-1] - since), 3), "s"
            )
        flow.report(release=True)


def _watched(flow: Held, age: float) -> Report:
    while (report := flow.report()).age < age:
        time.sleep(min(0.1, age - report.age))
    return report
