"""A rule with a port allows that port for every protocol."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.altered import with_ports
from pytest_k8snet.embedded.policy.rewritten import RewrittenWorld
from pytest_k8snet.embedded.policy.world import NamedPort, Pod, World

PROTOCOLS = ("TCP", "UDP", "SCTP")


def fault() -> Fault:
    """Return the fault."""
    return RewrittenWorld(
        "policy-any-protocol", "the protocol of a port in NetworkPolicies", lambda cluster: _rewritten
    )


def _rewritten(world: World) -> World:
    return replace(world, policies=tuple(map(_any_protocol, world.policies)), pods=tuple(map(_declaring, world.pods)))


def _any_protocol(policy: Obj) -> Obj:
    return with_ports(policy, lambda port: [{**port, "protocol": protocol} for protocol in PROTOCOLS])


def _declaring(pod: Pod) -> Pod:
    """A named port has its number for every protocol."""
    ports = (NamedPort(port.name, protocol.lower(), port.number) for port in pod.ports for protocol in PROTOCOLS)
    return replace(pod, ports=tuple(ports))
