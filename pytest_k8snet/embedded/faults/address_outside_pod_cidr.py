"""The pods that are there have addresses outside the podCIDRs of their nodes."""

from __future__ import annotations

from pytest_k8snet.embedded.false_addresses import FalseAddresses
from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.addresses import Addresses
from pytest_k8snet.embedded.network.link import PodLink


def fault() -> Fault:
    """Return the fault."""
    return FalseAddresses("address-outside-pod-cidr", "pod addresses within podCIDR", _elsewhere)


def _elsewhere(cluster: Target) -> dict[PodLink, Addresses]:
    return {link: _moved(link.addresses) for _, link in cluster.network.links()}


def _moved(addresses: Addresses) -> Addresses:
    """The same host in a range that belongs to no node."""
    prefixes = {4: ("10.244.", "10.245."), 6: ("fd00:10:244:", "fd00:10:245:")}
    moved = ((version, address.replace(*prefixes[version], 1)) for version, address in addresses.by_version)
    return Addresses(tuple(moved))
