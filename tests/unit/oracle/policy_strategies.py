"""Random NetworkPolicies that do something: most rules fit some of the few pods, ports and addresses that there are."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from pytest_k8snet.oracle.policy_world import NamedPort, Party, World
from tests.unit.oracle.policy_examples import NAMESPACES, PORTS, pod

PROTOCOLS = st.sampled_from(["TCP", "TCP", "UDP", "SCTP"])
NUMBERS = st.sampled_from([80, 80, 81])
ODD_PORTS = (NamedPort("serve-80-tcp", "TCP", 81), NamedPort("serve-81-tcp", "TCP", 80))


def ordinary(version: int) -> list[Party]:
    """Return pods on three nodes; one has other numbers for the same names."""
    return [
        pod("x", "a", version),
        pod("x", "b", version, labels={"pod": "b", "app": "web"}),
        pod("y", "b", version),
        pod("y", "c", version, ports=ODD_PORTS, labels={"pod": "c", "app": "db"}),
        pod("z", "c", version, labels={}),
        Party("internet", "192.0.2.1" if version == 4 else "2001:db8::1"),
    ]


def special(version: int) -> list[Party]:
    """Return nodes and a hostNetwork pod: two of the nodes are a pod's own."""
    one, two = ("172.18.0.1", "172.18.0.2") if version == 4 else ("fd01::1", "fd01::2")
    return [
        Party("n1", one, node="n1", host_network=True),
        Party("agent", two, "y", {"pod": "b"}, PORTS, "n2", host_network=True),
    ]


def _expression(operator: str) -> st.SearchStrategy[dict[str, Any]]:
    keys = st.sampled_from(["pod", "app", "ns"])
    if operator in ("Exists", "DoesNotExist"):
        return st.fixed_dictionaries({"key": keys, "operator": st.just(operator)})
    values = st.lists(st.sampled_from(["a", "b", "c", "web", "x", "y"]), min_size=1, max_size=3)
    return st.fixed_dictionaries({"key": keys, "operator": st.just(operator), "values": values})


EXPRESSIONS = st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]).flatmap(_expression)
POD_SELECTORS = st.one_of(
    st.just({}),
    st.sampled_from(["a", "b", "c"]).map(lambda name: {"matchLabels": {"pod": name}}),
    st.lists(EXPRESSIONS, min_size=1, max_size=2).map(lambda found: {"matchExpressions": found}),
)
NAMESPACE_SELECTORS = st.one_of(
    st.just({}), st.sampled_from("xyz").map(lambda name: {"matchLabels": {"ns": name}}), POD_SELECTORS
)
BLOCKS = st.sampled_from(
    [
        {"cidr": "0.0.0.0/0"},
        {"cidr": "::/0"},
        {"cidr": "10.0.0.0/24", "except": ["10.0.0.16/28"]},
        {"cidr": "10.0.0.16/28"},
        {"cidr": "172.18.0.0/30", "except": ["172.18.0.2/32"]},
        {"cidr": "fd00::/64", "except": ["fd00::10/124", "fd00::20/124"]},
        {"cidr": "fd00::10/124"},
        {"cidr": "fd01::/64"},
    ]
)
PEERS = st.one_of(
    st.fixed_dictionaries({"podSelector": POD_SELECTORS}, optional={"namespaceSelector": NAMESPACE_SELECTORS}),
    st.fixed_dictionaries({"namespaceSelector": NAMESPACE_SELECTORS}, optional={"podSelector": POD_SELECTORS}),
    st.fixed_dictionaries({"ipBlock": BLOCKS}),
)
PROTOCOL_KEY = {"protocol": st.sampled_from(["TCP", "UDP", "SCTP", None])}
RULE_PORTS = st.one_of(
    st.fixed_dictionaries({}, optional={"port": NUMBERS, **PROTOCOL_KEY}),
    st.fixed_dictionaries(
        {"port": st.sampled_from([79, 80, 81]), "endPort": st.sampled_from([81, 85])}, optional=PROTOCOL_KEY
    ),
    st.fixed_dictionaries(
        {"port": st.sampled_from(["serve-80-tcp", "serve-81-tcp", "serve-80-udp", "nobody"])}, optional=PROTOCOL_KEY
    ),
)
TYPES = st.sampled_from([None, [], ["Ingress"], ["Egress"], ["Ingress", "Egress"]])


def rules(peers: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return rules whose peers stand under ``from`` or ``to``."""
    entries = st.one_of(st.none(), st.just([]), st.lists(PEERS, min_size=1, max_size=2))
    ports = st.one_of(st.none(), st.just([]), st.lists(RULE_PORTS, min_size=1, max_size=2))
    return st.fixed_dictionaries({}, optional={peers: entries, "ports": ports})


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    """Return a NetworkPolicy with a name that may repeat."""
    spec = st.fixed_dictionaries(
        {"podSelector": POD_SELECTORS, "policyTypes": TYPES},
        optional={
            "ingress": st.lists(rules("from"), max_size=2),
            "egress": st.lists(rules("to"), max_size=2),
        },
    )
    names = {"namespace": draw(st.sampled_from("xyz")), "name": draw(st.sampled_from(["p", "q", "r"]))}
    return {"metadata": names, "spec": draw(spec)}


WORLDS = st.lists(policies(), min_size=1, max_size=4).map(lambda found: World(tuple(found), NAMESPACES))
