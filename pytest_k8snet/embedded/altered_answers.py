"""Faults in what name servers answer: a relay before each replica, or before the first one, alters it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from pytest_k8snet.embedded.dns_relay import Alter, Ask, DnsRelay
from pytest_k8snet.embedded.injection import Target
from pytest_k8snet.embedded.network.link import PodLink
from pytest_k8snet.embedded.network.node import AttachHook, Node

CLUSTER_ZONE = "cluster.local."
DRILL_ZONE = "k8snet-drill.test."
"""What the checks of the Corefile add to it."""


@dataclass
class AlteredAnswers:
    """``make`` gives, for each replica of a cluster, what becomes of its answers.

    It holds for replicas to come as well, unless it is for the ``first_only``.
    """

    name: str
    breaks: str
    make: Callable[[Target], Alter]
    first_only: bool = False
    layer: str = "dns"
    _relays: dict[PodLink, DnsRelay] = field(default_factory=dict)
    _hook: AttachHook | None = None

    async def apply(self, cluster: Target) -> None:
        """Put the relays before the replicas. Raises NotPossible when no name server runs."""
        for link in cluster.name_servers()[: 1 if self.first_only else None]:
            await self._relay(cluster, link)
        if not self.first_only:
            self._hook = self._opener(cluster)
            for node in cluster.network.nodes.values():
                node.on_attach.append(self._hook)

    async def revert(self, cluster: Target) -> None:
        """Take the relays away."""
        for node in cluster.network.nodes.values():
            if self._hook is not None:
                node.stop_calling(self._hook)
        alive = {link for _, link in cluster.network.links()}
        for link, relay in self._relays.items():
            await relay.close(alive=link in alive)
        self._relays.clear()

    async def _relay(self, cluster: Target, link: PodLink) -> None:
        relay = self._relays[link] = DnsRelay(link.netns, self.name, self.make(cluster))
        await relay.open()

    def _opener(self, cluster: Target) -> AttachHook:
        async def open_before(node: Node, link: PodLink) -> None:
            if cluster.is_name_server(link):
                await self._relay(cluster, link)

        return open_before


def changed(change: Callable[[dns.message.Message], None], *kinds: str) -> Callable[[Target], Alter]:
    """Return what changes the answers to questions of some kinds, or of every kind, as they come from the server."""
    wanted = {dns.rdatatype.from_text(kind) for kind in kinds}

    async def alter(query: dns.message.Message, ask: Ask) -> dns.message.Message:
        answer = await ask(query)
        if not wanted or (answer.question and answer.question[0].rdtype in wanted):
            change(answer)
        return answer

    return lambda cluster: alter


def asked_name(message: dns.message.Message) -> str:
    """Return the name in the question of a message, in lower case and with the dot at its end."""
    return message.question[0].name.to_text().lower() if message.question else ""


def in_cluster(name: str) -> bool:
    """Whether a name is one of the cluster domain."""
    return name.endswith(f".{CLUSTER_ZONE}")


def of_changing(query: dns.message.Message) -> bool:
    """Whether a question is for something whose name begins with changing: the objects that checks change."""
    return any(label.startswith("changing") for label in labels_of_service(asked_name(query)))


def labels_of_service(name: str) -> list[str]:
    """Return the labels of a name below ``svc.cluster.local.``, the namespace last; none for other names."""
    before, found, after = name.rpartition(f".svc.{CLUSTER_ZONE}")
    return before.split(".") if found and not after else []


def deny(answer: dns.message.Message) -> None:
    """Make an answer say that the name does not exist."""
    answer.set_rcode(dns.rcode.NXDOMAIN)
    answer.answer.clear()
    answer.additional[:] = [rrset for rrset in answer.additional if rrset.rdtype == dns.rdatatype.OPT]


def with_values(rrset: dns.rrset.RRset, values: list[str]) -> dns.rrset.RRset:
    """Return a set of records with other values."""
    return dns.rrset.from_text_list(rrset.name, rrset.ttl, rrset.rdclass, rrset.rdtype, values)
