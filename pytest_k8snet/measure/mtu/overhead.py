"""What encapsulations add to a packet, and what a difference of MTUs says of them. Pure."""

from __future__ import annotations

OVERHEADS = {
    "VXLAN": 50,  # IPv4 20, UDP 8, VXLAN 8, Ethernet 14 (RFC 7348)
    "VXLAN over IPv6": 70,
    "Geneve": 50,  # without options, of which each network adds its own (RFC 8926)
    "Geneve over IPv6": 70,
    "IPIP": 20,  # RFC 2003
    "IPv6 in IPv6": 40,  # RFC 2473
    "GRE": 24,  # RFC 2784, without key and checksum
    "GRE over IPv6": 44,
    "WireGuard": 60,  # IPv4 20, UDP 8, header and tag 32
    "WireGuard over IPv6": 80,  # also what is kept free where the outer family is not known
    "VXLAN in WireGuard": 110,
    "VXLAN in WireGuard over IPv6": 130,
}
"""Bytes by which the MTU of pods must be smaller than that of their nodes."""


def explained(node_mtu: int, pod_mtu: int) -> str:
    """Say what the difference between the MTU of a node and that of its pods leaves room for."""
    room = node_mtu - pod_mtu
    if room < 0:
        return f"the pods' MTU is {-room} bytes larger than the node's"
    if room == 0:
        return "no room for an encapsulation: as large as the node's"
    kinds = [kind for kind, bytes_ in OVERHEADS.items() if bytes_ == room]
    if kinds:
        return f"{room} bytes smaller than the node's, as {' or '.join(kinds)} needs"
    fitting = max((bytes_ for bytes_ in OVERHEADS.values() if bytes_ < room), default=0)
    kinds = [kind for kind, bytes_ in OVERHEADS.items() if bytes_ == fitting]
    beyond = f"{room - fitting} more than {' or '.join(kinds)} needs" if kinds else "less than any encapsulation needs"
    return f"{room} bytes smaller than the node's, {beyond}"


def gain(pod_mtu: int, possible: int) -> str:
    """Say what a larger MTU of pods would gain: payload in each packet, and fewer packets; "" where it is not larger.

    Each packet carries 40 bytes of IPv4 and TCP headers, so what counts is what is left.
    """
    if possible <= pod_mtu:
        return ""
    now, then = pod_mtu - _HEADERS, possible - _HEADERS
    fewer = (1 - now / then) * 100
    return f"an MTU of {possible} in place of {pod_mtu} would move the same bytes in {fewer:.1f} % fewer packets"


_HEADERS = 40
