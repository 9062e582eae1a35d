"""When a rule means a packet, as conditions of nftables, and the sets that these look into. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.nftables.content import name_for
from pytest_k8snet.embedded.policy.matches import (
    ADDRESS_TYPE,
    FAMILY,
    SIDE,
    Ports,
    addresses_of,
    block_condition,
    by_version,
    reached,
)
from pytest_k8snet.embedded.policy.world import Census, NamedPort, known_by


@dataclass(frozen=True)
class Condition:
    """A condition that a packet meets, "" for every packet; ``uses`` is the set that it looks into, if any."""

    text: str
    uses: str = ""


@dataclass(frozen=True)
class Set:
    """A set of nftables: how it is declared, and what is in it."""

    declaration: str
    elements: tuple[str, ...]


class Conditions:
    """The conditions for one world, each made once. ``sets`` are all that any of them looks into, by name."""

    def __init__(self, census: Census) -> None:
        self.sets: dict[str, Set] = {}
        self._census = census
        self._made: dict[str, tuple[Condition, ...]] = {}

    def inherit(self, former: Conditions, names: Iterable[str]) -> None:
        """Take sets over from the conditions for a world with the same pods."""
        self.sets |= {name: former.sets[name] for name in names}

    def of(
        self, policy: Obj, peer: Obj | None, ports: Ports, direction: str, declared: tuple[NamedPort, ...]
    ) -> Iterator[Condition]:
        """Yield when a packet is one with a peer (None: anyone) at some ports.

        ``declared`` are the named ports of the pod that it comes to, in the direction Ingress.
        """
        conditions = ports.conditions(declared)
        for where in self._where(policy, peer, SIDE[direction]) if conditions else ():
            yield from (Condition(_both(where.text, condition), where.uses) for condition in conditions)
        if direction == "Egress" and ports.names:
            yield from self._to_named_ports(policy, peer, ports)

    def _where(self, policy: Obj, peer: Obj | None, side: str) -> tuple[Condition, ...]:
        """The conditions that an address is that of a peer; None stands for everyone."""
        return self._once(f"{side} {known_by(policy, peer)}", lambda key: self._addresses(policy, peer, side))

    def _to_named_ports(self, policy: Obj, peer: Obj | None, ports: Ports) -> tuple[Condition, ...]:
        """A name stands for what the pod that is reached declares, so addresses and ports go together."""
        key = f"{known_by(policy, peer)} {sorted(ports.names)}"
        return self._once(key, lambda key: self._named(key, policy, peer, ports))

    def _once(self, key: str, make: Callable[[str], Iterator[Condition]]) -> tuple[Condition, ...]:
        if key not in self._made:
            self._made[key] = tuple(make(key))
        return self._made[key]

    def _addresses(self, policy: Obj, peer: Obj | None, side: str) -> Iterator[Condition]:
        if peer is None:
            yield Condition("")
        elif peer.get("ipBlock"):
            yield Condition(block_condition(peer["ipBlock"], side))
        else:
            for version, addresses in addresses_of(self._census.peers(policy, peer)).items():
                name = self._set(f"peers{version}", known_by(policy, peer), ADDRESS_TYPE[version], addresses)
                yield Condition(f"{FAMILY[version]} {side} @{name}", name)

    def _named(self, key: str, policy: Obj, peer: Obj | None, ports: Ports) -> Iterator[Condition]:
        found: dict[tuple[int, str], list[str]] = {}
        for pod, addresses in reached(self._census, policy, peer):
            for protocol, number in ports.numbers_of(pod.ports):
                for version, listed in by_version(addresses).items():
                    entries = found.setdefault((version, protocol), [])
                    entries += [f"{address} . {number}" for address in listed]
        for (version, protocol), entries in found.items():
            name = self._set(f"ports{version}", f"{key} {protocol}", f"{ADDRESS_TYPE[version]} . inet_service", entries)
            yield Condition(f"{FAMILY[version]} daddr . {protocol} dport @{name}", name)

    def _set(self, prefix: str, key: str, kind: str, elements: Iterable[str]) -> str:
        name = name_for(prefix, key)
        self.sets[name] = Set(f"set {{ type {kind}; }}", tuple(sorted(set(elements))))
        return name


def _both(one: str, other: str) -> str:
    return " ".join(part for part in (one, other) if part)
