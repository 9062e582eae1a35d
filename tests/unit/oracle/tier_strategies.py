"""Random cluster-wide policies of both API versions, whose rules fit some of the few pods, ports and addresses."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.unit.oracle.policy_strategies import NAMESPACE_SELECTORS, NUMBERS, POD_SELECTORS

NAMES = st.sampled_from(["serve-80-tcp", "serve-81-tcp", "serve-80-udp", "nobody"])
RANGES = st.sampled_from([(79, 80), (80, 81), (81, 90)]).map(lambda ends: {"start": ends[0], "end": ends[1]})
SELECTED = st.one_of(
    NAMESPACE_SELECTORS.map(lambda selector: {"namespaces": selector}),
    st.fixed_dictionaries({"podSelector": POD_SELECTORS}, optional={"namespaceSelector": NAMESPACE_SELECTORS}).map(
        lambda pods: {"pods": pods}
    ),
)
CIDRS = st.sampled_from(
    ["0.0.0.0/0", "::/0", "10.0.0.16/28", "10.0.0.1/32", "fd00::10/124", "192.0.2.0/24", "2001:db8::/32", "10.0.0.0/24"]
)
NETWORKS = st.lists(CIDRS, min_size=1, max_size=2, unique=True).map(lambda found: {"networks": found})
NEW_PORTS = st.one_of(
    NAMES.map(lambda name: {"destinationNamedPort": name}),
    st.builds(
        lambda protocol, port: {protocol: {"destinationPort": port}},
        st.sampled_from(["tcp", "tcp", "udp", "sctp"]),
        st.one_of(NUMBERS.map(lambda number: {"number": number}), RANGES.map(lambda ends: {"range": ends})),
    ),
)
PROTOCOL = {"protocol": st.sampled_from(["TCP", "UDP", "SCTP"])}
OLD_PORTS = st.one_of(
    NAMES.map(lambda name: {"namedPort": name}),
    st.fixed_dictionaries({"port": NUMBERS}, optional=PROTOCOL).map(lambda port: {"portNumber": port}),
    st.builds(lambda ends, more: {"portRange": ends | more}, RANGES, st.fixed_dictionaries({}, optional=PROTOCOL)),
)


@st.composite
def _rule(draw: st.DrawFn, direction: str, kind: str) -> dict[str, Any]:
    new = kind == "ClusterNetworkPolicy"
    actions = ["Accept" if new else "Allow", "Deny"] + ["Pass"] * (kind != "BaselineAdminNetworkPolicy")
    peers = SELECTED if direction == "ingress" else st.one_of(SELECTED, SELECTED, NETWORKS)
    made: dict[str, Any] = {"action": draw(st.sampled_from(actions))}
    made["from" if direction == "ingress" else "to"] = draw(st.lists(peers, min_size=1, max_size=2))
    if draw(st.booleans()):
        made["protocols" if new else "ports"] = draw(st.lists(NEW_PORTS if new else OLD_PORTS, min_size=1, max_size=2))
    return made


@st.composite
def tier_policies(draw: st.DrawFn, priorities: st.SearchStrategy[int], most: int = 4) -> dict[str, Any]:
    """Return a policy of one of the three kinds, with a priority of these; its name is for the caller to give."""
    kind = draw(st.sampled_from(["ClusterNetworkPolicy"] * 3 + ["AdminNetworkPolicy", "BaselineAdminNetworkPolicy"]))
    spec: dict[str, Any] = {"subject": draw(SELECTED)}
    if kind != "BaselineAdminNetworkPolicy":
        spec["priority"] = draw(priorities)
    if kind == "ClusterNetworkPolicy":
        spec["tier"] = draw(st.sampled_from(["Admin", "Admin", "Baseline"]))
    for direction in ("ingress", "egress"):
        spec[direction] = draw(st.lists(_rule(direction, kind), max_size=2))
    return {"kind": kind, "metadata": {"name": "default"}, "spec": spec}


def _named(policies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [policy | {"metadata": {"name": f"p{number}"}} for number, policy in enumerate(policies)]


EQUALS = st.lists(tier_policies(st.integers(1, 2)), max_size=4).map(_named)
"""Policies of which some have the same tier and priority."""


def _precedence(policy: dict[str, Any]) -> tuple[str, int]:
    tiers = {"AdminNetworkPolicy": "Admin", "BaselineAdminNetworkPolicy": "Baseline"}
    return tiers.get(policy["kind"]) or policy["spec"]["tier"], policy["spec"].get("priority", 0)


RANKED = st.lists(tier_policies(st.integers(1, 6)), max_size=5, unique_by=_precedence).map(_named)
"""Policies of which each has its own priority within its tier."""
