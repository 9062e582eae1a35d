"""Names as pods resolve them themselves, and name servers of our own that count what they are asked."""

from __future__ import annotations

import base64
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import msgspec

from pytest_k8snet.dns.questions import Question
from pytest_k8snet.dns.reply import Reply
from pytest_k8snet.dns.servers import ResolvConf
from pytest_k8snet.probe.observation import Pod
from pytest_k8snet.probe.prober import Prober

LOOKUP_SECONDS = 6.0
"""More than one try of a resolver, which asks again after five seconds (resolv.conf(5))."""

_HEADER = 12
TTL = 4


@dataclass(frozen=True)
class Found:
    """What the resolver in a pod made of a name: addresses and the true name, or an error."""

    name: str
    millis: float
    addresses: tuple[str, ...]
    canonical: str
    error: str


def look_up(prober: Prober, pod: Pod, names: Iterable[str]) -> dict[str, Found]:
    """Let the resolver in a pod look names up, side by side. Raises NoVerdict when the agent does not answer."""
    answer = prober.ask(pod, {"op": "lookup", "names": list(dict.fromkeys(names)), "timeout": LOOKUP_SECONDS})
    found = _decoded(answer["results"], list[Found])
    return {one.name: one for one in found}


def look_up_until(prober: Prober, pod: Pod, wanted: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
    """Let a pod look names up until each has the wanted addresses, or the prober's patience is over."""
    deadline = time.monotonic() + prober.patience.converge
    while True:
        found = {name: set(one.addresses) for name, one in look_up(prober, pod, wanted).items()}
        if found == {name: set(addresses) for name, addresses in wanted.items()} or time.monotonic() >= deadline:
            return found
        time.sleep(prober.patience.interval)


def told(prober: Prober, pods: Collection[Pod]) -> dict[str, ResolvConf]:
    """Return what pods have in /etc/resolv.conf, by the pod's name."""
    return {pod.name: ResolvConf.parse(facts.resolv_conf) for pod, facts in prober.facts(pods).items()}


def records(question: Question, *values: str, ttl: int = TTL) -> bytes:
    """Return a reply with records of the asked kind."""
    reply = dns.message.make_response(question.message(0), recursion_available=True)
    reply.flags |= dns.flags.AA
    if values:
        reply.answer.append(dns.rrset.from_text(f"{question.name}.", ttl, "IN", question.kind, *values))
    return reply.to_wire()


def denied(question: Question, zone: str, ttl: int) -> bytes:
    """Return the reply that a name does not exist, which may be remembered for ``ttl`` seconds."""
    reply = dns.message.make_response(question.message(0), recursion_available=True)
    reply.flags |= dns.flags.AA
    reply.set_rcode(dns.rcode.NXDOMAIN)
    soa = f"ns.{zone}. hostmaster.{zone}. 1 7200 1800 86400 {ttl}"
    reply.authority.append(dns.rrset.from_text(f"{zone}.", ttl, "IN", "SOA", soa))
    return reply.to_wire()


@dataclass(frozen=True)
class Stub:
    """A name server in a probe pod, which serves for ``seconds``."""

    prober: Prober
    pod: Pod
    port: int = 53
    seconds: float = 300.0

    def serve(self, replies: Mapping[Question, bytes], *, silent: bool = False) -> None:
        """Answer these questions, every other with NXDOMAIN or, if ``silent``, not at all. Forgets what was asked."""
        refusal = dns.message.make_response(Question("x", "A").message(0), recursion_available=True)
        refusal.set_rcode(dns.rcode.NXDOMAIN)
        self.prober.ask(
            self.pod,
            {
                "op": "stub",
                "port": self.port,
                "seconds": self.seconds,
                "replies": {_key(question): base64.b64encode(reply).decode() for question, reply in replies.items()},
                "otherwise": "" if silent else base64.b64encode(refusal.to_wire()).decode(),
            },
        )

    def asked(self) -> list[Question]:
        """Return what it was asked, in this order, in lower case."""
        answer = self.prober.ask(self.pod, {"op": "stubbed", "port": self.port})
        return [_question(key) for key, _ in _decoded(answer["asked"], list[tuple[str, float]])]


def _key(question: Question) -> str:
    return question.message(0).to_wire()[_HEADER:].lower().hex() if not question.payload else ""


def _question(key: str) -> Question:
    header = bytes(4) + b"\0\1" + bytes(6)
    (asked,) = Reply(header + bytes.fromhex(key)).message.question
    return Question(asked.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(asked.rdtype))


def _decoded(value: Any, kind: Any) -> Any:
    return msgspec.json.decode(value, type=kind) if isinstance(value, msgspec.Raw) else msgspec.convert(value, kind)
