"""The pods that are there have an address of the first family only, although the cluster is dual-stack."""

from __future__ import annotations

from pytest_k8snet.embedded.false_addresses import FalseAddresses
from pytest_k8snet.embedded.injection import Fault, NotPossible, Target
from pytest_k8snet.embedded.network.addresses import Addresses
from pytest_k8snet.embedded.network.link import PodLink


def fault() -> Fault:
    """Return the fault."""
    return FalseAddresses("second-family-missing", "the second address of dual-stack pods", _first_family)


def _first_family(cluster: Target) -> dict[PodLink, Addresses]:
    if len(cluster.network.versions) < 2:
        raise NotPossible("the cluster is not dual-stack")
    return {link: Addresses(link.addresses.by_version[:1]) for _, link in cluster.network.links()}
