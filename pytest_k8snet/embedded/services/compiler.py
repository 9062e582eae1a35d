"""From the ports of Services to the nftables table of a node, in the shape of kube-proxy's. Pure.

Maps lead from an address, protocol and port to the chain that picks an endpoint, so the number of Services costs
nothing. What has no endpoint is in other maps that refuse or drop it, after the routing decision and never by NAT.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_k8snet.embedded.nftables.content import Content, name_for
from pytest_k8snet.embedded.services.ports import Endpoint, ServicePort, near

FAMILY = {4: "ip", 6: "ip6"}
ADDRESS = {4: "ipv4_addr", 6: "ipv6_addr"}
MASQUERADE = "meta mark set meta mark | 0x4000"
REFUSE = "goto refused"

REFUSAL = ("meta l4proto tcp reject with tcp reset", "reject")
"""The ICMP error for a SYN comes while its socket is still locked by connect(), and then counts a second later only."""


@dataclass(frozen=True)
class NodeView:
    """What the rules of a node depend on besides Services. Ranges and addresses are by IP version.

    ``reserved`` are the ranges of cluster addresses and load balancers: what is in them and no Service's is dropped.
    """

    name: str
    addresses: Mapping[int, str]
    pod_cidrs: Mapping[int, str]
    reserved: Mapping[int, tuple[str, ...]]
    zone: str = ""


def skeleton(node: NodeView) -> Content:
    """Return the maps, the chains that look into them, and the addresses at which the node has node ports."""
    sets = {}
    for version, kind in ADDRESS.items():
        for name in ("services", "unserved", "guarded"):
            sets[f"{name}{version}"] = f"map {{ type {kind} . inet_proto . inet_service : verdict; }}"
        for name in ("nodeports", "unserved-nodeports"):
            sets[f"{name}{version}"] = "map { type inet_proto . inet_service : verdict; }"
        for name in ("cluster-addresses", "node-addresses"):
            sets[f"{name}{version}"] = f"set {{ type {kind}; }}"
    addresses = {(f"node-addresses{version}", address): "" for version, address in node.addresses.items()}
    return Content(sets, {**_hooks(), **_lookups(node)}, addresses)


def _hooks() -> dict[str, tuple[str, ...]]:
    """The chains that the kernel calls.

    A packet goes back where it came from ("back") when its endpoint is the pod that sent it, or when this node is only
    on the way to another: without masquerade the answer would not come by here.
    """
    return {
        "guard-in": ("type filter hook prerouting priority -110", "ct state new jump guard"),
        "guard-out": ("type filter hook output priority -110", "ct state new jump guard"),
        "choose-in": ("type nat hook prerouting priority -100", "jump choose"),
        "choose-out": ("type nat hook output priority -100", "jump choose"),
        "back": (
            "type filter hook prerouting priority -90",
            f"ct state new ct status dnat fib daddr . iif oif exists {MASQUERADE}",
        ),
        "unserved-in": ("type filter hook input priority -110", "ct state new jump unserved"),
        "unserved-through": ("type filter hook forward priority -110", "ct state new jump unserved"),
        "unserved-out": ("type filter hook output priority -90", "ct state new jump unserved"),
        "hide": ("type nat hook postrouting priority 100", "meta mark & 0x4000 != 0 masquerade"),
    }


def _lookups(node: NodeView) -> dict[str, tuple[str, ...]]:
    choose, guard, unserved = [], [], []
    for version, family in FAMILY.items():
        key = f"{family} daddr . meta l4proto . th dport"
        here = f"{family} daddr @node-addresses{version} meta l4proto . th dport"
        choose += [f"{key} vmap @services{version}", f"{here} vmap @nodeports{version}"]
        guard.append(f"{key} vmap @guarded{version}")
        unserved += [
            f"{key} vmap @unserved{version}",
            f"{here} vmap @unserved-nodeports{version}",
            f"{family} daddr @cluster-addresses{version} {REFUSE}",
        ]
        if ranges := node.reserved.get(version):
            unserved.append(f"{family} daddr {{ {', '.join(ranges)} }} drop")
    return {"choose": tuple(choose), "guard": tuple(guard), "unserved": tuple(unserved), "refused": REFUSAL}


@dataclass
class _Part:
    """The content for one Service in the making."""

    sets: dict[str, str] = field(default_factory=dict)
    chains: dict[str, tuple[str, ...]] = field(default_factory=dict)
    elements: dict[tuple[str, str], str] = field(default_factory=dict)

    def add_port(self, port: ServicePort, node: NodeView) -> None:
        everywhere, here = near(port.cluster_endpoints, node.name, node.zone), port.local_endpoints(node.name)
        exposed = port.node_port or port.external
        cluster = self._balancer(port, "cluster", everywhere if exposed or not port.internal_local else ())
        local = self._balancer(port, "local", here if port.internal_local or (exposed and port.external_local) else ())
        why_not = "drop" if everywhere or port.silent else REFUSE
        inside = [_key(port.cluster_ip, port)]
        self.elements[f"cluster-addresses{port.version}", port.cluster_ip] = ""
        self._lead(f"services{port.version}", inside, local if port.internal_local else cluster)
        if not (here if port.internal_local else everywhere):
            self._lead(f"unserved{port.version}", inside, why_not)
        outside = [_key(address, port) for address in port.external]
        by_node = [f"{port.protocol} . {port.node_port}"] if port.node_port else []
        if (outside or by_node) and everywhere:
            entrance = self._entrance(port, node, cluster, local)
            self._lead(f"services{port.version}", outside, f"goto {entrance}")
            self._lead(f"nodeports{port.version}", by_node, f"goto {entrance}")
        if not (here if port.external_local else everywhere):
            self._lead(f"unserved{port.version}", outside, why_not)
            self._lead(f"unserved-nodeports{port.version}", by_node, why_not)
        if port.sources is not None and port.balanced:
            self._lead(f"guarded{port.version}", [_key(address, port) for address in port.balanced], self._guard(port))

    def _lead(self, name: str, keys: Iterable[str], verdict: str) -> None:
        if verdict:
            self.elements |= {(name, key): verdict for key in keys}

    def _balancer(self, port: ServicePort, which: str, endpoints: Sequence[Endpoint]) -> str:
        """The verdict that leads to one of the endpoints; empty when there is none."""
        if not endpoints:
            return ""
        chain = _name("to", port, which)
        self.chains[chain] = self._sticky(port, endpoints) if port.affinity else (_translate(port, endpoints),)
        return f"goto {chain}"

    def _sticky(self, port: ServicePort, endpoints: Sequence[Endpoint]) -> tuple[str, ...]:
        """A client goes where it went last, as long as that is not too long ago; otherwise anywhere."""
        family = FAMILY[port.version]
        chains = []
        remembered = []
        for endpoint in endpoints:
            clients = _name("clients", port, endpoint.address, endpoint.port, port.affinity)
            chain = _name("endpoint", port, endpoint.address, endpoint.port, port.affinity)
            self.sets[clients] = (
                f"set {{ type {ADDRESS[port.version]}; flags dynamic,timeout; timeout {port.affinity}s; }}"
            )
            self.chains[chain] = (f"update @{clients} {{ {family} saddr }}", _translate(port, [endpoint]))
            remembered.append(f"{family} saddr @{clients} goto {chain}")
            chains.append(chain)
        choices = ", ".join(f"{number} : goto {chain}" for number, chain in enumerate(chains))
        return (*remembered, f"numgen random mod {len(chains)} vmap {{ {choices} }}")

    def _entrance(self, port: ServicePort, node: NodeView, cluster: str, local: str) -> str:
        """The chain for what comes to node ports and external addresses.

        With the policy Local the node's own traffic and that of its pods still reaches all endpoints.
        """
        chain = _name("from-outside", port)
        family = FAMILY[port.version]
        if port.external_local:
            own_pods = [f"{family} saddr {node.pod_cidrs[port.version]} {cluster}"]
            itself = [f"fib saddr type local {MASQUERADE}", f"fib saddr type local {cluster}"]
            self.chains[chain] = (*own_pods, *itself, *([local] if local else []))
        else:
            self.chains[chain] = (MASQUERADE, cluster)
        return chain

    def _guard(self, port: ServicePort) -> str:
        chain = _name("guard", port)
        ranges = ", ".join(_collapsed(port.sources or ()))
        allowed = [f"{FAMILY[port.version]} saddr {{ {ranges} }} return"] if ranges else []
        self.chains[chain] = (*allowed, "drop")
        return f"goto {chain}"


def service_content(ports: Iterable[ServicePort], node: NodeView) -> Content:
    """Return the part of a node's table that is about one Service."""
    part = _Part()
    for port in ports:
        part.add_port(port, node)
    return Content(part.sets, part.chains, part.elements)


def _translate(port: ServicePort, endpoints: Sequence[Endpoint]) -> str:
    condition = f"meta l4proto {port.protocol} dnat {FAMILY[port.version]} to"
    if len(endpoints) == 1:
        (only,) = endpoints
        return f"{condition} {f'[{only.address}]' if port.version == 6 else only.address}:{only.port}"
    choices = ", ".join(f"{number} : {one.address} . {one.port}" for number, one in enumerate(endpoints))
    return f"{condition} numgen random mod {len(endpoints)} map {{ {choices} }}"


def _key(address: str, port: ServicePort) -> str:
    return f"{address} . {port.protocol} . {port.port}"


def _name(prefix: str, port: ServicePort, *more: object) -> str:
    return name_for(prefix, port.service, port.version, port.protocol, port.port, *more)


def _collapsed(ranges: Iterable[str]) -> list[str]:
    """nftables refuses ranges that overlap."""
    return [str(one) for one in ipaddress.collapse_addresses(ipaddress.ip_network(text) for text in ranges)]  # type: ignore[type-var]
