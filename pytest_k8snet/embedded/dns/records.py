"""The records of the Kubernetes DNS specification 1.1.0, made from the API's objects. Pure.

Names are lower-case and without the dot at their end. Values are as a zone file has them, with the dot.
https://github.com/kubernetes/dns/blob/master/docs/specification.md
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Obj = dict[str, Any]

SCHEMA_VERSION = "1.1.0"
HOSTMASTER = "hostmaster"
NAME_SERVER = "ns.dns"
OWN_SERVICE = ("kube-system", "kube-dns")

Records = Mapping[str, Mapping[str, tuple[str, ...]]]
"""From name and type to values. A name without any type exists, because there are names below it."""


@dataclass(frozen=True)
class Objects:
    """What the API has. Headless Services get their records from ``slices`` with the label of their name."""

    services: tuple[Obj, ...] = ()
    slices: tuple[Obj, ...] = ()
    namespaces: tuple[Obj, ...] = ()
    pods: tuple[Obj, ...] = ()


def build_records(objects: Objects, zone: str) -> Records:
    """Return all records of the cluster domain ``zone`` and the PTR records that belong to it.

    The records of pods are not among them: see ``pod_address``.
    """
    made: dict[str, dict[str, dict[str, None]]] = {}
    for name, kind, value in _records(objects, zone):
        made.setdefault(name, {}).setdefault(kind, {})[value] = None
    for name in (*made, *_namespace_names(objects, zone)):
        _exist_above(made, name, zone)
    return {name: {kind: tuple(values) for kind, values in kinds.items()} for name, kinds in made.items()}


def pod_address(label: str) -> str | None:
    """The address that the first label of a pod's name means (``10-244-1-5``, ``fd00--5``), None when it is none."""
    for separator in (".", ":"):
        try:
            return str(ipaddress.ip_address(label.replace("-", separator)))
        except ValueError:
            continue
    return None


def address_type(address: str) -> str:
    """A or AAAA."""
    return "AAAA" if ":" in address else "A"


def reverse_name(address: str) -> str:
    """The name below in-addr.arpa or ip6.arpa."""
    return ipaddress.ip_address(address).reverse_pointer


def _records(objects: Objects, zone: str) -> Iterator[tuple[str, str, str]]:
    served = any((s["metadata"]["namespace"], s["metadata"]["name"]) == OWN_SERVICE for s in objects.services)
    yield zone, "NS", f"{'.'.join(reversed(OWN_SERVICE))}.svc.{zone}." if served else f"{NAME_SERVER}.{zone}."
    yield f"dns-version.{zone}", "TXT", f'"{SCHEMA_VERSION}"'
    slices: dict[tuple[str, str], list[Obj]] = {}
    for piece in objects.slices:
        owner = (piece["metadata"].get("labels") or {}).get("kubernetes.io/service-name", "")
        slices.setdefault((piece["metadata"]["namespace"], owner), []).append(piece)
    for service in objects.services:
        metadata, spec = service["metadata"], service["spec"]
        name = f"{metadata['name']}.{metadata['namespace']}.svc.{zone}".lower()
        if spec.get("type") == "ExternalName":
            yield name, "CNAME", f"{spec['externalName'].rstrip('.')}."
        elif spec.get("clusterIP") == "None":
            own = slices.get((metadata["namespace"], metadata["name"]), [])
            yield from _headless(name, own, bool(spec.get("publishNotReadyAddresses")))
        elif spec.get("clusterIP"):
            yield from _with_cluster_ip(name, spec)


def _with_cluster_ip(name: str, spec: Obj) -> Iterator[tuple[str, str, str]]:
    for address in spec.get("clusterIPs") or (spec["clusterIP"],):
        yield name, address_type(address), address
        yield reverse_name(address), "PTR", f"{name}."
    for port in spec.get("ports") or ():
        yield name, "SRV", f"0 100 {port['port']} {name}."
        if port.get("name"):
            yield _port_name(port, name), "SRV", f"0 100 {port['port']} {name}."
            for address in spec.get("clusterIPs") or (spec["clusterIP"],):
                yield _port_name(port, name), address_type(address), address


def _headless(name: str, slices: Iterable[Obj], publish_not_ready: bool) -> Iterator[tuple[str, str, str]]:
    for piece in slices:
        if piece.get("addressType") == "FQDN":
            continue
        for endpoint in piece.get("endpoints") or ():
            if publish_not_ready or (endpoint.get("conditions") or {}).get("ready") is not False:
                for address in endpoint["addresses"]:
                    yield from _endpoint(name, endpoint, address, piece.get("ports") or ())


def _endpoint(name: str, endpoint: Obj, address: str, ports: Iterable[Obj]) -> Iterator[tuple[str, str, str]]:
    label = endpoint.get("hostname") or address.replace(".", "-").replace(":", "-")
    own = f"{label}.{name}".lower()
    yield name, address_type(address), address
    yield own, address_type(address), address
    yield reverse_name(address), "PTR", f"{own}."
    for port in ports:
        if not port.get("port"):
            continue
        names = (name, own, *((_port_name(port, name),) if port.get("name") else ()))
        yield from ((one, "SRV", f"0 100 {port['port']} {own}.") for one in names)
        if port.get("name"):
            yield _port_name(port, name), address_type(address), address


def _port_name(port: Obj, name: str) -> str:
    return f"_{port['name']}._{port.get('protocol') or 'TCP'}.{name}".lower()


def _namespace_names(objects: Objects, zone: str) -> Iterator[str]:
    """Namespaces exist as names, also when there is nothing in them."""
    yield from (f"svc.{zone}", f"pod.{zone}")
    for namespace in objects.namespaces:
        for kind in ("svc", "pod"):
            yield f"{namespace['metadata']['name']}.{kind}.{zone}"


def _exist_above(made: dict[str, dict[str, dict[str, None]]], name: str, zone: str) -> None:
    """A name that has names below it exists (RFC 8020): asked for it, there is no NXDOMAIN. But, as CoreDNS has it,
    not the one of a protocol alone (``_tcp.web...``).
    """
    while name and name not in ("in-addr.arpa", "ip6.arpa"):
        if name in made or not name.startswith("_"):
            made.setdefault(name, {})
        if name == zone:
            return
        name = name.partition(".")[2]
