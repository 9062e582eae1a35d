"""The check: one asserted behaviour with a permanent id, its clause and the faults that it catches."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import pytest

from pytest_k8snet.profiles import LEVELS

TestFunction = TypeVar("TestFunction", bound=Callable[..., object])

AREAS = {
    "model": "the pod network model and exposure",
    "services": "Services of every type",
    "dns": "DNS by the Kubernetes DNS specification",
    "policy": "NetworkPolicy",
    "ingress": "Ingress",
    "performance": "bandwidth, latency and MTU",
    "resilience": "what breaks, for how long, when a part fails",
}
AREA_OF = {"svc": "services", "exp": "services", "perf": "performance"}
"""The areas of ids that do not begin with their area's name."""

REQUIREMENTS = {
    "ipv4": "the cluster gives pods IPv4 addresses",
    "ipv6": "the cluster gives pods IPv6 addresses",
    "dual_stack": "the cluster gives pods addresses of both families",
    "two_nodes": "two nodes take probe pods",
    "zones": "the nodes that take probe pods are in two zones (the label topology.kubernetes.io/zone)",
    "host_network": "the cluster lets us run hostNetwork pods",
    "host_port": "the cluster serves hostPort",
    "outside": "there is a host outside the cluster to probe from",
    "load_balancer": "somebody gives Services of type LoadBalancer an address",
    "sctp": "probe pods can speak SCTP (a kernel with SCTP, or raw sockets)",
    "icmp": "probe pods can send ICMP echo (the ping_group_range sysctl)",
    "capture": "hostNetwork pods may capture packets (CAP_NET_RAW)",
    "policy_enforced": "the cluster enforces NetworkPolicy",
    "cluster_network_policy": "the cluster has and enforces ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2)",
    "admin_network_policy": "the cluster has and enforces AdminNetworkPolicy (policy.networking.k8s.io/v1alpha1)",
    "baseline_admin_network_policy": "it does, and has no BaselineAdminNetworkPolicy, of which there can be one only",
}


@dataclass(frozen=True)
class Check:
    """The permanent part of a check. ``requires`` are keys of REQUIREMENTS, ``catches`` names of faults.

    ``shows`` is the requirement that the check itself judges, "" for most: where others that require it are skipped,
    this one gives the verdict, unless the cluster is claimed not to have it.
    """

    id: str
    area: str
    level: str
    spec: str
    requires: tuple[str, ...]
    catches: tuple[str, ...]
    title: str = ""  # where it is not the first line of a docstring
    shows: str = ""


def check(
    id: str,
    *,
    spec: str,
    level: str,
    catches: tuple[str, ...],
    requires: tuple[str, ...] = (),
    shows: str = "",
    area: str | None = None,
) -> Callable[[TestFunction], TestFunction]:
    """Make a test function a check.

    ``spec`` is the URL of the clause. Raises ValueError for an id, area, level or requirement that does not exist, so
    that a misspelt one fails at import.
    """
    prefix = id.partition("-")[0].lower()
    named = area or AREA_OF.get(prefix, prefix)
    given = Check(id, named, level, spec, tuple(requires), tuple(catches), shows=shows)
    marks = marks_of(given)

    def mark(function: TestFunction) -> TestFunction:
        for one in marks:
            function = one(function)
        return function

    return mark


def marks_of(made: Check) -> tuple[pytest.MarkDecorator, ...]:
    """Return the marks that make a test, or one set of its parameters, this check. Raises ValueError."""
    if not re.fullmatch(r"[A-Z]+-\d{3}", made.id):
        raise ValueError(f"check id {made.id!r} must look like MODEL-001")
    needs = (*made.requires, *filter(None, [made.shows]))
    for value, known in ((made.area, AREAS), (made.level, LEVELS), *((name, REQUIREMENTS) for name in needs)):
        if value not in known:
            raise ValueError(f"{made.id}: {value!r} is not one of {', '.join(known)}")
    return pytest.mark.k8snet_check(made), getattr(pytest.mark, made.area), getattr(pytest.mark, made.level)


def check_of(item: pytest.Item) -> Check | None:
    """Return the check that a test is, or None for a test that is not one."""
    marker = item.get_closest_marker("k8snet_check")
    return marker.args[0] if marker else None


def parameters_of(item: pytest.Item) -> dict[str, str]:
    """Return the parameters of a test as reports and waivers know them."""
    found = check_of(item)
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    # A parameter that is the check itself, such as a policy case, is in its id already.
    return {name: str(value) for name, value in parameters.items() if not found or str(value) != found.id}


def requirements_of(item: pytest.Item) -> tuple[str, ...]:
    """Return what a test needs: by its check, and by its parameters ``family`` and ``protocol``."""
    found = check_of(item)
    needs = list(found.requires) if found else []
    parameters = parameters_of(item)
    needs += [parameters[name] for name in ("family", "protocol") if parameters.get(name) in REQUIREMENTS]
    return tuple(needs)


def register_markers(config: pytest.Config) -> None:
    """Make the markers of areas and levels known, so that ``-m "model and core"`` works."""
    config.addinivalue_line("markers", "k8snet_check(check): permanent id, clause and level of a check")
    config.addinivalue_line("markers", "cyclonus: the policy cases that cyclonus runs by default (pytest-k8snet)")
    for name, meaning in (AREAS | LEVELS).items():
        config.addinivalue_line("markers", f"{name}: {meaning} (pytest-k8snet)")
