"""Reports to look at: made-up checks with truth tables, and a run of pytest that reports such checks."""

from __future__ import annotations

from collections.abc import Callable, Collection

import pytest

from pytest_k8snet.report.digest import summarise
from pytest_k8snet.report.figures import Measurement
from pytest_k8snet.report.outcome import CheckOutcome
from pytest_k8snet.report.record import (
    CellRecord,
    CheckRecord,
    CniRecord,
    Environment,
    ExpectedRecord,
    FleetRecord,
    NodeRecord,
    PodRecord,
    Report,
    SeenRecord,
    Summary,
    TableRecord,
)

Pair = tuple[int, int]


def _address(number: int) -> str:
    return f"10.244.{number % 3 + 1}.{number + 2}"


def _cell(source: int, target: int, *, ok: bool, port: int = 8080) -> CellRecord:
    name, address = f"probe-{target}", _address(source)
    seen = SeenRecord("connected", 0.8, 1, "", name, address)
    return CellRecord(
        source=PodRecord(f"probe-{source}", f"node-{source % 3 + 1}", [address]),
        column=name,
        address=_address(target),
        port=port,
        protocol="tcp",
        family="ipv4",
        expected=ExpectedRecord(["connected"], name, address, "pods reach each other without NAT"),
        seen=seen if ok else SeenRecord("timeout", 1001.4, 2, "no answer within 1 s"),
        ok=ok,
        mismatch="" if ok else "timeout instead of connected",
    )


@pytest.fixture
def make_table() -> Callable[..., TableRecord]:
    """A square table of probes; ``wrong`` are pairs of source and target."""

    def make(size: int = 9, wrong: Collection[Pair] = (), ports: Collection[int] = (8080,)) -> TableRecord:
        cells = [
            _cell(source, target, ok=(source, target) not in wrong, port=port)
            for source in range(size)
            for target in range(size)
            for port in ports
        ]
        converged = None if wrong else 0.31
        return TableRecord("every pod reaches every pod, tcp", not wrong, cells, converged, 3)

    return make


@pytest.fixture
def make_check() -> Callable[..., CheckRecord]:
    """A check; every field can be given."""

    def make(id: str = "MODEL-001", outcome: str = "passed", **fields: object) -> CheckRecord:
        given: dict[str, object] = {
            "area": id.partition("-")[0].lower(),
            "title": "Every pod reaches every other pod without NAT",
            "nodeid": f"model/test_mesh.py::test_{id}",
            "reason": "" if outcome == "passed" else f"the reason of {id}",
            "level": "core",
            "started": 1_795_000_000.5,
            "seconds": 1.25,
        }
        return CheckRecord(id=id, outcome=CheckOutcome(outcome), **given | fields)  # type: ignore[arg-type]

    return make


@pytest.fixture
def environment() -> Environment:
    """A cluster of three nodes."""
    return Environment(
        versions={"python": "3.11.7", "pytest": "9.2.0", "k8snet": "0.1.0", "kubernetes": "v1.34.0"},
        provider="existing",
        why_this_cluster="--k8snet-context kind-lab",
        context="kind-lab",
        nodes=[
            NodeRecord(
                f"node-{n}", "6.1.0", "Debian 12", "containerd://2.1", "v1.34.0", [f"10.0.0.{n}"], [f"10.244.{n}.0/24"]
            )
            for n in (1, 2, 3)
        ],
        cni=CniRecord("kindnet", "routed", "DaemonSet kube-system/kindnet"),
        families=["ipv4"],
        mtu=1500,
        fleet=[FleetRecord(f"probe-{n}", f"node-{n}", [_address(n)], host_network=n == 3) for n in (1, 2, 3)],
        capabilities={"sctp": "the nodes' kernels have no SCTP", "icmp": ""},
        seed=7,
        command_line="pytest --k8snet --k8snet-context kind-lab",
        run_id="a1b2c3",
    )


@pytest.fixture
def make_report(environment: Environment) -> Callable[..., Report]:
    """A report of the given checks, counted."""

    def make(*checks: CheckRecord, exit_status: int = 0, other: Summary | None = None) -> Report:
        counts = summarise(check.outcome for check in checks)
        return Report(1_795_000_000.0, 42.0, exit_status, counts, other or Summary(), environment, list(checks))

    return make


@pytest.fixture
def every_outcome(make_check: Callable[..., CheckRecord], make_table: Callable[..., TableRecord]) -> list[CheckRecord]:
    """One check of each outcome, in three areas."""
    return [
        make_check("MODEL-001", tables=[make_table()], measurements=[Measurement("rtt", 0.8, "ms")]),
        make_check(
            "MODEL-002",
            "failed",
            tables=[make_table(wrong={(1, 4), (2, 7), (8, 0)})],
            reason="3 of 81 cells differ (every pod reaches every pod, tcp): "
            "probe-1 to probe-4: timeout instead of connected",
            spec="https://kubernetes.io/docs/concepts/services-networking/#the-kubernetes-network-model",
            doc="Every pod can talk to every other pod on any node without NAT.",
            requires=["two_nodes"],
            params={"family": "ipv4", "protocol": "tcp"},
            evidence=["evidence/MODEL-002/node-2.pcap", "evidence/MODEL-002/routes.txt"],
            repeat="pytest --k8snet --k8snet-context kind-lab 'model/test_mesh.py::test_mesh[ipv4-tcp]'",
        ),
        make_check(
            "MODEL-003",
            "error",
            reason="AgentLost: the agent in k8snet-a1b2c3/probe-4 does not answer\nIs the node Ready?",
        ),
        make_check("DNS-001", "skipped", reason="ipv6: the cluster gives pods no IPv6 addresses"),
        make_check("POLICY-001", "xfailed", reason="known defect, until 2027-01-31"),
        make_check("POLICY-002", "xpassed", reason="known defect, until 2027-01-31"),
    ]


CONFTEST = """
import pytest
from pytest_k8snet.report.plugin_hooks import ReportPlugin, gives_verdicts
from pytest_k8snet.report.record import CheckRecord, Environment, TableRecord
from pytest_k8snet.report.record_key import RECORD
from pytest_k8snet.report.recording import RecordPlugin

def pytest_configure(config):
    config.addinivalue_line("markers", "check(id): a made-up check")
    if not gives_verdicts(config):
        return
    config.pluginmanager.register(RecordPlugin(config))
    if not hasattr(config, "workerinput"):
        environment = Environment(provider="embedded", context="<made up>", run_id="a1b2c3")
        config.pluginmanager.register(ReportPlugin(config.rootpath / "k8snet-report", lambda: environment))

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    marker = item.get_closest_marker("check")
    if marker:
        id = marker.args[0]
        item.stash[RECORD] = CheckRecord(id, id.partition("-")[0].lower(), "what " + id + " promises", item.nodeid)
    return (yield)

@pytest.fixture
def record(request):
    return request.node.stash[RECORD]

def table(*, ok):
    source = {"pod": "probe-a", "node": "node-1", "addresses": ["10.244.1.2"]}
    expected = {"outcomes": ["connected"], "server": "probe-b", "source": "", "because": "<b>always</b>"}
    seen = {"outcome": "connected" if ok else "timeout", "millis": 1.5}
    cell = {"source": source, "column": "probe-b", "address": "10.244.2.3", "port": 8080, "protocol": "tcp",
            "family": "ipv4", "expected": expected, "seen": seen, "ok": ok,
            "mismatch": "" if ok else "timeout instead of connected"}
    return TableRecord.from_basic({"title": "mesh <tcp>", "ok": ok, "cells": [cell], "seconds_to_converge": 0.25})

@pytest.fixture
def seen_right(record):
    record.tables.append(table(ok=True))

@pytest.fixture
def seen_wrong(record):
    record.tables.append(table(ok=False))
"""

IMPORTS = """
import os
import pytest
from pytest_k8snet.errors import AgentLost
"""


# The plugin under test is registered by CONFTEST; hypothesis would be imported anew by every run, which takes a second.
WITHOUT = ("-p", "no:k8snet", "-p", "no:hypothesispytest")


@pytest.fixture
def run(pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    """Run pytest over the text of a test module that reports made-up checks."""
    pytester.makeconftest(CONFTEST)

    def run(tests: str, *arguments: str, subprocess: bool = False) -> pytest.RunResult:
        pytester.makepyfile(test_checks=IMPORTS + tests)
        start = pytester.runpytest_subprocess if subprocess else pytester.runpytest_inprocess
        return start(*WITHOUT, *arguments)

    return run
