"""What the network model says of one connection: https://kubernetes.io/docs/concepts/services-networking/."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.oracle.pod_network import UNDEFINED, Party, direct

PARTIES = st.builds(
    Party,
    name=st.sampled_from(["a", "b", "c"]),
    node=st.sampled_from(["node-1", "node-2"]),
    address=st.sampled_from(["10.0.0.1", "fd00::1", UNDEFINED]),
    host_network=st.booleans(),
)


@given(source=PARTIES, target=PARTIES)
def test_whoever_is_asked_answers_itself_and_the_reason_is_said(source: Party, target: Party) -> None:
    verdict = direct(source, target)
    assert verdict.answered_by == target.name
    assert verdict.because


@given(source=PARTIES, target=PARTIES)
def test_between_pods_the_source_is_never_changed(source: Party, target: Party) -> None:
    promised = not source.host_network and not target.host_network
    assert direct(source, target).source == (source.address if promised else UNDEFINED)


@pytest.mark.parametrize(
    ("source", "where"),
    [
        (Party("a", "node-1", "10.0.0.1"), "itself"),
        (Party("b", "node-1", "10.0.0.2"), "its node"),
        (Party("c", "node-2", "10.0.0.3"), "another node"),
    ],
)
def test_the_reason_tells_which_path_it_is(source: Party, where: str) -> None:
    because = direct(source, Party("a", "node-1", "10.0.0.1")).because
    assert because == f"pods reach all pods without NAT, here on {where}"


def test_the_reason_for_an_open_source_names_whose_affair_it_is() -> None:
    pod, host = Party("a", "node-1", "10.0.0.1"), Party("h", "node-1", "10.200.0.1", host_network=True)
    assert "a node reaches every pod" in direct(host, pod).because
    assert "a pod reaches every node" in direct(pod, host).because
    assert "a node reaches every pod" in direct(host, host).because
