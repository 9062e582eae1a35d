"""Bandwidth on the embedded cluster: failures of iperf3 end in an error with its reason, a slow way is found."""

from __future__ import annotations

from pathlib import Path

from tests.embedded.runs.conftest import Foreign, Start

FAILURES = Path(__file__).parents[2] / "iperf3_failures.py"


def test_each_failure_of_a_measurement_is_told_with_its_reason(start: Start, foreign: Foreign) -> None:
    session = start(
        "-n0", "--k8snet", foreign.option, "test_failures.py", files={"test_failures.py": FAILURES.read_text()}
    )
    assert session.finish() == 0, session.text
    assert foreign.namespaces(session) == []


def test_the_one_slow_way_of_all_is_found_and_shown(start: Start) -> None:
    two_nodes = ("--k8snet-embedded-nodes=2", "--k8snet-embedded-family=ipv4", "--k8snet-fault=pods-slow-one-way")
    session = start("-n0", "--k8snet", "-m", "performance", "-k", "PERF-018 and ipv4", *two_nodes)
    assert session.finish() == 1, session.text
    (check,) = session.report["checks"]
    verdicts = {one["name"]: one["verdict"] for one in check["comparisons"]}
    assert [name for name, verdict in verdicts.items() if verdict == "fail"] == ["pods, node-2 -> node-1"]
    assert len(verdicts) == 4
    pods, nodes = check["matrices"]
    assert pods["rows"] == pods["columns"] == ["node-1", "node-2"]
    assert pods["values"][1][0] == min(value for row in pods["values"] for value in row)
    assert nodes["values"][1][0] > 3 * pods["values"][1][0]
    assert any(note.endswith("the nodes' own link is not") for note in check["notes"])
