"""Pods, policies and short ways to write them, for the tests of the policy oracle."""

from __future__ import annotations

from typing import Any

from pytest_k8snet.oracle.network_policy import judge
from pytest_k8snet.oracle.policy_world import Connection, Judgement, NamedPort, Party, World

NAMESPACES = {name: {"ns": name, "kubernetes.io/metadata.name": name} for name in ("x", "y", "z")}
PORTS = tuple(
    NamedPort(f"serve-{number}-{protocol.lower()}", protocol, number)
    for number in (80, 81)
    for protocol in ("TCP", "UDP", "SCTP")
)
NODES = {"x": "n1", "y": "n2", "z": "n3"}


def pod(namespace: str, name: str, version: int = 4, **changes: Any) -> Party:
    """Return a pod of the usual nine: its namespace decides its node and with its name its address."""
    number = 1 + "xyz".index(namespace) * 16 + "abc".index(name)
    address = f"10.0.0.{number}" if version == 4 else f"fd00::{number:x}"
    facts = {"labels": {"pod": name}, "ports": PORTS, "node": NODES[namespace]} | changes
    return Party(name, address, namespace, **facts)


XA, XB, YB, YC, ZC = pod("x", "a"), pod("x", "b"), pod("y", "b"), pod("y", "c"), pod("z", "c")
NODE_1 = Party("n1", "172.18.0.1", node="n1", host_network=True)
NODE_2 = Party("n2", "172.18.0.2", node="n2", host_network=True)
HOST_POD = Party("agent", "172.18.0.2", "y", {"pod": "b"}, PORTS, "n2", host_network=True)
OUTSIDE = Party("internet", "192.0.2.1")


def policy(namespace: str = "x", name: str = "base", **spec: Any) -> dict[str, Any]:
    """Return a NetworkPolicy; the spec is written in the words of the API."""
    return {"metadata": {"namespace": namespace, "name": name}, "spec": {"podSelector": {}} | spec}


def ingress(*rules: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """Return a policy named base in x with these ingress rules."""
    return policy(policyTypes=["Ingress"], ingress=list(rules), **spec)


def egress(*rules: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """Return a policy named base in x with these egress rules."""
    return policy(policyTypes=["Egress"], egress=list(rules), **spec)


def world(*policies: dict[str, Any]) -> World:
    """Return the three namespaces with these policies."""
    return World(policies, NAMESPACES)


def asked(policies: Any, source: Party, target: Party, port: int = 80, protocol: str = "TCP") -> Judgement:
    """Judge a connection under policies."""
    return judge(world(*policies), Connection(source, target, protocol, port))
