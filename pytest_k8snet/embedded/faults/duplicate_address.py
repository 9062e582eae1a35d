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
    """Two pods of one node: an address of another node would be outside the podCIDR as well."""
    for node in cluster.network.nodes.values():
        if len(node.links) > 1:
            return {node.links[1]: node.links[0].addresses}
    raise NotPossible("it takes a node with two pods that are not in the host network")
