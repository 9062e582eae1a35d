"""The address plan."""

from __future__ import annotations

import ipaddress

import pytest

from pytest_k8snet.embedded import ClusterOptions
from pytest_k8snet.embedded.network.addresses import NoAddress, PodAddressPool, fabric_addresses, pod_cidrs


def test_the_address_that_was_given_back_last_is_given_out_first() -> None:
    pool = PodAddressPool(1, (4, 6))
    first, second = pool.take(), pool.take()
    pool.give_back(first)
    pool.give_back(second)
    assert [pool.take(), pool.take()] == [second, first]


def test_addresses_are_within_the_cidr_of_their_node_and_unique() -> None:
    pool = PodAddressPool(7, (4, 6))
    taken = [pool.take() for _ in range(253)]
    for version, cidr in zip((4, 6), pod_cidrs(7, (4, 6)), strict=True):
        found = [addresses.get(version) for addresses in taken]
        assert len(set(found)) == len(found)
        assert all(ipaddress.ip_address(str(address)) in ipaddress.ip_network(cidr) for address in found)


def test_an_empty_pool_says_so() -> None:
    pool = PodAddressPool(1, (4,))
    for _ in range(253):
        pool.take()
    with pytest.raises(NoAddress, match="node 1 has no free pod address left in"):
        pool.take()


def test_an_address_is_not_given_back_twice() -> None:
    pool = PodAddressPool(1, (4,))
    address = pool.take()
    pool.give_back(address)
    pool.give_back(address)
    assert pool.take() == address
    assert pool.take() != address


@pytest.mark.parametrize(
    ("family", "found"),
    [("ipv4", ("10.200.0.3",)), ("ipv6", ("fd00:200::3",)), ("dual", ("10.200.0.3", "fd00:200::3"))],
)
def test_hosts_have_addresses_of_the_chosen_families(family: str, found: tuple[str, ...]) -> None:
    options = ClusterOptions.from_json(f'{{"family": "{family}"}}')
    assert fabric_addresses(3, options.families).all == found


@pytest.mark.parametrize(
    "wrong", [{"nodes": 0}, {"nodes": 201}, {"family": "ipv5"}, {"outside_hosts": -1}, {"domain": "a_b"}]
)
def test_a_shape_that_cannot_be_made_is_refused(wrong: dict[str, int | str]) -> None:
    with pytest.raises(ValueError, match=str(next(iter(wrong.values())))):
        ClusterOptions(**wrong)  # type: ignore[arg-type]
