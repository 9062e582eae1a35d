"""Where a node's table leads the first packet of a connection: an interpreter of as much nftables as Services use."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_k8snet.embedded.nftables.content import joined
from pytest_k8snet.embedded.services.compiler import NodeView, service_content, skeleton
from pytest_k8snet.embedded.services.ports import ServicePort

MARK = "meta mark set"


@dataclass(frozen=True)
class Connection:
    """The first packet, as a node sees it. ``itself`` when the node sends it."""

    source: str
    address: str
    port: int
    protocol: str = "tcp"
    itself: bool = False


@dataclass(frozen=True)
class Fate:
    """``targets`` is where it may go, with ``hidden`` under the node's address. Otherwise what became of it."""

    targets: frozenset[tuple[str, int]] = frozenset()
    hidden: bool = False
    otherwise: str = ""


class NodeTable:
    """The table of a node with one Service in it."""

    def __init__(self, ports: tuple[ServicePort, ...], node: NodeView) -> None:
        self.content = joined([skeleton(node), service_content(ports, node)])

    def fate(self, connection: Connection) -> Fate:
        """What becomes of a connection."""
        guarded = self._run("guard", connection)
        if guarded.otherwise:
            return guarded
        chosen = self._run("choose", connection)
        return chosen if chosen.targets else self._run("unserved", connection)

    def _run(self, chain: str, connection: Connection, hidden: bool = False) -> Fate:
        for rule in self.content.chains[chain]:
            applies, rest = self._conditions(rule, connection)
            if not applies or rest.startswith("update"):
                continue
            if rest == "return":
                return Fate()
            if rest.startswith(MARK):
                hidden = True
            elif (fate := self._verdict(rest, connection, hidden)) != Fate():
                return fate
        return Fate()

    def _verdict(self, verdict: str, connection: Connection, hidden: bool) -> Fate:
        if verdict.startswith("goto "):
            return self._run(verdict.removeprefix("goto "), connection, hidden)
        if "vmap {" in verdict:
            choices = re.findall(r"goto (\S+?)[ ,]", verdict)
            fates = [self._run(choice, connection, hidden) for choice in choices]
            return Fate(frozenset(target for fate in fates for target in fate.targets), hidden)
        if verdict.startswith("dnat to "):
            return Fate(frozenset(_targets(verdict.removeprefix("dnat to "))), hidden)
        return Fate(otherwise={"reject": "refused", "reject with tcp reset": "refused", "drop": "dropped"}[verdict])

    def _conditions(self, rule: str, connection: Connection) -> tuple[bool, str]:
        """Whether the conditions of a rule hold, and the rest of it; a verdict map gives the rest its verdict."""
        six = ":" in connection.address
        family = "ip6" if six else "ip"
        rest = rule
        if found := re.match(r"(ip6?) daddr \. meta l4proto \. th dport vmap @(\S+)", rest):
            key = f"{connection.address} . {connection.protocol} . {connection.port}"
            return self._mapped(found[1] == family, found[2], key)
        if found := re.match(r"(ip6?) daddr @(\S+) meta l4proto \. th dport vmap @(\S+)", rest):
            here = found[1] == family and (found[2], connection.address) in self.content.elements
            return self._mapped(here, found[3], f"{connection.protocol} . {connection.port}")
        if found := re.match(r"meta l4proto (\w+) ", rest):
            return found[1] == connection.protocol, rest[found.end() :].replace("dnat ip6", "dnat").replace(
                "dnat ip", "dnat"
            )
        if found := re.match(r"fib saddr type local ", rest):
            return connection.itself, rest[found.end() :]
        if found := re.match(r"(ip6?) (s|d)addr (?:@(\S+)|\{ ([^}]*) \}|(\S+)) ", rest):
            value = connection.source if found[2] == "s" else connection.address
            if found[1] != family or (found[3] or "").startswith("clients"):
                return False, ""
            if found[3]:
                return (found[3], value) in self.content.elements, rest[found.end() :]
            ranges = [ipaddress.ip_network(text.strip()) for text in (found[4] or found[5]).split(",")]
            return any(ipaddress.ip_address(value) in one for one in ranges), rest[found.end() :]
        return True, rest

    def _mapped(self, applies: bool, name: str, key: str) -> tuple[bool, str]:
        verdict = self.content.elements.get((name, key), "") if applies else ""
        return bool(verdict), verdict


def _targets(text: str) -> Iterator[tuple[str, int]]:
    """The targets of "10.0.0.1:80", "[fd00::1]:80" or "numgen random mod 2 map { 0 : 10.0.0.1 . 80, 1 : ... }"."""
    if "{" not in text:
        address, _, port = text.rpartition(":")
        yield address.strip("[]"), int(port)
        return
    for choice in text.partition("{")[2].strip("} ").split(","):
        address, _, port = choice.partition(" : ")[2].partition(" . ")
        yield address, int(port)
