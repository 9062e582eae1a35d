"""``python3 -m pytest_k8snet.embedded.dns.upstream``: the name server outside the cluster, with a zone of its own."""

from __future__ import annotations

import asyncio

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.zone

from pytest_k8snet.embedded.dns.answer import REFUSED, Question, Reply, question_of, to_wire
from pytest_k8snet.embedded.dns.server import Asker, DnsSockets, parse_query
from pytest_k8snet.embedded.dns.settings import below

PORT = 53
ZONE = "example.test"

BIG_TEXT = " ".join(f'"{number:02d}{"-" * 198}"' for number in range(15))
"""3000 bytes in 15 strings: more than any UDP answer here may have."""

CONTENT = f"""
$TTL 60
@      SOA ns hostmaster 1 7200 1800 86400 30
@      NS  ns
@      A     203.0.113.1
@      AAAA  2001:db8::1
ns     A     203.0.113.53
www    A     203.0.113.2
www    AAAA  2001:db8::2
many   A     203.0.113.11
many   A     203.0.113.12
many   A     203.0.113.13
alias  CNAME www
text   TXT   "served outside the cluster"
short  5 A   203.0.113.5
big    TXT   {BIG_TEXT}
"""


class Upstream:
    """Answers for ``example.test`` and refuses everything else."""

    def __init__(self) -> None:
        self._zone = dns.zone.from_text(CONTENT, dns.name.from_text(ZONE), relativize=False)

    async def handle(self, data: bytes, asker: Asker) -> bytes | None:
        """Answer one query."""
        query = parse_query(data)
        if not isinstance(query, dns.message.Message):
            return query
        question = question_of(query)
        reply = question if isinstance(question, Reply) else self.answer(question)
        return to_wire(query, reply, tcp=asker.tcp)

    def answer(self, question: Question) -> Reply:
        """What the zone says."""
        if not below(question.key, ZONE):
            return REFUSED
        name = dns.name.from_text(f"{question.name}.")
        kind = dns.rdatatype.from_text(question.kind)
        node = self._zone.get_node(name)
        soa = (self._zone.find_rrset(f"{ZONE}.", "SOA"),)
        if node is None:
            return Reply(dns.rcode.NXDOMAIN, authority=soa)
        alias = self._zone.get_rrset(name, "CNAME")
        if alias is not None and question.kind != "CNAME":
            target = self._zone.get_rrset(alias[0].target, kind)
            return Reply(answer=tuple(rrset for rrset in (alias, target) if rrset is not None))
        found = self._zone.get_rrset(name, kind)
        return Reply(answer=(found,)) if found is not None else Reply(authority=soa)


async def _serve() -> None:
    sockets = DnsSockets(Upstream().handle, PORT)
    await sockets.open()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
