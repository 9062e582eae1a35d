"""What the server knows by itself: a question, the records and the configuration make a reply. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from pytest_k8snet.embedded.dns.records import (
    HOSTMASTER,
    NAME_SERVER,
    Objects,
    Records,
    address_type,
    pod_address,
    reverse_name,
)
from pytest_k8snet.embedded.dns.settings import Hosts, Kubernetes, Server, below

UDP_LIMIT = 512
"""Bytes of an answer for those who do not say by EDNS that they take more (RFC 1035)."""

OUR_PAYLOAD = 1232
"""What we say by EDNS that we take."""

RRsets = tuple[dns.rrset.RRset, ...]


@dataclass(frozen=True)
class Question:
    """``name`` is as it was asked, without the dot at its end; ``kind`` is a type such as ``A``."""

    name: str
    kind: str

    @property
    def key(self) -> str:
        """The name as it is compared: by RFC 1035 case does not matter."""
        return self.name.lower()


@dataclass(frozen=True)
class Reply:
    """An answer before it becomes a message. ``alias`` is a name that the reply leads to and does not answer."""

    rcode: dns.rcode.Rcode = dns.rcode.NOERROR
    answer: RRsets = ()
    authority: RRsets = ()
    additional: RRsets = ()
    authoritative: bool = True
    alias: str = ""
    recursive: bool = False
    """Whether it comes from a server that offers recursion."""


SERVFAIL = Reply(dns.rcode.SERVFAIL, authoritative=False)
REFUSED = Reply(dns.rcode.REFUSED, authoritative=False)


@dataclass(frozen=True)
class View:
    """The cluster at one moment: its objects, and the records of each cluster domain. ``serial`` grows by change."""

    objects: Objects
    records: dict[str, Records]
    serial: int


def best_server(servers: Sequence[Server], port: int, name: str) -> Server | None:
    """The server block whose zone fits a name best."""
    fitting = [
        (len(zone), server) for server in servers if server.port == port for zone in server.zones if below(name, zone)
    ]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def from_hosts(hosts: Hosts, question: Question) -> Reply | None:
    """Answer from the ``hosts`` directive; None for names that it does not have, also without fallthrough."""
    if question.kind == "PTR":
        names = [
            name for name, addresses in hosts.addresses.items() for a in addresses if reverse_name(a) == question.key
        ]
        return Reply(answer=_rrsets(question.name, "PTR", [f"{name}." for name in names], hosts.ttl)) if names else None
    if question.key not in hosts.addresses:
        return None
    values = [address for address in hosts.addresses[question.key] if address_type(address) == question.kind]
    return Reply(answer=_rrsets(question.name, question.kind, values, hosts.ttl))


def from_cluster(options: Kubernetes, view: View, question: Question) -> Reply | None:
    """Answer from the ``kubernetes`` directive; None for what is not its business or falls through."""
    zone = max((zone for zone in options.zones if below(question.key, zone)), key=len, default=None)
    if zone is None:
        return None
    found = _find(options, view, question, zone)
    if found is None:
        if any(below(question.key, passed) for passed in options.fallthrough):
            return None
        return Reply(dns.rcode.NXDOMAIN, authority=_soa(zone, options.ttl, view.serial))
    alias = found.get("CNAME", ()) if question.kind in ("A", "AAAA") else ()
    kind = "CNAME" if alias else question.kind
    if kind == "SOA" and question.key == zone:
        return Reply(answer=_soa(zone, options.ttl, view.serial, owner=question.name))
    answer = _rrsets(question.name, kind, _weighted(kind, found.get(kind, ())), options.ttl)
    if not answer:
        return Reply(authority=_soa(zone, options.ttl, view.serial))
    additional = _targets(view.records, answer) if kind in ("SRV", "NS") else ()
    return Reply(answer=answer, additional=additional, alias=alias[0].rstrip(".") if alias else "")


def shuffled(reply: Reply, order: random.Random) -> Reply:
    """The same reply with its addresses in another order (``loadbalance``)."""
    answer = []
    for rrset in reply.answer:
        if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA) and len(rrset) > 1:
            mixed = list(rrset)
            order.shuffle(mixed)
            rrset = dns.rrset.from_rdata_list(rrset.name, rrset.ttl, mixed)
        answer.append(rrset)
    return replace(reply, answer=tuple(answer))


def to_wire(query: dns.message.Message, reply: Reply, *, tcp: bool) -> bytes:
    """The message that answers ``query``, truncated to what the asker takes by UDP."""
    response = dns.message.make_response(query, recursion_available=reply.recursive, our_payload=query.payload)
    response.ednsflags |= query.ednsflags & dns.flags.DO
    response.set_rcode(reply.rcode)
    if reply.authoritative:
        response.flags |= dns.flags.AA
    response.answer, response.authority = list(reply.answer), list(reply.authority)
    response.additional = list(reply.additional)
    # Without a limit of its own, to_wire raises TooBig above the asker's payload instead of truncating.
    limit = 65535 if tcp else max(UDP_LIMIT, query.payload)
    return response.to_wire(max_size=limit, prefer_truncation=not tcp)


def question_of(query: dns.message.Message) -> Question | Reply:
    """The question of a query, or the reply to one that is not answered."""
    if query.opcode() != dns.opcode.QUERY:
        return Reply(dns.rcode.NOTIMP, authoritative=False)
    if len(query.question) != 1:
        return Reply(dns.rcode.FORMERR, authoritative=False)
    asked = query.question[0]
    if asked.rdclass not in (dns.rdataclass.IN, dns.rdataclass.ANY):
        return REFUSED
    if query.edns > 0:
        return Reply(dns.rcode.BADVERS, authoritative=False)
    if asked.rdtype in (dns.rdatatype.AXFR, dns.rdatatype.IXFR):
        return REFUSED
    return Question(asked.name.to_text(omit_final_dot=True) if asked.name != dns.name.root else "", _kind(asked.rdtype))


def _kind(number: dns.rdatatype.RdataType) -> str:
    return dns.rdatatype.to_text(number)


def _find(options: Kubernetes, view: View, question: Question, zone: str) -> dict[str, tuple[str, ...]] | None:
    """The records of a name by type, None for a name that does not exist."""
    if zone.endswith("arpa"):
        if question.kind != "PTR":
            return None
        every = (records.get(question.key) for records in view.records.values())
        return next((dict(found) for found in every if found is not None), None)
    records = view.records.get(zone, {})
    if question.key in records:
        return dict(records[question.key])
    if question.key == f"{NAME_SERVER}.{zone}":
        return dict(records.get(f"kube-dns.kube-system.svc.{zone}", {}))
    label, _, parent = question.key.partition(".")
    if parent.endswith(f".pod.{zone}") and parent in records:
        return _pod(options.pods, view.objects, label, parent.partition(".")[0])
    return None


def _pod(mode: str, objects: Objects, label: str, namespace: str) -> dict[str, tuple[str, ...]] | None:
    address = pod_address(label)
    if address is None or mode == "disabled":
        return None
    if mode == "verified" and not any(address in _addresses_in(pod, namespace) for pod in objects.pods):
        return None
    return {address_type(address): (address,)}


def _addresses_in(pod: dict[str, object], namespace: str) -> Iterable[str]:
    metadata, status = pod.get("metadata"), pod.get("status")
    if not isinstance(metadata, dict) or not isinstance(status, dict) or metadata.get("namespace") != namespace:
        return ()
    return [entry["ip"] for entry in status.get("podIPs") or ()]


def _weighted(kind: str, values: Sequence[str]) -> list[str]:
    """The values; those of SRV share a weight of 100."""
    if kind != "SRV":
        return list(values)
    weight = max(1, 100 // len(values)) if values else 0
    return [" ".join((priority, str(weight), *rest)) for priority, _, *rest in (value.split() for value in values)]


def _targets(records: dict[str, Records], answer: RRsets) -> RRsets:
    """The addresses of the targets of SRV records."""
    made: list[dns.rrset.RRset] = []
    for rrset in answer:
        for target in dict.fromkeys(rdata.target.to_text(omit_final_dot=True) for rdata in rrset):
            for zone in records.values():
                for kind in ("A", "AAAA"):
                    made += _rrsets(target, kind, zone.get(target, {}).get(kind, ()), rrset.ttl)
    return tuple(made)


def _soa(zone: str, ttl: int, serial: int, owner: str = "") -> RRsets:
    value = f"{NAME_SERVER}.{zone}. {HOSTMASTER}.{zone}. {serial} 7200 1800 86400 {ttl}"
    return _rrsets(owner or zone, "SOA", [value], ttl)


def _rrsets(name: str, kind: str, values: Iterable[str], ttl: int) -> RRsets:
    texts = list(values)
    return (dns.rrset.from_text_list(f"{name}.", ttl, "IN", kind, texts),) if texts else ()
