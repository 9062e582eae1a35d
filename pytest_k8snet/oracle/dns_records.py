"""The records of a cluster by the Kubernetes DNS specification 1.1.0, from Services and EndpointSlices. Pure.

https://github.com/kubernetes/dns/blob/master/docs/specification.md

Names are lower-case and end without a dot. Values are as a zone file has them, but those of SRV without priority and
weight, on which the specification leaves the choice: ``80 web.shop.svc.cluster.local.``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

Object = Mapping[str, Any]

SCHEMA_VERSION = "1.1.0"
OWNER = "kubernetes.io/service-name"


class Record(NamedTuple):
    """One record and the sentence of the specification that asks for it."""

    name: str
    kind: str
    value: str
    because: str


@dataclass(frozen=True)
class Answer:
    """What must come: ``rcode`` NOERROR or NXDOMAIN, and all values of ``kind``, which is that asked for or CNAME.

    ``because`` is for people.
    """

    rcode: str
    kind: str
    values: frozenset[str]
    because: str


class Zone:
    """The records of some Services in one cluster domain."""

    def __init__(self, domain: str, services: Iterable[Object], slices: Iterable[Object]) -> None:
        self.domain = domain
        by_owner: dict[tuple[str, str], list[Object]] = {}
        for piece in slices:
            metadata = piece["metadata"]
            owner = str((metadata.get("labels") or {}).get(OWNER, ""))
            by_owner.setdefault((metadata["namespace"], owner), []).append(piece)
        self._records: dict[tuple[str, str], list[Record]] = {}
        for service in services:
            key = (service["metadata"]["namespace"], service["metadata"]["name"])
            for record in _of_service(domain, service, by_owner.get(key, [])):
                self._add(record)
        self._add(Record(f"dns-version.{domain}", "TXT", f'"{SCHEMA_VERSION}"', "2.2: the version of the schema"))

    def answer(self, name: str, kind: str) -> Answer:
        """Return what the answer to a question must be. ``name`` in any case, without the dot at its end.

        An alias answers questions of every kind with itself. A name of which there are records of another kind, or
        below which there are names, exists: the answer is empty (RFC 2308, RFC 8020).
        """
        asked = name.lower()
        found = self._records.get((asked, kind)) or self._records.get((asked, "CNAME"))
        if found:
            return Answer("NOERROR", found[0].kind, frozenset(record.value for record in found), found[0].because)
        if any(known == asked or known.endswith(f".{asked}") for known, _ in self._records):
            return Answer("NOERROR", kind, frozenset(), f"the name exists, and has no {kind} record")
        return Answer("NXDOMAIN", kind, frozenset(), "no record has this name")

    def names(self, kind: str) -> list[str]:
        """Return all names that have a record of a kind."""
        return sorted(name for name, known in self._records if known == kind)

    def _add(self, record: Record) -> None:
        self._records.setdefault((record.name, record.kind), []).append(record)


def pod_name(address: str, namespace: str, domain: str) -> str:
    """Return the name of a pod's address: that with dashes, in the zone ``pod``."""
    return f"{address.replace('.', '-').replace(':', '-')}.{namespace}.pod.{domain}"


def pod_answer(mode: str, address: str, *, known: bool) -> Answer:
    """Return what the name of an address must be answered with. ``known``: a pod of the namespace has the address.

    ``mode`` is that of CoreDNS: disabled, insecure (any address has a name) or verified (only those of pods).
    """
    because = f"the mode of the records of pods is {mode}"
    if mode == "insecure" or (mode == "verified" and known):
        return Answer("NOERROR", address_kind(address), frozenset({address}), because)
    return Answer("NXDOMAIN", address_kind(address), frozenset(), because)


def reverse_name(address: str) -> str:
    """Return the name of an address below in-addr.arpa or ip6.arpa."""
    return ipaddress.ip_address(address).reverse_pointer


def address_kind(address: str) -> str:
    """Return the kind of record that holds an address: A or AAAA."""
    return "AAAA" if ":" in address else "A"


def _of_service(domain: str, service: Object, slices: Iterable[Object]) -> Iterator[Record]:
    metadata, spec = service["metadata"], service["spec"]
    name = f"{metadata['name']}.{metadata['namespace']}.svc.{domain}".lower()
    if spec.get("type") == "ExternalName":
        yield Record(name, "CNAME", f"{spec['externalName'].rstrip('.')}.", "2.5: the externalName")
    elif spec.get("clusterIP") == "None":
        yield from _headless(name, slices)
    elif spec.get("clusterIP"):
        yield from _with_addresses(name, spec)


def _with_addresses(name: str, spec: Object) -> Iterator[Record]:
    for address in spec.get("clusterIPs") or [spec["clusterIP"]]:
        yield Record(name, address_kind(address), address, "2.3.1: a cluster IP of the Service")
        yield Record(reverse_name(address), "PTR", f"{name}.", "2.3.3: the Service that has this cluster IP")
    for port in spec.get("ports") or ():
        if port.get("name"):
            value = f"{port['port']} {name}."
            yield Record(_of_port(port, name), "SRV", value, "2.3.2: the number of the named port")


def _headless(name: str, slices: Iterable[Object]) -> Iterator[Record]:
    for piece in slices:
        if piece["addressType"] == "FQDN":
            continue
        for endpoint in piece.get("endpoints") or ():
            if (endpoint.get("conditions") or {}).get("ready") is False:
                continue
            for address in endpoint["addresses"]:
                yield Record(name, address_kind(address), address, "2.4.1: the address of a ready endpoint")
            if endpoint.get("hostname"):
                yield from _with_hostname(name, endpoint, piece.get("ports") or ())


def _with_hostname(name: str, endpoint: Object, ports: Iterable[Object]) -> Iterator[Record]:
    """Names of endpoints without a hostname are the server's choice, so nothing is said of them here."""
    own = f"{endpoint['hostname']}.{name}".lower()
    for address in endpoint["addresses"]:
        yield Record(own, address_kind(address), address, "2.4.1: the address of the endpoint with this hostname")
        yield Record(reverse_name(address), "PTR", f"{own}.", "2.4.3: the endpoint that has this address")
    for port in ports:
        if port.get("name") and port.get("port"):
            because = "2.4.2: each ready endpoint with its hostname, for the named port"
            yield Record(_of_port(port, name), "SRV", f"{port['port']} {own}.", because)


def _of_port(port: Object, name: str) -> str:
    return f"_{port['name']}._{port.get('protocol') or 'TCP'}.{name}".lower()
