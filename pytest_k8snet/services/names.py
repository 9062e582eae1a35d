"""Services by their names, as pods resolve them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pytest_k8snet.errors import NoVerdict
from pytest_k8snet.probe.facts import Facts
from pytest_k8snet.probe.observation import CONNECTS, Expectation, Expected, Pod, Probe, Protocol
from pytest_k8snet.services.served import PORT, Served


def cluster_domain(facts: Iterable[Facts]) -> str:
    """Return the cluster's domain by what pods are told to search. Raises NoVerdict when they are not."""
    for found in facts:
        for line in found.resolv_conf.splitlines():
            words = line.split()
            if words[:1] == ["search"]:
                for name in words[1:]:
                    if name.startswith("svc."):
                        return name.removeprefix("svc.").rstrip(".")
    raise NoVerdict("no pod is told to search svc.DOMAIN in its resolv.conf, so the cluster's domain is not known")


def by_name(
    title: str, served: Served, clients: Collection[Pod], domain: str, *, answered_by: Served | None = None
) -> Expectation:
    """Expect that clients are answered at a Service's name, by the endpoints of another Service if one is named."""
    name = served.full_name(domain) + "."
    servers = frozenset(endpoint.pod for endpoint in (answered_by or served).endpoints)
    expected = Expected(CONNECTS, servers=servers, because=f"{name} leads to them")
    return Expectation(title, {Probe(pod, name, PORT, Protocol.TCP, served.name): expected for pod in clients})
