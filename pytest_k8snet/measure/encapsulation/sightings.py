"""Reads captured packets (with scapy): what is around the packet from pod to pod."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from scapy.contrib.geneve import GENEVE
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.ipsec import ESP
from scapy.layers.l2 import GRE
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet

from pytest_k8snet.measure.encapsulation.evidence import Around, Sighting

_ETHERNET = (1, 772)  # ARPHRD_ETHER, ARPHRD_LOOPBACK
_IPV6_PROTOCOL = 0x86DD
_VXLAN_HAS_ID = 0x08
_WIREGUARD_DATA = b"\4\0\0\0"
_ETHERNET_IN_GENEVE = 0x6558


def sighting(node: str, captured: Mapping[str, Any], ends: tuple[bytes, bytes]) -> Sighting | None:
    """Read a packet as the agent captured it; ``ends`` are the packed addresses of the pods, source and target.

    Return None for a marked one that does not go from the source to the target: it is an answer.
    """
    data = base64.b64decode(captured["data"])
    ethernet = captured["hardware"] in _ETHERNET
    packet = data[14:] if ethernet else data
    outer: Packet = IPv6(packet) if captured["protocol"] == _IPV6_PROTOCOL else IP(packet)
    place = packet.find(ends[0] + ends[1])
    first = (24 if len(ends[0]) == 16 else 16) - len(ends[0])
    if captured["marked"] and place < 0:
        return None
    added = max(place - first, 0)
    around, port = _around(outer, added) if added or not captured["marked"] else (Around.NOTHING, 0)
    return Sighting(
        node,
        captured["device"],
        captured["outgoing"],
        captured["marked"],
        around,
        added,
        port,
        packet[added + (7 if len(ends[0]) == 16 else 8)] if place >= 0 else 0,
    )


def _around(outer: Packet, added: int) -> tuple[Around, int]:
    """Name the outermost encapsulation by its own header, whatever port it uses."""
    inside = outer.payload
    if isinstance(inside, UDP):
        payload = bytes(inside.payload)
        if payload[:4] == _WIREGUARD_DATA:
            return Around.WIREGUARD, inside.dport
        # Not by the port: VXLAN has one flag in its header of 8 bytes, Geneve names the protocol inside.
        if added and GENEVE(payload).proto == _ETHERNET_IN_GENEVE:
            return Around.GENEVE, inside.dport
        if added and VXLAN(payload).flags == _VXLAN_HAS_ID:
            return Around.VXLAN, inside.dport
        return Around.OTHER, inside.dport
    if isinstance(inside, ESP):
        return Around.ESP, 0
    if isinstance(inside, GRE):
        return Around.GRE, 0
    return (Around.IPIP if isinstance(inside, (IP, IPv6)) else Around.OTHER), 0
