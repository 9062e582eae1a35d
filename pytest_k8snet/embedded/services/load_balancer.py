"""Gives Services of type LoadBalancer their addresses: what a cloud's controller or MetalLB does."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping

from pytest_k8snet.embedded.api.objects import Obj, is_terminating, lookup, name_of, namespace_of
from pytest_k8snet.embedded.api.store import Change, Store

POOL = {4: "10.201.0.0/24", 6: "fd00:201::/120"}
FAMILIES = {"IPv4": 4, "IPv6": 6}


class LoadBalancers:
    """Follows Services. The lowest free address is given next, so stale state of its former owner shows at once.

    A Service with a class is the business of whoever implements the class.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def run(self) -> None:
        """Give addresses for ever."""
        with self._store.watch("services") as watch:
            while True:
                if any(map(_concerns, await watch.batch())):
                    self._settle()

    def _settle(self) -> None:
        services = [one for one in self._store.list("services") if not one["spec"].get("loadBalancerClass")]
        taken = {address for service in services for address in _given(service) if _is_ours(service)}
        for service in services:
            wanted = list(_wanted(service, taken)) if _is_ours(service) else []
            taken.update(wanted)
            if wanted != list(_given(service)):
                ingress = [{"ip": address, "ipMode": "VIP"} for address in wanted]
                balancer = {"loadBalancer": {"ingress": ingress} if ingress else {}}
                self._store.set_status("services", name_of(service), namespace_of(service), balancer)


def _concerns(change: Change) -> bool:
    """Whether a change is one of a load balancer, or of what was one until now."""
    known = filter(None, (change.obj, change.previous))
    return any(service["spec"].get("type") == "LoadBalancer" or any(_given(service)) for service in known)


def _is_ours(service: Obj) -> bool:
    return service["spec"].get("type") == "LoadBalancer" and not is_terminating(service)


def _given(service: Obj) -> Iterator[str]:
    for entry in lookup(service, "status", "loadBalancer", "ingress") or ():
        if entry.get("ip"):
            yield entry["ip"]


def _wanted(service: Obj, taken: Iterable[str]) -> Iterator[str]:
    """One address for each family: what it has, what it asks for if that can be given, otherwise a free one."""
    has = _by_version(_given(service))
    asked = _by_version(filter(None, [service["spec"].get("loadBalancerIP")]))
    for family in service["spec"].get("ipFamilies") or ():
        version = FAMILIES[family]
        pool, used = ipaddress.ip_network(POOL[version]), set(taken)
        if version in has:
            yield has[version]
        elif (address := asked.get(version)) and address not in used and ipaddress.ip_address(address) in pool:
            yield address
        else:
            free = (str(address) for address in pool.hosts() if str(address) not in used)
            yield from (address for address, _ in zip(free, range(1), strict=False))


def _by_version(addresses: Iterable[str]) -> Mapping[int, str]:
    return {6 if ":" in address else 4: address for address in addresses}
