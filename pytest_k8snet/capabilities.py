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
    if "sctp" not in missing and not all(has["sctp"] for has in ordinary):
        missing["sctp"] = "the nodes' kernel has no SCTP, and ordinary probe pods may not open raw sockets"
    if "icmp" not in missing and not all(has["icmp"] for has in ordinary):
        missing["icmp"] = "probe pods may not open ICMP sockets"
    if "capture" not in missing and (reason := _no_capture(state, greetings)):
        missing["capture"] = reason
    if "host_port" not in missing and (reason := _no_host_port(state, attachment)):
        missing["host_port"] = reason
    if "outside" not in missing and (reason := _no_outside(state, attachment)):
        missing["outside"] = reason
    return replace(state, missing=missing, mtu=_pod_mtu(state, attachment))


def _no_capture(state: ClusterState, greetings: Mapping[Pod, Mapping[str, Any]]) -> str:
    hosts = state.fleet.host_pods
    if not hosts:
        return f"only hostNetwork pods can capture packets: {state.missing.get('host_network', 'there are none')}"
    refused = [pod.node for pod in hosts if not greetings[pod]["capabilities"]["capture"]]
    return f"hostNetwork pods may not open packet sockets on {', '.join(refused)}" if refused else ""


def _no_host_port(state: ClusterState, attachment: Attachment) -> str:
    target = state.fleet.host_port_pod
    if target is None:
        return "no pod with a hostPort could be made"
    port, addresses = state.fleet.host_port, state.node(target.node).addresses
    if not addresses:
        return f"node {target.node} has no InternalIP at which a hostPort could answer"
    address = addresses[0]
    probes = [Probe(source, address, port, Protocol.TCP, "hostPort") for source in state.fleet.pods]
    return _none_connects(attachment, probes, f"hostPort {port} of node {target.node} answers no pod")


def _no_outside(state: ClusterState, attachment: Attachment) -> str:
    if state.outside is None or not state.fleet.host_pods:
        return "without a hostNetwork pod there is no positive control for a source outside"
    target = state.fleet.host_pods[0]
    probe = Probe(state.outside, target.addresses[0], target.port, Protocol.TCP, target.name)
    return _none_connects(
        attachment, [probe], f"the host outside does not reach node {target.node} at {target.addresses[0]}"
    )


def _none_connects(attachment: Attachment, probes: list[Probe], otherwise: str) -> str:
    """Return "" when an agent answers at least one of the probes: what answers anybody is there, for checks to judge.

    What something else answers, such as a proxy between this machine and the cluster's addresses, is not there.
    """
    expectation = Expectation(otherwise, {probe: Expected(CONNECTS) for probe in probes}, convergence=TRY_SECONDS)
    seen = attachment.prober(expectation).seen
    if any(observation.outcome is Outcome.CONNECTED and observation.server for observation in seen.values()):
        return ""
    first = seen[probes[0]]
    return f"{otherwise} ({first.outcome} {first.detail})".replace(" )", ")")


def _pod_mtu(state: ClusterState, attachment: Attachment) -> int:
    facts = attachment.prober.facts(state.fleet.pods)
    # Not the tunnel devices that some kernel modules put, down and smaller, into every network namespace.
    used = [link for fact in facts.values() for link in fact.links if link.up and link.dev != "lo"]
    return min((link.mtu for link in used), default=0)
