"""What ClusterNetworkPolicies, AdminNetworkPolicies and the baseline must be to be stored.

Source: the validation marks in apis/v1alpha1 and apis/v1alpha2 of kubernetes-sigs/network-policy-api, in the words in
which the API tells that a custom resource does not meet them. Selectors are looked at as those of other kinds, which no
CustomResourceDefinition does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_k8snet.embedded.api.checks import check_selector, invalid, parse_cidr
from pytest_k8snet.embedded.api.objects import Obj, name_of
from pytest_k8snet.embedded.api.status import Cause

HIGHEST_PRIORITY = 1000
MOST_NETWORKS = 25
LONGEST_NAME = 100
PEERS = {"ingress": "from", "egress": "to"}
UNNAMED = "networks/nodes peer cannot be set with namedPorts since there are no namedPorts for networks/nodes"


def validate_cluster_policy(policy: Obj, old: Obj | None) -> Iterator[Cause]:
    """Causes for a ClusterNetworkPolicy."""
    yield from _check_priority(policy)
    yield from _check_spec(policy, "protocols", most=25)


def validate_admin_policy(policy: Obj, old: Obj | None) -> Iterator[Cause]:
    """Causes for an AdminNetworkPolicy."""
    yield from _check_priority(policy)
    yield from _check_spec(policy, "ports", most=100)


def validate_baseline_policy(policy: Obj, old: Obj | None) -> Iterator[Cause]:
    """Causes for a BaselineAdminNetworkPolicy, of which a cluster has one only."""
    if name_of(policy) != "default":
        why = 'Only one baseline admin network policy with metadata.name="default" can be created in the cluster'
        yield invalid("metadata.name", name_of(policy), why)
    yield from _check_spec(policy, "ports", most=100)


def _check_priority(policy: Obj) -> Iterator[Cause]:
    priority = (policy.get("spec") or {}).get("priority")
    if priority is not None:
        yield from _check_number(priority, "spec.priority", 0, HIGHEST_PRIORITY)


def _check_spec(policy: Obj, ports: str, most: int) -> Iterator[Cause]:
    spec = policy.get("spec") or {}
    if "subject" in spec:
        yield from _check_one_of(spec["subject"], "spec.subject")
        yield from _check_selectors(spec["subject"], "spec.subject")
    for direction, peers in PEERS.items():
        rules = spec.get(direction) or ()
        yield from _check_size(rules, f"spec.{direction}", 0, most)
        for index, rule in enumerate(rules):
            yield from _check_rule(rule, f"spec.{direction}[{index}]", peers, ports, most)


def _check_rule(rule: Obj, path: str, peers: str, ports: str, most: int) -> Iterator[Cause]:
    if len(rule.get("name") or "") > LONGEST_NAME:
        why = f"may not be more than {LONGEST_NAME} bytes"
        yield Cause(f"{path}.name", f"Too long: {why}", "FieldValueTooLong")
    if peers in rule:
        yield from _check_size(rule[peers], f"{path}.{peers}", 1, most)
    if ports in rule:
        yield from _check_size(rule[ports], f"{path}.{ports}", 1, most)
    for index, peer in enumerate(rule.get(peers) or ()):
        yield from _check_peer(peer, f"{path}.{peers}[{index}]")
    for index, port in enumerate(rule.get(ports) or ()):
        yield from _check_port(port, f"{path}.{ports}[{index}]")
    named = any(port.get("destinationNamedPort") or port.get("namedPort") for port in rule.get(ports) or ())
    if named and any("networks" in peer or "nodes" in peer for peer in rule.get(peers) or ()):
        yield Cause(path, f'Invalid value: "object": {UNNAMED}')


def _check_peer(peer: Obj, path: str) -> Iterator[Cause]:
    yield from _check_one_of(peer, path)
    yield from _check_selectors(peer, path)
    if "networks" in peer:
        yield from _check_size(peer["networks"], f"{path}.networks", 1, MOST_NETWORKS)
    for index, cidr in enumerate(peer.get("networks") or ()):
        if parse_cidr(cidr) is None:
            yield Cause(f"{path}.networks[{index}]", 'Invalid value: "string": Invalid CIDR format provided')


def _check_selectors(peer: Obj, path: str) -> Iterator[Cause]:
    for key in ("namespaces", "nodes"):
        if peer.get(key) is not None:
            yield from check_selector(peer[key], f"{path}.{key}")
    for key, selector in (peer.get("pods") or {}).items():
        yield from check_selector(selector, f"{path}.pods.{key}")


def _check_port(port: Obj, path: str) -> Iterator[Cause]:
    """One entry of ``ports`` (v1alpha1) or ``protocols`` (v1alpha2)."""
    yield from _check_one_of(port, path)
    for key in ("portNumber", "portRange"):
        if port.get(key) is not None:
            yield from _check_numbers(port[key], f"{path}.{key}")
    for protocol in ("tcp", "udp", "sctp"):
        if port.get(protocol) is None:
            continue
        yield from _check_one_of(port[protocol], f"{path}.{protocol}")
        wanted, at = port[protocol].get("destinationPort"), f"{path}.{protocol}.destinationPort"
        if wanted is not None:
            yield from _check_one_of(wanted, at)
            yield from _check_numbers(wanted, at)
            yield from _check_numbers(wanted.get("range") or {}, f"{at}.range")


def _check_numbers(found: Obj, path: str) -> Iterator[Cause]:
    for key in ("port", "number", "start", "end"):
        if key in found:
            yield from _check_number(found[key], f"{path}.{key}", 1, 65535)
    if "start" in found and "end" in found and found["start"] >= found["end"]:
        yield Cause(path, 'Invalid value: "object": Start port must be less than End port')


def _check_number(value: int, path: str, low: int, high: int) -> Iterator[Cause]:
    if value < low:
        yield invalid(path, value, f"{path} in body should be greater than or equal to {low}")
    if value > high:
        yield invalid(path, value, f"{path} in body should be less than or equal to {high}")


def _check_size(items: Sequence[Any], path: str, least: int, most: int) -> Iterator[Cause]:
    if len(items) < least:
        yield invalid(path, len(items), f"{path} in body should have at least {least} items")
    if len(items) > most:
        yield Cause(path, f"Too many: {len(items)}: must have at most {most} items", "FieldValueTooMany")


def _check_one_of(found: Mapping[str, Any], path: str) -> Iterator[Cause]:
    """Exactly one field is set."""
    if not found:
        yield invalid(path, 0, f"{path} in body should have at least 1 properties")
    if len(found) > 1:
        yield Cause(path, f"Too many: {len(found)}: must have at most 1 item", "FieldValueTooMany")
