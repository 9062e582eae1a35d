"""A second hop is seen by who answers, by the address that it sees, and by packets on other nodes."""

from __future__ import annotations

import pytest

from pytest_k8snet.measure.tuning.second_hop import Answer, Hops

CLIENT = "192.0.2.1"
STAYED = Answer("node-1", "node-1", CLIENT)


def test_what_stays_and_shows_the_client_takes_none() -> None:
    hops = Hops(CLIENT, (STAYED, STAYED), {})
    assert hops.wrong() == []
    assert hops.second_hops == 0


@pytest.mark.parametrize(
    ("hops", "said"),
    [
        (
            Hops(CLIENT, (STAYED, Answer("node-1", "node-2", CLIENT)), {}),
            "a pod on node-2 answered what came to node-1",
        ),
        (Hops(CLIENT, (Answer("node-1", "node-1", "10.0.0.9"),), {}), "a pod on node-1 saw 10.0.0.9, not 192.0.2.1"),
        (Hops(CLIENT, (STAYED,), {"node-3": 2}), "2 packets were captured on node-3"),
    ],
    ids=["another node answers", "another source", "packets elsewhere"],
)
def test_each_trace_of_one_is_told(hops: Hops, said: str) -> None:
    assert hops.wrong() == [said]
