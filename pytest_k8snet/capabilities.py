"""What this cluster can be asked: found by probing it, never by the name of its CNI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pytest_k8snet.attach import Attachment
from pytest_k8snet.probe.observation import CONNECTS, Expectation, Expected, Outcome, Pod, Probe, Protocol
from pytest_k8snet.state import ClusterState

TRY_SECONDS = 4.0


def add(state: ClusterState, attachment: Attachment, greetings: Mapping[Pod, Mapping[str, Any]]) -> ClusterState:
    """Return the state with everything under ``missing`` that the cluster turned out not to have."""
    missing = dict(state.missing)
    ordinary = [greetings[pod]["capabilities"] for pod in state.fleet.pods]
    if not all(has["sctp"] for has in ordinary):
        missing["sctp"] = "the nodes' kernel has no SCTP, and ordinary probe pods may not open raw sockets"
    if not all(has["icmp"] for has in ordinary):
        missing["icmp"] = "probe pods may not open ICMP sockets"
    if "host_port" not in missing and (reason := _no_host_port(state, attachment)):
        missing["host_port"] = reason
    if "outside" not in missing and (reason := _no_outside(state, attachment)):
        missing["outside"] = reason
    return replace(state, missing=missing, mtu=_pod_mtu(state, attachment))


def _no_host_port(state: ClusterState, attachment: Attachment) -> str:
    target = state.fleet.host_port_pod
    if target is None:
        return "no pod with a hostPort could be made"
    address = state.node(target.node).addresses[0]
    sources = [pod for pod in state.fleet.pods if pod.node != target.node] or list(state.fleet.pods)
    probe = Probe(sources[0], address, state.fleet.host_port, Protocol.TCP, "hostPort")
    return _connects(attachment, probe, f"hostPort {state.fleet.host_port} of node {target.node} does not answer")


def _no_outside(state: ClusterState, attachment: Attachment) -> str:
    if state.outside is None or not state.fleet.host_pods:
        return "without a hostNetwork pod there is no positive control for a source outside"
    target = state.fleet.host_pods[0]
    probe = Probe(state.outside, target.addresses[0], target.port, Protocol.TCP, target.name)
    return _connects(attachment, probe, f"the host outside does not reach node {target.node} at {target.addresses[0]}")


def _connects(attachment: Attachment, probe: Probe, otherwise: str) -> str:
    expectation = Expectation(otherwise, {probe: Expected(CONNECTS)}, convergence=TRY_SECONDS)
    seen = attachment.prober(expectation).seen[probe]
    return "" if seen.outcome is Outcome.CONNECTED else f"{otherwise} ({seen.outcome} {seen.detail})".replace(" )", ")")


def _pod_mtu(state: ClusterState, attachment: Attachment) -> int:
    facts = attachment.prober.facts(state.fleet.pods)
    return min((link.mtu for fact in facts.values() for link in fact.links if link.dev != "lo"), default=0)
