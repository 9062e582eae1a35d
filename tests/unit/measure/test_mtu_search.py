"""The search for a path's MTU finds it, whatever it is, in few rounds; differences of MTUs are named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.measure.mtu.overhead import explained, gain
from pytest_k8snet.measure.mtu.search import AT_ONCE, Search


def rounds_to_find(search: Search, path_mtu: int) -> int:
    rounds = 0
    while sizes := search.sizes():
        assert len(sizes) <= AT_ONCE
        for size in sizes:
            search.learn(size, arrived=size <= path_mtu)
        rounds += 1
    return rounds


@given(st.integers(576, 65_535).flatmap(lambda mtu: st.tuples(st.just(mtu), st.integers(576, mtu))))
def test_the_longest_packet_that_arrives_is_found(interface_and_path: tuple[int, int]) -> None:
    interface, path_mtu = interface_and_path
    search = Search(576, interface + 1)
    assert rounds_to_find(search, path_mtu) <= 8
    assert search.arrives == path_mtu


@given(st.integers(1, 9000))
def test_a_path_that_carries_all_is_known_after_one_round(interface: int) -> None:
    search = Search(min(576, interface), interface + 1)
    assert rounds_to_find(search, interface) == 1
    assert search.arrives == interface


def test_a_path_that_carries_not_even_the_smallest_is_said_to_carry_none() -> None:
    search = Search(1280, 1501)
    rounds_to_find(search, 1000)
    assert search.arrives == 0


@pytest.mark.parametrize(
    ("node", "pods", "said"),
    [
        (1500, 1450, "50 bytes smaller than the node's, as VXLAN or Geneve needs"),
        (1500, 1480, "20 bytes smaller than the node's, as IPIP needs"),
        (1500, 1440, "60 bytes smaller than the node's, as WireGuard needs"),
        (1500, 1420, "80 bytes smaller than the node's, as WireGuard over IPv6 needs"),
        (1500, 1430, "70 bytes smaller than the node's, as VXLAN over IPv6 or Geneve over IPv6 needs"),
        (1500, 1500, "no room for an encapsulation: as large as the node's"),
        (1500, 1400, "100 bytes smaller than the node's, 20 more than WireGuard over IPv6 needs"),
        (1500, 1490, "10 bytes smaller than the node's, less than any encapsulation needs"),
        (1450, 1500, "the pods' MTU is 50 bytes larger than the node's"),
    ],
)
def test_a_difference_of_mtus_is_explained(node: int, pods: int, said: str) -> None:
    assert explained(node, pods) == said


def test_what_a_larger_mtu_would_gain_is_said_in_packets() -> None:
    assert gain(1440, 1450) == "an MTU of 1450 in place of 1440 would move the same bytes in 0.7 % fewer packets"
    assert gain(1450, 1450) == ""
