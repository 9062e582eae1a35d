"""Captured packets are read by their headers, and tell how they travel; ports and names of devices say nothing."""

from __future__ import annotations

import base64
import socket

import pytest
from scapy.contrib.geneve import GENEVE
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.ipsec import ESP
from scapy.layers.l2 import GRE, Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet, Raw

from pytest_k8snet.measure.encapsulation.evidence import Around, Nodes, Sighting, Way, way
from pytest_k8snet.measure.encapsulation.hints import larger_mtu
from pytest_k8snet.measure.encapsulation.sightings import sighting

MARK = b"0123456789abcdef"
PODS = ("10.244.1.5", "10.244.2.6")
PODS6 = ("fd00::5", "fd00::6")
OUTER = IP(src="172.18.0.2", dst="172.18.0.3")
OUTER6 = IPv6(src="fc00::2", dst="fc00::3")
NODES = Nodes("one", "two", "eth0", "eth0")
SENT = 4


def pod_packet(ttl: int = 64) -> Packet:
    return IP(src=PODS[0], dst=PODS[1], ttl=ttl) / UDP(sport=40_000, dport=8080) / Raw(MARK)


def pod_packet6(ttl: int = 64) -> Packet:
    return IPv6(src=PODS6[0], dst=PODS6[1], hlim=ttl) / UDP(sport=40_000, dport=8080) / Raw(MARK)


def seen(
    packet: Packet,
    *,
    node: str = "one",
    device: str = "eth0",
    outgoing: bool = True,
    family: int = socket.AF_INET,
    marked: bool = True,
) -> Sighting | None:
    data = bytes(packet)
    captured = {
        "device": device,
        "outgoing": outgoing,
        "hardware": 1 if isinstance(packet, Ether) else 768,
        "protocol": packet.type if isinstance(packet, Ether) else {4: 0x0800, 6: 0x86DD}[data[0] >> 4],
        "marked": marked,
        "length": len(data),
        "data": base64.b64encode(data).decode(),
    }
    pods = PODS if family == socket.AF_INET else PODS6
    ends = socket.inet_pton(family, pods[0]), socket.inet_pton(family, pods[1])
    return sighting(node, captured, ends)


@pytest.mark.parametrize(
    ("outer", "around", "added"),
    [
        (None, Around.NOTHING, 0),
        (OUTER / UDP(sport=1, dport=4789) / VXLAN(vni=1, flags=8) / Ether(), Around.VXLAN, 50),
        (OUTER / UDP(sport=1, dport=8472) / VXLAN(vni=1, flags=8) / Ether(), Around.VXLAN, 50),
        (OUTER / UDP(sport=1, dport=33333) / VXLAN(vni=1, flags=8) / Ether(), Around.VXLAN, 50),
        (OUTER6 / UDP(sport=1, dport=4789) / VXLAN(vni=1, flags=8) / Ether(), Around.VXLAN, 70),
        (OUTER / UDP(sport=1, dport=6081) / GENEVE(vni=1, proto=0x6558) / Ether(), Around.GENEVE, 50),
        (OUTER, Around.IPIP, 20),
        (OUTER / GRE(proto=0x0800), Around.GRE, 24),
        (OUTER / UDP(sport=1, dport=999) / Raw(b"unknown!"), Around.OTHER, 36),
    ],
    ids=[
        "plain",
        "VXLAN",
        "VXLAN at the port of old kernels",
        "VXLAN at any port",
        "VXLAN over IPv6",
        "Geneve",
        "IPIP",
        "GRE",
        "unknown",
    ],
)
def test_what_is_around_a_packet_is_named_with_its_bytes(outer: Packet | None, around: Around, added: int) -> None:
    packet = Ether() / (outer / pod_packet(61) if outer is not None else pod_packet(61))
    found = seen(packet)
    assert found is not None
    assert (found.around, found.added, found.ttl) == (around, added, 61)


def test_an_ipv6_packet_in_an_ipv4_tunnel_is_read_too() -> None:
    packet = Ether() / OUTER / UDP(sport=1, dport=4789) / VXLAN(vni=1, flags=8) / Ether() / pod_packet6(63)
    found = seen(packet, family=socket.AF_INET6)
    assert found is not None
    assert (found.around, found.added, found.ttl) == (Around.VXLAN, 50, 63)


def test_an_answer_is_left_out() -> None:
    answer = IP(src=PODS[1], dst=PODS[0]) / UDP() / Raw(MARK)
    assert seen(Ether() / answer) is None


def test_a_device_without_ethernet_is_read_from_the_ip_header() -> None:
    found = seen(pod_packet(), device="tun0")
    assert found is not None
    assert (found.around, found.added) == (Around.NOTHING, 0)


def sightings(*packets: Sighting | None) -> list[Sighting]:
    return [one for one in packets if one is not None]


def test_a_plain_packet_between_the_nodes_is_a_route() -> None:
    found = way(
        sightings(
            seen(Ether() / pod_packet(64), device="veth1", outgoing=False),
            seen(Ether() / pod_packet(63)),
            seen(Ether() / pod_packet(63), node="two", outgoing=False),
            seen(Ether() / pod_packet(62), node="two", device="veth2"),
        ),
        NODES,
        SENT,
    )
    assert (found.kind, found.added, found.redirected) == ("route", 0, ())


def test_a_packet_whose_ttl_stays_as_it_is_was_redirected() -> None:
    tunnel = OUTER / UDP(sport=1, dport=8472) / VXLAN(vni=1, flags=8) / Ether()
    found = way(
        sightings(
            seen(Ether() / pod_packet(64), device="lxc1", outgoing=False),
            seen(Ether() / tunnel / pod_packet(64)),
            seen(Ether() / tunnel / pod_packet(64), node="two", outgoing=False),
        ),
        NODES,
        SENT,
    )
    assert (found.kind, found.port, found.added, found.redirected) == ("VXLAN", 8472, 50, ("one", "two"))
    assert "redirected (eBPF, or a switch)" in str(found)


@pytest.mark.parametrize(
    ("hidden", "kind"),
    [
        (OUTER / UDP(sport=1, dport=51820) / Raw(b"\4\0\0\0" + b"x" * 60), "WireGuard"),
        (OUTER / ESP(spi=1, seq=1, data=b"x" * 60), "ESP"),
    ],
    ids=["wireguard", "esp"],
)
def test_encryption_is_told_from_what_goes_between_the_nodes_in_place_of_the_packets(hidden: Packet, kind: str) -> None:
    crypted = [seen(Ether() / hidden, marked=False) for _ in range(SENT)]
    plain = seen(Ether() / pod_packet(), device="veth1", outgoing=False)
    assert way(sightings(plain, *crypted), NODES, SENT).kind == kind
    assert way(sightings(plain, *crypted[1:]), NODES, SENT).kind == "not seen between the nodes"


@pytest.mark.parametrize(
    ("seen_as", "pod_mtu", "said"),
    [
        (Way(NODES, Around.VXLAN, 50), 1440, "an MTU of 1450 in place of 1440"),
        (Way(NODES, Around.VXLAN, 50), 1450, ""),
        (Way(NODES, Around.NOTHING), 1450, "an MTU of 1500 in place of 1450"),
        (Way(NODES, Around.WIREGUARD), 1400, ""),
        (Way(NODES, None), 1400, ""),
    ],
    ids=["VXLAN with room", "VXLAN as it should be", "route with room", "encrypted", "not seen"],
)
def test_room_that_is_left_is_a_hint(seen_as: Way, pod_mtu: int, said: str) -> None:
    hint = larger_mtu([seen_as], pod_mtu, 1500)
    assert hint.startswith(said)
    assert bool(hint) is bool(said)
