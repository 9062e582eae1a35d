"""What each pod network tells the kernel, or BIRD."""

from __future__ import annotations

import pytest

from pytest_k8snet.embedded import ClusterOptions
from pytest_k8snet.embedded.network.netns import NamespaceThreads, NetNs
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.network.pod_network import routed, vxlan
from pytest_k8snet.embedded.network.pod_network.bird import Peer, Speaker

DUAL = (4, 6)


def node(number: int, versions: tuple[int, ...] = DUAL) -> Node:
    threads = NamespaceThreads()
    return Node(number, NetNs(f"node-{number}", -1, threads), versions, threads, 1450)


def speaker(number: int, *peers: Peer, versions: tuple[int, ...] = DUAL) -> str:
    own = node(number, versions)
    return Speaker(number, own.addresses.by_version, own.pod_cidrs, peers).configuration()


def peer(number: int, *, accepted: bool = True, versions: tuple[int, ...] = DUAL) -> Peer:
    return Peer(number, node(number, versions).addresses.by_version, accepted=accepted)


def test_a_network_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match="the network of an embedded cluster is routed, vxlan or bgp, not 'ipip'"):
        ClusterOptions.from_json('{"network": "ipip"}')


def test_routed_nodes_are_next_hops() -> None:
    assert routed.routes("add", node(2)) == [
        "route add 10.244.2.0/24 via 10.200.0.2 dev eth0",
        "route add fd00:10:244:2::/64 via fd00:200::2 dev eth0",
    ]


def test_an_overlay_leads_each_family_by_a_permanent_neighbour_to_the_tunnel_of_the_node() -> None:
    here, there = node(1), node(12)
    assert vxlan.mac(there) == "0e:58:00:00:00:0c"
    assert vxlan.routes("add", here, there) == [
        "route add 10.244.12.0/24 via 10.244.12.0 dev vxlan onlink src 10.200.0.1",
        "route add fd00:10:244:12::/64 via fd00:10:244:12:: dev vxlan onlink src fd00:200::1",
    ]
    assert vxlan.neighbours(there) == [
        "neigh add 10.244.12.0 lladdr 0e:58:00:00:00:0c dev vxlan nud permanent",
        "neigh add fd00:10:244:12:: lladdr 0e:58:00:00:00:0c dev vxlan nud permanent",
    ]
    assert vxlan.forwarding(there) == "fdb append 0e:58:00:00:00:0c dev vxlan dst 10.200.0.12"


@pytest.mark.parametrize(("versions", "overhead"), [((4,), 50), ((4, 6), 50), ((6,), 70)])
def test_an_overlay_costs_what_the_headers_between_the_nodes_take(versions: tuple[int, ...], overhead: int) -> None:
    assert vxlan.Vxlan(versions).overhead == overhead


def test_tunnels_of_nodes_have_macs_of_their_own() -> None:
    assert len({vxlan.mac(node(number)) for number in range(1, 201)}) == 200


def test_bird_tells_its_own_range_and_hands_what_it_learns_to_the_kernel() -> None:
    text = speaker(1, versions=(4,))
    assert "ipv4; route 10.244.1.0/24 unreachable;" in text
    assert "protocol kernel kernel4 { ipv4 { import none; export where source = RTS_BGP; }; }" in text
    assert "ipv6" not in text


def test_bird_has_a_session_with_each_node_for_each_family() -> None:
    text = speaker(1, peer(2), peer(3))
    assert text.count("protocol bgp") == 4
    for address in ("10.200.0.2", "fd00:200::2", "10.200.0.3", "fd00:200::3"):
        assert f"neighbor {address} as 64512;" in text
    assert text.count("import all;") == 4


def test_one_of_two_nodes_calls_the_other() -> None:
    assert "passive;" in speaker(1, peer(2))
    assert "passive;" not in speaker(2, peer(1))


def test_bird_refuses_what_a_peer_tells_that_is_not_accepted() -> None:
    text = speaker(1, peer(2, accepted=False), peer(3))
    refused = [part for part in text.split("protocol ") if "import none; export where source = RTS_STATIC" in part]
    assert [part.split()[1] for part in refused] == ["node2v4", "node2v6"]
