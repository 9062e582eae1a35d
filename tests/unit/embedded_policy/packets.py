"""What the rules of a node do with a packet: an interpreter of as much nftables as the policies' tables use."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_k8snet.embedded.nftables.content import Content
from pytest_k8snet.embedded.policy.compiler import SKELETON, Compiler
from pytest_k8snet.embedded.policy.world import Pod, World


@dataclass(frozen=True)
class Packet:
    """A packet in the hook "forward" of a node; ``related`` for an ICMP error, ``reply`` for an answer.

    ``asked`` is the address that it was sent to, where this node has put another in its place.
    """

    iifname: str
    oifname: str
    saddr: str
    daddr: str
    protocol: str = "tcp"
    dport: int = 80
    related: bool = False
    reply: bool = False
    asked: str = ""

    def value(self, selector: str) -> str | None:
        """The text of what a selector of nftables reads; None when the packet has nothing of that kind."""
        six = ":" in self.saddr
        match selector.split():
            case ["iifname"]:
                return f'"{self.iifname}"'
            case ["oifname"]:
                return f'"{self.oifname}"'
            case ["meta", "nfproto"]:
                return "ipv6" if six else "ipv4"
            case ["meta", "l4proto"]:
                return self.protocol
            case ["ct", "state"]:
                return "related" if self.related else "established" if self.reply else "new"
            case ["ct", "direction"]:
                return "reply" if self.reply else "original"
            case ["ct", "original", "ip" | "ip6" as family, "daddr"]:
                return (self.asked or self.daddr) if (family == "ip6") == six else None
            case ["ip" | "ip6" as family, "saddr" | "daddr" as side]:
                return str(getattr(self, side)) if (family == "ip6") == six else None
            case [protocol, "dport"]:
                return str(self.dport) if protocol == self.protocol else None
        raise AssertionError(f"the interpreter does not know the selector {selector!r}")


CONDITION = re.compile(
    r"(?P<left>ct original ip6? daddr|(?:meta|ct|ip6?|tcp|udp|sctp) \w+(?: \. \w+ \w+)*|[io]ifname(?: \. oifname)?) "
    r"(?P<not>!= )?(?P<right>vmap @\S+|@\S+|\{[^}]*\}|\S+) ?"
)


def passes(content: Content, packet: Packet) -> bool:
    """Whether the table of a node, with its skeleton, lets a packet through."""
    whole = Content(
        {**SKELETON.sets, **content.sets},
        {**SKELETON.chains, **content.chains},
        {**SKELETON.elements, **content.elements},
    )
    return _run(whole, whole.chains["forwarded"][1:], packet) != "drop"


def _run(content: Content, rules: tuple[str, ...], packet: Packet) -> str:
    """The verdict of a chain: accept, drop, or return at its end."""
    for rule in rules:
        verdict = _apply(content, rule, packet)
        if verdict.startswith("goto "):
            return _run(content, content.chains[verdict.removeprefix("goto ")], packet)
        if verdict.startswith("jump "):
            verdict = _run(content, content.chains[verdict.removeprefix("jump ")], packet)
            if verdict == "return":
                continue
        if verdict:
            return verdict
    return "return"


def _apply(content: Content, rule: str, packet: Packet) -> str:
    """The verdict of a rule, nothing when its conditions do not hold."""
    rest = rule
    while found := CONDITION.match(rest):
        values = [packet.value(selector) for selector in found["left"].split(" . ")]
        rest = rest[found.end() :]
        if None in values:
            return ""
        key = " . ".join(map(str, values))
        if found["right"].startswith("vmap"):
            return content.elements.get((found["right"].removeprefix("vmap @"), key), "")
        if _holds(content, key, found["right"]) == bool(found["not"]):
            return ""
    assert rest in ("accept", "drop", "return") or rest.startswith("goto "), f"not understood: {rest!r} in {rule!r}"
    return rest


def _holds(content: Content, key: str, right: str) -> bool:
    if right.startswith("@"):
        assert right[1:] in content.sets, f"{right} is not declared"
        return (right[1:], key) in content.elements
    return any(_equals(key, one.strip()) for one in right.strip("{} ").split(","))


def _equals(key: str, one: str) -> bool:
    if "/" in one:
        return ipaddress.ip_address(key) in ipaddress.ip_network(one)
    if re.fullmatch(r"\d+-\d+", one):
        first, last = map(int, one.split("-"))
        return first <= int(key) <= last
    if one.endswith('*"'):
        return key.startswith(one.removesuffix('*"'))
    return key == one


@dataclass(frozen=True)
class Flow:
    """The first packet of a connection between pods, or a pod and an address outside.

    ``asked`` is the ClusterIP by which a pod asks, "" when it asks the target itself.
    """

    source: Pod | str
    target: Pod | str
    version: int
    protocol: str
    port: int
    asked: str = ""


class Nodes:
    """The tables of all nodes for one world."""

    def __init__(self, world: World) -> None:
        compiler = Compiler(world)
        self.contents = {pod.node: compiler.content(pod.node) for pod in world.pods}

    def pass_(self, flow: Flow) -> bool:
        """Whether every node on the way lets the packet through."""
        return all(passes(self.contents[node], packet) for node, packet in _hops(flow))


def _hops(flow: Flow) -> Iterator[tuple[str, Packet]]:
    source, target = flow.source, flow.target
    known = (_address(source, flow.version), _address(target, flow.version), flow.protocol, flow.port)
    from_node = source.node if isinstance(source, Pod) else ""
    to_node = target.node if isinstance(target, Pod) else ""
    if from_node:
        beyond = _device(target) if from_node == to_node else "eth0"
        yield from_node, Packet(_device(source), beyond, *known, asked=flow.asked)
    if to_node and to_node != from_node:
        yield to_node, Packet("eth0", _device(target), *known)


def _device(end: Pod | str) -> str:
    return end.devices[0] if isinstance(end, Pod) else "eth0"


def _address(end: Pod | str, version: int) -> str:
    if isinstance(end, str):
        return end
    return next(address for address in end.addresses if (":" in address) == (version == 6))
