"""What NetworkPolicies are about, as the oracle sees it: both ends of a connection, the policies, a judgement.

Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Manifest = Mapping[str, Any]


class Verdict(enum.StrEnum):
    """What policies say of a connection. UNDEFINED: the API leaves it open, or implementations may differ."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNDEFINED = "undefined"


class Answer(NamedTuple):
    """A verdict on a part of the question; ``because`` says what is left open if it is UNDEFINED."""

    verdict: Verdict
    because: str = ""


YES = Answer(Verdict.ALLOWED)
NO = Answer(Verdict.DENIED)
CERTAINTY = (Verdict.DENIED, Verdict.UNDEFINED, Verdict.ALLOWED)


def all_of(*answers: Answer) -> Answer:
    """Return what holds if all must allow: one that certainly denies decides, then one that is left open."""
    return min(answers, key=lambda answer: CERTAINTY.index(answer.verdict), default=YES)


def any_of(*answers: Answer) -> Answer:
    """Return what holds if one that allows is enough; none at all denies."""
    return max(answers, key=lambda answer: CERTAINTY.index(answer.verdict), default=NO)


@dataclass(frozen=True, slots=True)
class NamedPort:
    """A port that a container declares with a name. ``protocol`` is TCP, UDP or SCTP, as in the API."""

    name: str
    protocol: str
    number: int


@dataclass(frozen=True, slots=True)
class Party:
    """One end of a connection. ``address`` is its address in the family that is asked about.

    A pod has a ``namespace``; ``host_network`` pods and nodes have the address of a node. Whatever has neither a
    namespace nor ``host_network`` is outside the cluster.
    """

    name: str
    address: str
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[NamedPort, ...] = ()
    node: str = ""
    host_network: bool = False

    @property
    def shown(self) -> str:
        """The name for people: ``namespace/name`` of a pod, else the name alone."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True, slots=True)
class Connection:
    """An attempt to connect. ``protocol`` is TCP, UDP or SCTP; ``port`` the number at the target."""

    source: Party
    target: Party
    protocol: str
    port: int


@dataclass(frozen=True, slots=True)
class Backend:
    """A pod behind a Service and the number of its target port."""

    pod: Party
    port: int


@dataclass(frozen=True, slots=True)
class Frontend:
    """The address, port and protocol of a Service that a client asks.

    ``external`` is for whatever is no cluster address: node ports, external addresses, load balancers. Their path may
    give the connection another source address, unless ``externalTrafficPolicy`` is Local, which is ``local``. ``node``
    names the node whose address it is, for node ports.
    """

    address: str
    port: int
    protocol: str
    external: bool = False
    local: bool = False
    node: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """The NetworkPolicies that exist, as the API returns them, and the labels of every namespace by its name."""

    policies: tuple[Manifest, ...]
    namespaces: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Side:
    """What one direction says. ``selecting`` names the policies that apply to this end in it.

    ``because`` is one sentence: the rule that allows, why no rule does, that nothing isolates, or what is left open.
    """

    direction: str  # Ingress or Egress
    verdict: Verdict
    because: str
    selecting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on a connection: both sides must allow it. ``because`` is the sentence of the side that decides."""

    verdict: Verdict
    because: str
    sides: tuple[Side, ...] = ()
