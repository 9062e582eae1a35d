"""The Kubernetes network model as pure functions.

Source: https://kubernetes.io/docs/concepts/services-networking/#the-kubernetes-network-model
"""

from __future__ import annotations

from dataclasses import dataclass

UNDEFINED = ""


@dataclass(frozen=True)
class Party:
    """One end of a connection. ``address`` is its own address in the family that is asked about."""

    name: str
    node: str
    address: str
    host_network: bool = False


@dataclass(frozen=True)
class Verdict:
    """What the model says: who must answer, the source that it must see (UNDEFINED: the model leaves it open), why."""

    answered_by: str
    source: str
    because: str


def direct(source: Party, target: Party) -> Verdict:
    """Say what a connection from one pod to the address of another must see."""
    if source.host_network:
        return Verdict(
            target.name,
            UNDEFINED,
            "a node reaches every pod; which of its addresses it uses is its own affair",
        )
    if target.host_network:
        return Verdict(
            target.name,
            UNDEFINED,
            "a pod reaches every node; the model promises an unchanged source only between pods",
        )
    where = "itself" if source.name == target.name else "its node" if source.node == target.node else "another node"
    return Verdict(target.name, source.address, f"pods reach all pods without NAT, here on {where}")
