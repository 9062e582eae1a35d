"""Endpoints that go are still served: connections to a Service end at pods that are no longer behind it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.services.ports import Endpoint
from pytest_k8snet.embedded.services.proxy import Ports, Rewrite
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices("service-stale-endpoint", "the removal of endpoints from Services", _remembering)


def _remembering(cluster: Target) -> Rewrite:
    known: defaultdict[tuple[str, str, int], dict[tuple[str, int], Endpoint]] = defaultdict(dict)

    def rewrite(node: str, ports: Ports) -> Ports:
        kept = []
        for port in ports:
            endpoints = known[port.service, port.name, port.version]
            # What was ready once stays so: an endpoint goes by being not ready, or by not being told any more.
            endpoints |= {(one.address, one.port): one for one in port.endpoints if one.ready}
            stale = [
                one
                for key, one in endpoints.items()
                if key not in {(e.address, e.port) for e in port.cluster_endpoints}
            ]
            kept.append(replace(port, endpoints=tuple(sorted({*port.cluster_endpoints, *stale}))))
        return tuple(kept)

    return rewrite
