"""The parts of a rule of a NetworkPolicy as conditions of nftables: which peers, and which ports."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.policy.world import Census, NamedPort, Pod

FAMILY = {4: "ip", 6: "ip6"}
ADDRESS_TYPE = {4: "ipv4_addr", 6: "ipv6_addr"}
SIDE = {"Ingress": "saddr", "Egress": "daddr"}
EVERY_PORT = range(65536)


@dataclass(frozen=True)
class Ports:
    """The ports that a rule allows. Without ``protocols``, not even an empty entry, it allows whatever is sent.

    ``protocols`` has the numbers of each protocol, ``names`` the named ports that stand for a number only together
    with the pod that declares them.
    """

    protocols: dict[str, list[range]] = field(default_factory=dict)
    names: frozenset[tuple[str, str]] = frozenset()

    @property
    def everything(self) -> bool:
        """Whether any packet passes, also one of a protocol without ports."""
        return not self.protocols and not self.names

    def numbers_of(self, declared: Iterable[NamedPort]) -> Iterator[tuple[str, int]]:
        """Return protocol and number of the named ports as a pod declares them."""
        for port in declared:
            if (port.protocol, port.name) in self.names:
                yield port.protocol, port.number

    def conditions(self, declared: Iterable[NamedPort] = ()) -> list[str]:
        """Return a condition for each protocol; ``declared`` gives the named ports their numbers."""
        if self.everything:
            return [""]
        ranges = {protocol: list(numbers) for protocol, numbers in self.protocols.items()}
        for protocol, number in self.numbers_of(declared):
            ranges.setdefault(protocol, []).append(range(number, number + 1))
        return [_port_condition(protocol, numbers) for protocol, numbers in sorted(ranges.items())]


def ports_of(rule: Obj) -> Ports:
    """Return what the ``ports`` of a rule allow."""
    protocols: dict[str, list[range]] = {}
    names = set()
    for port in rule.get("ports") or ():
        protocol, value = (port.get("protocol") or "TCP").lower(), port.get("port")
        if isinstance(value, str):
            names.add((protocol, value))
        else:
            numbers = EVERY_PORT if value is None else range(value, (port.get("endPort") or value) + 1)
            protocols.setdefault(protocol, []).append(numbers)
    return Ports(protocols, frozenset(names))


def block_condition(block: Obj, side: str) -> str:
    """Return the condition that an address (``side`` is saddr or daddr) is in an ipBlock; it is of one family only."""
    cidr = _network(block["cidr"])
    family = FAMILY[cidr.version]
    text = f"{family} {side} {cidr}" if cidr.prefixlen else f"meta nfproto ipv{cidr.version}"
    left_out = excepted(block)
    return f"{text} {family} {side} != {left_out}" if left_out else text


def excepted(block: Obj) -> str:
    """Return the set of what an ipBlock excepts, "" if that is nothing."""
    left_out = _collapsed(tuple(block.get("except") or ()), _network(block["cidr"]).version)
    return f"{{ {', '.join(left_out)} }}" if left_out else ""


def reached(census: Census, policy: Obj, peer: Obj | None) -> Iterator[tuple[Pod, list[str]]]:
    """Return the pods that a peer stands for, all for None, with those of their addresses that it names."""
    block = (peer or {}).get("ipBlock")
    inside = _within(block) if block else None
    for pod in census.peers(policy, peer) if peer and not block else census.everyone:
        yield pod, list(filter(inside, pod.addresses)) if inside else list(pod.addresses)


def _within(block: Obj) -> Callable[[str], bool]:
    """Return whether an address is in an ipBlock and not in what it excepts."""
    whole, left_out = _network(block["cidr"]), [_network(text) for text in block.get("except") or ()]

    def inside(address: str) -> bool:
        parsed = _parsed(address)
        return parsed in whole and not any(parsed in cidr for cidr in left_out)

    return inside


@lru_cache(maxsize=4096)
def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Every ipBlock asks for the addresses of all pods: parsing these anew took most of the time of a change."""
    return ipaddress.ip_address(address)


@lru_cache(maxsize=4096)
def _network(cidr: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(cidr, strict=False)


def by_version(addresses: Iterable[str]) -> dict[int, list[str]]:
    """Return addresses by IP version, without versions that none is of."""
    sorted_out: dict[int, list[str]] = {}
    for address in addresses:
        sorted_out.setdefault(6 if ":" in address else 4, []).append(address)
    return sorted_out


def addresses_of(pods: Sequence[Pod]) -> dict[int, list[str]]:
    """Return the addresses of pods by IP version."""
    return by_version(address for pod in pods for address in pod.addresses)


def _port_condition(protocol: str, numbers: Sequence[range]) -> str:
    merged = _merged(numbers)
    if merged == [EVERY_PORT]:
        return f"meta l4proto {protocol}"
    texts = [str(part.start) if len(part) == 1 else f"{part.start}-{part.stop - 1}" for part in merged]
    return f"{protocol} dport {{ {', '.join(texts)} }}"


def _merged(numbers: Sequence[range]) -> list[range]:
    """Join what overlaps or touches: nftables refuses intervals that overlap."""
    merged: list[range] = []
    for part in sorted(numbers, key=lambda part: part.start):
        if merged and part.start <= merged[-1].stop:
            merged[-1] = range(merged[-1].start, max(merged[-1].stop, part.stop))
        else:
            merged.append(part)
    return merged


@lru_cache(maxsize=4096)
def _collapsed(cidrs: tuple[str, ...], version: int) -> tuple[str, ...]:
    if version == 4:
        four = ipaddress.collapse_addresses(ipaddress.IPv4Network(text, False) for text in cidrs)
        return tuple(str(cidr) for cidr in four)
    six = ipaddress.collapse_addresses(ipaddress.IPv6Network(text, False) for text in cidrs)
    return tuple(str(cidr) for cidr in six)
