"""What is said of a connection that was open when something happened."""

from __future__ import annotations

import pytest

from pytest_k8snet.flows import Report


@pytest.mark.parametrize(
    ("report", "cut", "said"),
    [
        (Report(5.0, (0.1, 2.0, 4.9)), False, "was kept for the 3.0 s that it was watched"),
        (Report(5.0, (0.1, 1.9, 2.25)), True, "carried nothing any more after 250 ms"),
        (Report(5.0, (0.1, 1.9)), True, "carried nothing any more after 0 ms"),
        (Report(5.0, (0.1, 2.4), "ECONNRESET: reset"), True, "ended after 400 ms (ECONNRESET: reset)"),
    ],
)
def test_what_became_of_a_connection_counts_from_what_happened(report: Report, cut: bool, said: str) -> None:
    assert report.cut is cut
    assert report.course(since=2.0) == said
