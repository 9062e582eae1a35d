"""Placeholders of policies: names of namespaces and addresses that only a cluster knows."""

from __future__ import annotations

import copy
import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.policy.placeholders import concrete, is_placeholder, mistake, pods_of

PODS = {"z/c": ("10.1.2.77", "fd00::4d"), "x/a": ("10.1.2.3", "fd00::3")}
NODES = {"z/c": ("172.18.0.2", "172.18.0.9", "fd01::2")}
SERVICES = {"z/c": ("10.96.0.1", "fd02::1")}
NAMES = {"x": "run-x", "z": "run-z"}


def policy(*peers: dict[str, Any], direction: str = "egress") -> dict[str, Any]:
    side = "to" if direction == "egress" else "from"
    spec = {"podSelector": {}, direction: [{side: list(peers)}]}
    return {"metadata": {"name": "p", "namespace": "x"}, "spec": spec}


def peers(*written: dict[str, Any], families: tuple[str, ...] = ("ipv4", "ipv6")) -> list[dict[str, Any]]:
    made = concrete(policy(*written), NAMES, PODS, NODES, SERVICES, families)
    found: list[dict[str, Any]] = made["spec"]["egress"][0]["to"]
    return found


def block(cidr: str, *outside: str) -> dict[str, Any]:
    return {"ipBlock": {"cidr": cidr} | ({"except": list(outside)} if outside else {})}


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("${any}", ["0.0.0.0/0", "::/0"]),
        ("${pod z/c}", ["10.1.2.77/32", "fd00::4d/128"]),
        ("${net z/c 8}", ["10.1.2.0/24", "fd00::/120"]),
        ("${net z/c 4}", ["10.1.2.64/28", "fd00::40/124"]),
        ("${node of z/c}", ["172.18.0.2/32", "172.18.0.9/32", "fd01::2/128"]),
        ("${service z/c}", ["10.96.0.1/32", "fd02::1/128"]),
    ],
)
def test_a_placeholder_becomes_a_block_for_each_address(written: str, made: list[str]) -> None:
    assert peers(block(written)) == [block(cidr) for cidr in made]


def test_only_families_of_the_cluster_are_filled_in() -> None:
    assert peers(block("${any}", "${pod z/c}"), families=("ipv6",)) == [block("::/0", "fd00::4d/128")]


def test_exceptions_stay_with_their_family() -> None:
    assert peers(block("${any}", "10.0.0.0/8", "${pod z/c}")) == [
        block("0.0.0.0/0", "10.0.0.0/8", "10.1.2.77/32"),
        block("::/0", "fd00::4d/128"),
    ]


def test_a_literal_block_stays_also_in_a_cluster_without_its_family() -> None:
    assert peers(block("0.0.0.0/0"), families=("ipv6",)) == [block("0.0.0.0/0")]
    assert peers(block("0.0.0.0/0", "${pod z/c}"), families=("ipv6",)) == [block("0.0.0.0/0")]


def test_a_peer_is_never_left_out_because_an_empty_list_would_allow_everybody() -> None:
    with pytest.raises(LookupError, match=r"no address for \$\{node of z/c\} in ipv6"):
        concrete(policy(block("${node of z/c}")), {}, PODS, {"z/c": ("172.18.0.2",)}, {}, ("ipv6",))
    with pytest.raises(KeyError, match="y/b"):
        peers(block("${pod y/b}"))


def test_namespaces_get_their_real_names_where_a_policy_speaks_of_them() -> None:
    by_name = "kubernetes.io/metadata.name"
    expression = {"key": by_name, "operator": "NotIn", "values": ["z", "kube-system"]}
    other = {"key": "ns", "operator": "In", "values": ["z"]}
    written = policy(
        {"namespaceSelector": {"matchLabels": {by_name: "z", "ns": "x"}}},
        {"namespaceSelector": {"matchExpressions": [expression, other]}, "podSelector": {"matchLabels": {"pod": "x"}}},
        direction="ingress",
    )
    made = concrete(written, NAMES, PODS, NODES, SERVICES, ("ipv4",))
    assert made["metadata"] == {"name": "p", "namespace": "run-x"}
    first, second = made["spec"]["ingress"][0]["from"]
    assert first == {"namespaceSelector": {"matchLabels": {by_name: "run-z", "ns": "x"}}}
    assert second["podSelector"] == {"matchLabels": {"pod": "x"}}
    assert second["namespaceSelector"]["matchExpressions"] == [expression | {"values": ["run-z", "kube-system"]}, other]


@pytest.mark.parametrize("spec", [{}, {"egress": []}, {"egress": [{}]}, {"egress": [{"to": []}]}])
def test_empty_and_missing_lists_stay_what_they_are(spec: dict[str, Any]) -> None:
    written = {"metadata": {"name": "p", "namespace": "y"}, "spec": spec}
    assert concrete(written, NAMES, PODS, NODES, SERVICES, ("ipv4",)) == written


def test_the_pods_of_a_policy_are_those_that_its_placeholders_name() -> None:
    assert pods_of(policy(block("${any}", "${net x/b 4}"), block("${node of z/c}"), block("10.0.0.0/8"))) == {
        "x/b",
        "z/c",
    }


@pytest.mark.parametrize("text", ["${pod}", "${pod z}", "${net z/c}", "${net z/c 0}", "$any", "${any z/c}", "${}"])
def test_a_form_that_is_not_known_is_a_mistake(text: str) -> None:
    assert is_placeholder(text)
    assert text in mistake(text)


v4 = st.ip_addresses(v=4)
v6 = st.ip_addresses(v=6)


@given(v4, v6, st.integers(1, 32))
def test_the_network_around_a_pod_holds_it_and_is_as_wide_as_it_says(
    first: ipaddress.IPv4Address, second: ipaddress.IPv6Address, bits: int
) -> None:
    addresses = {"x/a": (str(first), str(second))}
    made = concrete(policy(block(f"${{net x/a {bits}}}")), {}, addresses, {}, {}, ("ipv4", "ipv6"))
    networks = [ipaddress.ip_network(peer["ipBlock"]["cidr"]) for peer in made["spec"]["egress"][0]["to"]]
    assert first in networks[0]
    assert second in networks[1]
    assert [network.max_prefixlen - network.prefixlen for network in networks] == [bits, bits]


@given(st.lists(st.ip_addresses().map(str), min_size=1, max_size=4))
def test_literal_blocks_and_what_was_given_never_change(addresses: list[str]) -> None:
    written = policy(*(block(str(ipaddress.ip_network(address))) for address in addresses), block("${any}"))
    before = copy.deepcopy(written)
    made = concrete(written, {}, PODS, NODES, SERVICES, ("ipv4", "ipv6"))
    assert written == before
    assert made["spec"]["egress"][0]["to"][: len(addresses)] == written["spec"]["egress"][0]["to"][:-1]
