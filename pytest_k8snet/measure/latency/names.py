"""The latency of name servers: each replica beside the others, names that are cached and names that cannot be."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace

from pytest_k8snet.dns.questions import Question
from pytest_k8snet.dns.resolving import Found, look_up
from pytest_k8snet.dns.servers import NameServers, Server
from pytest_k8snet.measure.judged import Judged
from pytest_k8snet.measure.latency.judging import MEDIAN
from pytest_k8snet.measure.latency.paths import Path
from pytest_k8snet.measure.rounds import Arm, Plan, judge
from pytest_k8snet.measure.verdict import Limit
from pytest_k8snet.probe.observation import Pod, Protocol
from pytest_k8snet.probe.prober import Prober

TIMEOUT = 3.0
"""Less than resolvers wait before they ask again (5 s), and more than a server that is only slow takes."""

REPLICA_LIMIT = Limit(5.0, "same")
QUICK_ENOUGH = 5.0
"""Milliseconds: one replica may be on the asker's own node, another in another zone. What is quicker counts as this."""

Messages = Callable[[int], list[str]]


def known(servers: NameServers) -> Messages:
    """Return messages that all ask for the same name, which is cached after the first."""
    message = _encoded(f"kubernetes.default.svc.{servers.domain}")
    return lambda number: [message]


def unknown(servers: NameServers) -> Messages:
    """Return messages that ask for names of the cluster that nobody has asked for before, and that do not exist."""
    return lambda number: [_encoded(f"{secrets.token_hex(8)}.default.svc.{servers.domain}") for _ in range(number)]


def _encoded(name: str) -> str:
    return base64.b64encode(Question(name, "A").message(0).to_wire()).decode()


def path_to(server: Server, source: Pod, messages: Messages, name: str = "") -> Path:
    """Return the path from a pod to a name server."""
    port = server.port(Protocol.UDP)
    return Path(name or server.label, source, server.address, port, messages=messages, timeout=TIMEOUT)


def replicas_beside_another(prober: Prober, replicas: Sequence[Path], plan: Plan) -> list[Judged]:
    """Measure each replica beside the first in the same rounds: neither may be much slower than the other.

    There must be two at least. Raises MeasurementError when the first one cannot be measured.
    """
    first, *others = replicas

    def arm(path: Path) -> Arm:
        return lambda _: max(path.measure(prober, "dns", plan.seconds).percentile(MEDIAN), QUICK_ENOUGH)

    arms, reference = {path.name: arm(path) for path in others}, arm(first)
    found = list(judge(arms, reference, dict.fromkeys(arms, REPLICA_LIMIT), plan).values())
    return [replace(judged, name=f"{judged.name} beside {first.name}") for judged in found]


def walked(prober: Prober, pod: Pod, servers: NameServers, times: int) -> tuple[float, float]:
    """Return how many milliseconds a pod's own resolver takes for a name as it stands, and for one that it completes.

    Without a dot at its end the same name goes through the search list first, where ndots says so. The median of so
    many times each, in turn; infinity for a name that was not found.
    """
    whole = f"kubernetes.default.svc.{servers.domain}."
    names = (whole, whole.removesuffix("."))
    found: dict[str, list[Found]] = {name: [] for name in names}
    for _ in range(times):
        for name in names:
            found[name].append(look_up(prober, pod, [name])[name])
    direct, completed = (_middle(found[name]) for name in names)
    return direct, completed


def _middle(found: Sequence[Found]) -> float:
    times = sorted(float("inf") if one.error else one.millis for one in found)
    return times[len(times) // 2]
