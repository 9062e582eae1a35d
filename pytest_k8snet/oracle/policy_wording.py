"""The oracle's sentences: what a rule allows, why it allows a connection, and why no rule does."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_k8snet.oracle.policy_rules import PEERS, Finding, View
from pytest_k8snet.oracle.policy_world import Manifest, Verdict, World
from pytest_k8snet.oracle.selectors import labels_written, written


def policy_name(policy: Manifest) -> str:
    """Return ``namespace/name``."""
    return f"{policy['metadata']['namespace']}/{policy['metadata']['name']}"


def rule_name(finding: Finding, view: View) -> str:
    """Return how a rule is called: ``x/base ingress rule 0``."""
    return f"{policy_name(finding.policy)} {view.direction.lower()} rule {finding.index}"


def peers_written(finding: Finding, view: View) -> str:
    """Return the peers of a rule in words."""
    peers: Sequence[Manifest] = finding.rule.get(PEERS[view.direction]) or ()
    own = finding.policy["metadata"]["namespace"]
    return " or ".join(_peer(peer, own) for peer in peers) if peers else "every peer"


def _peer(peer: Manifest, own_namespace: str) -> str:
    if block := peer.get("ipBlock"):
        left_out = ", ".join(block.get("except") or ())
        return f"{block['cidr']} except {left_out}" if left_out else str(block["cidr"])
    pods, namespaces = written(peer.get("podSelector") or {}), peer.get("namespaceSelector")
    which = f"pods with {pods}" if pods else "all pods"
    if namespaces is None:
        return f"{which} in {own_namespace}"
    where = written(namespaces)
    return f"{which} in namespaces with {where}" if where else f"{which} in all namespaces"


def ports_written(finding: Finding) -> str:
    """Return the ports of a rule in words: ``TCP 80, UDP 53-80, every SCTP port``."""
    ports: Sequence[Manifest] = finding.rule.get("ports") or ()
    return ", ".join(_port(port) for port in ports) if ports else "every port"


def _port(port: Manifest) -> str:
    protocol, number = port.get("protocol") or "TCP", port.get("port")
    if number is None:
        return f"every {protocol} port"
    return f"{protocol} {number}-{port['endPort']}" if port.get("endPort") else f"{protocol} {number}"


def asked(view: View) -> str:
    """Return the protocol and number that are asked for: ``TCP 80``."""
    return f"{view.connection.protocol} {view.connection.port}"


def allowance(finding: Finding, view: View) -> str:
    """Say which rule allows."""
    peers, ports = peers_written(finding, view), ports_written(finding)
    what = "everything" if (peers, ports) == ("every peer", "every port") else f"{peers} at {ports}"
    return f"{rule_name(finding, view)} allows {what}"


def denial(world: World, view: View, selecting: Sequence[Manifest], found: Sequence[Finding]) -> str:
    """Say why no rule of the selecting policies allows: of several rules, by the one that comes nearest."""
    names = " and ".join(policy_name(policy) for policy in selecting)
    if not found:
        one = len(selecting) == 1
        return (
            f"{names} {'selects' if one else 'select'} {view.own.shown} and {'has' if one else 'have'} no "
            f"{view.direction.lower()} rules"
        )
    nearest = max(found, key=_nearness)
    others = len(found) - 1
    either = "" if not others else "; nor does the other rule" if others == 1 else f"; nor do the other {others} rules"
    return refusal(world, nearest, view) + either


def _nearness(finding: Finding) -> int:
    denied = Verdict.DENIED
    return 2 if finding.peers.verdict != denied else 1 if finding.ports.verdict != denied else 0


def refusal(world: World, finding: Finding, view: View) -> str:
    """Say why one rule does not allow: its ports, its peers, or both."""
    name = rule_name(finding, view)
    if finding.peers.verdict != Verdict.DENIED:
        target = view.connection.target.shown
        named = any(isinstance(port.get("port"), str) for port in finding.rule.get("ports") or ())
        return f"{name} allows {ports_written(finding)} only" + (
            f", and {target} declares no such port with number {view.connection.port}" if named else ""
        )
    missing = f"{name} allows {peers_written(finding, view)} only, not {_identity(world, finding, view)}"
    return missing if finding.ports.verdict != Verdict.DENIED else f"{missing}, and {ports_written(finding)} only"


def _identity(world: World, finding: Finding, view: View) -> str:
    """Return the other end with what the peers of a rule look at."""
    other, peers = view.other, finding.rule.get(PEERS[view.direction]) or ()
    facts = [other.address] if any(peer.get("ipBlock") for peer in peers) else []
    if other.namespace:
        facts.append(f"labels {labels_written(other.labels) or 'none'}")
        if any(peer.get("namespaceSelector") for peer in peers):
            facts.append(f"namespace labels {labels_written(world.namespaces[other.namespace]) or 'none'}")
    else:
        facts.append("no pod")
    return f"{other.shown} ({'; '.join(facts)})"
