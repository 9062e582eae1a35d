"""Gives Services their cluster addresses, node ports and address families."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from . import status
from .checks import invalid
from .objects import Obj, lookup, name_of, namespace_of
from .resource import Resource
from .status import Cause
from .store import Store

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

NODE_PORTS = range(30000, 32768)


class ServiceAddresses:
    """The admission rule of Services. ``networks``: one for each family of the cluster, the preferred family first."""

    def __init__(self, networks: Sequence[str]) -> None:
        parsed = [ipaddress.ip_network(text) for text in networks]
        self._networks: dict[str, Network] = {f"IPv{network.version}": network for network in parsed}
        self._owners: dict[str, tuple[str, str]] = {}
        """Who got an address last, by name and namespace. It may have left it since: ``_Taken`` looks."""

    def __call__(self, store: Store, resource: Resource, obj: Obj, old: Obj | None) -> Iterable[str]:
        """Fill in what a Service leaves open, and refuse what is taken or not in the cluster's ranges (422)."""
        if resource.plural != "services":
            return ()
        spec = obj["spec"]
        causes = [*self._settle(spec, _Taken(store, self._owners, obj)), *_settle_node_ports(spec, store, obj)]
        if causes:
            raise status.invalid("Service", name_of(obj), causes)
        self._owners |= dict.fromkeys(_addresses(spec), (name_of(obj), namespace_of(obj)))
        return ()

    def _settle(self, spec: Obj, taken: _Taken) -> Iterator[Cause]:
        if spec["type"] == "ExternalName":
            for key in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
                spec.pop(key, None)
        else:
            wrong = list(self._settle_families(spec))
            yield from wrong or self._settle_addresses(spec, taken)

    def _settle_families(self, spec: Obj) -> Iterator[Cause]:
        """Which families, in which order: as asked for, by given addresses, or by the cluster's own order."""
        given = [address for address in _addresses(spec) if address != "None"]
        asked = spec.get("ipFamilies") or [f"IPv{ipaddress.ip_address(address).version}" for address in given]
        for index, family in enumerate(asked):
            if family not in self._networks:
                yield invalid(f"spec.ipFamilies[{index}]", family, "not configured on this cluster")
        open_headless = spec.get("clusterIP") == "None" and not spec.get("selector")
        if open_headless and not asked and not spec.get("ipFamilyPolicy"):
            # Whoever makes the endpoints may have both families, also where the cluster has one.
            spec["ipFamilyPolicy"] = "RequireDualStack"
            spec["ipFamilies"] = list(dict.fromkeys([*self._networks, "IPv4", "IPv6"]))
            return
        policy = spec.setdefault("ipFamilyPolicy", "RequireDualStack" if len(asked) > 1 else "SingleStack")
        if policy == "RequireDualStack" and len(self._networks) < 2:
            why = "this cluster is not configured for dual-stack services"
            yield invalid("spec.ipFamilyPolicy", policy, why)
        families = list(dict.fromkeys([*asked, *self._networks]))
        spec["ipFamilies"] = families[: max(1, len(asked))] if policy == "SingleStack" else families
        if policy == "SingleStack" and len(asked) > 1:
            yield invalid(
                "spec.ipFamilyPolicy", policy, "must be RequireDualStack or PreferDualStack with two ipFamilies"
            )

    def _settle_addresses(self, spec: Obj, taken: _Taken) -> Iterator[Cause]:
        if spec.get("clusterIP") == "None":
            spec["clusterIPs"] = ["None"]
            return
        given = {f"IPv{ipaddress.ip_address(address).version}": address for address in _addresses(spec)}
        addresses = []
        for family in spec["ipFamilies"]:
            network = self._networks[family]
            address = given.get(family) or _free(network, taken)
            if why := _refusal(address, network, taken):
                yield invalid("spec.clusterIPs", list(given.values()), f"failed to allocate IP {address}: {why}")
            addresses.append(address)
        spec["clusterIP"], spec["clusterIPs"] = addresses[0], addresses


@dataclass(frozen=True)
class _Taken:
    """The addresses that other Services than ``asking`` have, found without looking at all of them."""

    store: Store
    owners: Mapping[str, tuple[str, str]]
    asking: Obj

    def __contains__(self, address: object) -> bool:
        owner = self.owners.get(str(address))
        found = self.store.get("services", *owner) if owner else None
        if found is None or found["metadata"]["uid"] == self.asking["metadata"]["uid"]:
            return False
        return address in _addresses(found["spec"])


def _addresses(spec: Obj) -> list[str]:
    return spec.get("clusterIPs") or ([spec["clusterIP"]] if spec.get("clusterIP") else [])


def _refusal(address: str, network: Network, taken: _Taken) -> str:
    if ipaddress.ip_address(address) not in network:
        return f"the provided IP ({address}) is not in the valid range. The range of valid IPs is {network}"
    return "provided IP is already allocated" if address in taken else ""


def _free(network: Network, taken: _Taken) -> str:
    """A random free address: one that was just released is not likely to be the next."""
    return _pick(lambda: str(network[random.randrange(1, network.num_addresses - 1)]), taken)


def _pick(draw: Callable[[], str], taken: Container[str]) -> str:
    while (choice := draw()) in taken:
        pass
    return choice


def _node_ports(service: Obj) -> Iterator[tuple[str, int]]:
    for port in lookup(service, "spec", "ports") or ():
        if port.get("nodePort"):
            yield str(port.get("protocol")), int(port["nodePort"])
    if health := lookup(service, "spec", "healthCheckNodePort"):
        yield "TCP", int(health)


def _settle_node_ports(spec: Obj, store: Store, asking: Obj) -> Iterator[Cause]:
    if spec["type"] not in ("NodePort", "LoadBalancer"):
        return
    others = [other for other in store.list("services") if other["metadata"]["uid"] != asking["metadata"]["uid"]]
    taken = {number for other in others for number in _node_ports(other)}
    numbers = {str(number) for _, number in taken}
    wanted = spec["type"] == "NodePort" or spec.get("allocateLoadBalancerNodePorts") is not False
    for index, port in enumerate(spec.get("ports") or ()):
        number, path = port.get("nodePort"), f"spec.ports[{index}].nodePort"
        if number and number not in NODE_PORTS:
            limits = f"{NODE_PORTS[0]}-{NODE_PORTS[-1]}"
            yield invalid(
                path, number, f"provided port is not in the valid range. The range of valid ports is {limits}"
            )
        elif number and (port.get("protocol"), number) in taken:
            yield invalid(path, number, "provided port is already allocated")
        elif not number and wanted:
            port["nodePort"] = int(_pick(lambda: str(random.choice(NODE_PORTS)), numbers))
        numbers.add(str(port.get("nodePort")))
    if spec["type"] == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local":
        spec.setdefault("healthCheckNodePort", int(_pick(lambda: str(random.choice(NODE_PORTS)), numbers)))
