"""Questions about addresses that need no packet: each returns what is wrong, so that nothing is an empty dict."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Collection

from pytest_k8snet.probe.facts import Facts
from pytest_k8snet.probe.observation import Pod
from pytest_k8snet.state import Node


def own(facts: Facts) -> frozenset[str]:
    """Return the addresses that a pod finds on its interfaces, but for loopback and link-local ones."""
    return frozenset(found.address for found in facts.addresses if found.scope == "global" and found.dev != "lo")


def shared(pods: Collection[Pod]) -> dict[str, list[str]]:
    """Return the addresses that more than one pod has, with the pods' names. hostNetwork pods may share."""
    owners: dict[str, list[str]] = defaultdict(list)
    for pod in pods:
        for address in pod.addresses if not pod.host_network else ():
            owners[address].append(f"{pod.namespace}/{pod.name} on {pod.node}")
    return {address: names for address, names in owners.items() if len(names) > 1}


def outside_pod_cidr(pods: Collection[Pod], nodes: Collection[Node]) -> dict[str, str]:
    """Return the pods with an address outside the podCIDRs of their node.

    A node without a podCIDR of the address's family asks nothing: its CNI gives addresses by rules of its own.
    """
    cidrs = {node.name: [ipaddress.ip_network(cidr) for cidr in node.pod_cidrs] for node in nodes}
    wrong = {}
    for pod in pods:
        for address in map(ipaddress.ip_address, pod.addresses):
            ours = [cidr for cidr in cidrs[pod.node] if cidr.version == address.version]
            if ours and not any(address in cidr for cidr in ours):
                wrong[f"{pod.name} {address}"] = f"not within {', '.join(map(str, ours))} of {pod.node}"
    return wrong


def not_of_node(pods: Collection[Pod], nodes: Collection[Node]) -> dict[str, str]:
    """Return the hostNetwork pods with an address that is not an InternalIP of their node."""
    owned = {node.name: node.addresses for node in nodes}
    return {
        f"{pod.name} {address}": f"not one of {', '.join(owned[pod.node])} of {pod.node}"
        for pod in pods
        for address in pod.addresses
        if address not in owned[pod.node]
    }
