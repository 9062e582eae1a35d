"""Each failure of an iperf3 server and its client ends in an error with its reason, on the embedded cluster."""

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
