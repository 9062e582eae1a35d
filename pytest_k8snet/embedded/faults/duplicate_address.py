"""Two pods have one address."""

from __future__ import annotations

from pytest_k8snet.embedded.false_addresses import FalseAddresses
from pytest_k8snet.embedded.injection import Fault, NotPossible, Target
from pytest_k8snet.embedded.network.addresses import Addresses
from pytest_k8snet.embedded.network.link import PodLink


def fault() -> Fault:
    """Return the fault."""
    return FalseAddresses("duplicate-address", "the uniqueness of pod addresses", _one_for_two)


def _one_for_two(cluster: Target) -> dict[PodLink, Addresses]:
    links = [link for _, link in cluster.network.links()]
    if len(links) < 2:
        raise NotPossible("it takes two pods that are not in the host network")
    return {links[-1]: links[0].addresses}
