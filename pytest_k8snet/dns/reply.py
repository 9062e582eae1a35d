"""A name server's answer, read from the bytes that the agent has carried."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import lru_cache

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rrset

from pytest_k8snet.probe.observation import Observation

_SHOWN = 6


class Reply:
    """``message`` is what dnspython read, ``size`` its length in bytes. Values look as in ``oracle.dns_records``."""

    def __init__(self, wire: bytes) -> None:
        self.wire = wire
        self.size = len(wire)
        self.message = dns.message.from_wire(wire, ignore_trailing=True)

    @property
    def rcode(self) -> str:
        """The response code as a word, such as NXDOMAIN."""
        return dns.rcode.to_text(self.message.rcode())

    @property
    def truncated(self) -> bool:
        """Whether it says that it is not all of the answer."""
        return bool(self.message.flags & dns.flags.TC)

    def values(self, kind: str) -> list[str]:
        """Return the values of a kind in the answer, as often and in the order in which they came."""
        return [_text(rdata) for rrset in self._answer(kind) for rdata in rrset]

    def ttls(self) -> list[int]:
        """Return the time to live in seconds of each set of records in the answer."""
        return [rrset.ttl for rrset in self.message.answer]

    def authority(self, kind: str) -> list[str]:
        """Return the owners of the records of a kind in the authority section, without the dot at their end."""
        wanted = dns.rdatatype.from_text(kind)
        return [_name(rrset.name) for rrset in self.message.authority if rrset.rdtype == wanted]

    def in_words(self) -> str:
        """Return the answer in one line."""
        found = [f"{dns.rdatatype.to_text(s.rdtype)} {_text(rdata)}" for s in self.message.answer for rdata in s]
        more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        shown = ", ".join([*sorted(found)[:_SHOWN], *more]) or "no records"
        return f"{self.rcode}, {shown}{', truncated' if self.truncated else ''}"

    def _answer(self, kind: str) -> Iterator[dns.rrset.RRset]:
        wanted = dns.rdatatype.from_text(kind)
        return (rrset for rrset in self.message.answer if rrset.rdtype == wanted)


def reply_of(seen: Observation) -> Reply | None:
    """Return the answer that an observation carries, None when it is no DNS message."""
    return _read(seen.data)


@lru_cache(maxsize=4096)
def _read(data: str) -> Reply | None:
    """Read once what a table looks at several times."""
    try:
        return Reply(base64.b64decode(data)) if data else None
    except dns.exception.DNSException:
        return None


def _text(rdata: dns.rdata.Rdata) -> str:
    words = rdata.to_text().split(" ")
    if rdata.rdtype == dns.rdatatype.SRV:
        words = words[2:]  # priority and weight are the server's choice
    text = " ".join(words)
    return text.lower() if rdata.rdtype in _NAMES else text


def _name(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


_NAMES = {dns.rdatatype.SRV, dns.rdatatype.PTR, dns.rdatatype.CNAME}
"""Kinds whose values are names, which are compared without regard to case."""
