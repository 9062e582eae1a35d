"""The preflight: before anything is judged, each step that the run stands on is tried, in order."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import permutations

from pytest_k8snet import capabilities
from pytest_k8snet.attach import Attachment
from pytest_k8snet.claims import Claims
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.cni.detect import detect
from pytest_k8snet.cni.modes import proxy_mode
from pytest_k8snet.errors import ApiError, PreflightError
from pytest_k8snet.fleet import make_fleet, make_grounds, usable_nodes, without_zones
from pytest_k8snet.kube.access import Access
from pytest_k8snet.kube.client import KubeApi
from pytest_k8snet.options import Settings
from pytest_k8snet.policy import enforcement, tier_enforcement
from pytest_k8snet.probe.observation import CONNECTS, Expected, Family, Outcome, Probe, Protocol
from pytest_k8snet.providers import Choice, Provider, Say
from pytest_k8snet.services import balancer
from pytest_k8snet.state import ClusterState, Node

NODES_SECONDS = 120.0

# What takes seconds to find out: how, and what is said of a cluster that lacks nothing of it.
LOOKED_AT_WHEN_NEEDED: Mapping[str, tuple[Callable[[Cluster], str], str]] = {
    "policy_enforced": (lambda cluster: enforcement.why_not(cluster), "NetworkPolicy is enforced"),
    "cluster_network_policy": (
        lambda cluster: tier_enforcement.why_not(cluster, tier_enforcement.NEW),
        "ClusterNetworkPolicy is enforced",
    ),
    "admin_network_policy": (
        lambda cluster: tier_enforcement.why_not(cluster, tier_enforcement.OLD),
        "AdminNetworkPolicy is enforced",
    ),
    "baseline_admin_network_policy": (
        lambda cluster: tier_enforcement.why_no_baseline(cluster),
        "there is no BaselineAdminNetworkPolicy",
    ),
    "load_balancer": (lambda cluster: balancer.why_not(cluster), "Services of type LoadBalancer get an address"),
}
# What the cluster lacks for the one, it lacks for the other.
PRESUMED = {"baseline_admin_network_policy": "admin_network_policy"}

# What a run does through the API. docs/rbac.yaml grants exactly this; a test holds the two together.
PERMISSIONS: tuple[tuple[str, str], ...] = (
    *((verb, "namespaces") for verb in ("create", "delete", "get", "list", "patch")),
    ("list", "nodes"),
    *((verb, "pods") for verb in ("create", "delete", "deletecollection", "get", "list", "watch")),
    *((verb, "pods/exec") for verb in ("create", "get")),
    ("create", "configmaps"),
    ("list", "events"),
)


@dataclass(frozen=True)
class Plan:
    """What a run starts from. ``needs`` are the requirements of its tests; some are only looked at when needed."""

    run_id: str
    access: Access
    provider: Provider
    choice: Choice
    settings: Settings
    claims: Claims = field(default_factory=Claims)
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Found:
    """A cluster that can be used, before anything is made in it."""

    version: str
    nodes: tuple[Node, ...]


def examine(plan: Plan, say: Say) -> Found:
    """Go through the part of the preflight that makes nothing.

    Raises:
        PreflightError, NoVerdict: the first step that failed, and what to do.

    """
    api = KubeApi(plan.access)
    try:
        version = _reach(api, plan, say)
        _permitted(api)
        nodes = _nodes(api, plan)
    finally:
        api.close()
    say(f"{len(nodes)} nodes take probe pods: {', '.join(node.name for node in nodes)}")
    return Found(version, tuple(nodes))


def prepare(plan: Plan, found: Found, say: Say) -> ClusterState:
    """Make the fleet, go through the rest of the preflight and return the cluster with its fleet.

    Raises:
        PreflightError, NoVerdict: the first step that failed, and what to do.

    """
    api = KubeApi(plan.access)
    try:
        state = _fleet(api, plan, found, say)
    finally:
        api.close()
    return _try_probes(state, plan, say)


def _reach(api: KubeApi, plan: Plan, say: Say) -> str:
    try:
        version = api.version()
    except ApiError as error:
        raise PreflightError(f"the cluster's API cannot be used: {error.message}", hint=error.hint) from error
    say(f"Kubernetes {version} at {api.server} ({plan.choice.why})")
    return version


def _permitted(api: KubeApi) -> None:
    refused = [f"{verb} {resource}" for verb, resource in PERMISSIONS if not api.may(verb, resource)]
    if refused:
        raise PreflightError(
            f"these credentials may not: {', '.join(refused)}",
            hint="Ask for the ClusterRole in docs/rbac.yaml: kubectl apply -f docs/rbac.yaml",
        )


def _nodes(api: KubeApi, plan: Plan) -> list[Node]:
    """Return the nodes. Those of a cluster that was made for this run get time to become Ready."""
    end = time.monotonic() + (NODES_SECONDS if plan.provider.name == "kind" else 0)
    while True:
        try:
            return usable_nodes(api, plan.settings)
        except PreflightError:
            if time.monotonic() >= end:
                raise
            time.sleep(0.5)


def _fleet(api: KubeApi, plan: Plan, found: Found, say: Say) -> ClusterState:
    grounds = make_grounds(api, plan.run_id, plan.settings)
    fleet, refused = make_fleet(api, plan.run_id, grounds, found.nodes, plan.settings)
    say(f"{len(fleet.all())} probe pods are Ready in {grounds.namespace}")
    outside, no_outside = plan.provider.outside()
    missing = {"host_network": refused, "host_port": refused} if refused else {}
    if outside is None:
        missing["outside"] = no_outside
    if len(found.nodes) < 2:
        missing["two_nodes"] = "only one node takes probe pods"
    if no_zones := without_zones(found.nodes):
        missing["zones"] = no_zones
    families = tuple(sorted({Family.of(address) for pod in fleet.pods for address in pod.addresses}))
    for family in set(Family) - set(families):
        missing[family] = f"no probe pod has an {family} address"
    if len(families) < 2:
        missing["dual_stack"] = f"pods have only {' '.join(families)} addresses"
    return ClusterState(
        run_id=plan.run_id,
        kubeconfig=plan.access.kubeconfig,
        context=plan.access.context,
        scratch=plan.access.scratch,
        provider=plan.provider.name,
        why=plan.choice.why,
        version=found.version,
        cni=detect(api),
        namespace=grounds.namespace,
        host_namespace="" if grounds.host_refused else grounds.host_namespace,
        nodes=found.nodes,
        fleet=fleet,
        outside=outside,
        families=families,
        mtu=0,
        missing=missing | plan.claims.denied,
        claimed=plan.claims.made,
        denied=plan.claims.denied,
        proxy_mode=proxy_mode(api),
    )


def _try_probes(state: ClusterState, plan: Plan, say: Say) -> ClusterState:
    attachment = Attachment(state, plan.settings)
    try:
        greetings = attachment.hello(state.fleet.all())
        _positive_control(attachment, state)
        say("exec works, and a positive control connected")
        return _looked_at(capabilities.add(state, attachment, greetings), attachment, plan, say)
    finally:
        attachment.close()


def _looked_at(state: ClusterState, attachment: Attachment, plan: Plan, say: Say) -> ClusterState:
    """Add what takes seconds to find out, as far as it is needed and not known."""
    missing, untried = dict(state.missing), [*state.untried]
    for name, (why_not, fine) in LOOKED_AT_WHEN_NEEDED.items():
        if name in missing:
            continue
        reason = missing.get(PRESUMED.get(name, ""), "") if name in plan.needs else enforcement.UNKNOWN
        reason = reason or why_not(Cluster(attachment))
        if reason == enforcement.UNKNOWN:
            untried.append(name)
            continue
        say(reason or fine)
        if reason:
            missing[name] = reason
    return replace(state, missing=missing, untried=tuple(untried))


def _positive_control(attachment: Attachment, state: ClusterState) -> None:
    """See one probe succeed: without it every 'blocked' would be worth nothing."""
    cells: Mapping[Probe, Expected] = {
        Probe(source, address, target.port, Protocol.TCP, target.name): Expected(CONNECTS, server=target.name)
        for source, target in permutations(state.fleet.pods, 2)
        for address in target.addresses
    }
    for _ in range(10):
        seen = attachment.prober.observe(cells)
        if any(observation.outcome is Outcome.CONNECTED for observation in seen.values()):
            return
    probe, observation = next(iter(seen.items()))
    raise PreflightError(
        f"not one of {len(cells)} probes between the probe pods connected, so nothing can be judged; "
        f"{probe.source.name} on {probe.source.node} to {probe.column} at {probe.address}:{probe.port}: "
        f"{observation.outcome} {observation.detail}".rstrip(),
        hint="Is the CNI running on every node? See 'kubectl -n kube-system get pods'. "
        "A default-deny policy for new namespaces would look the same.",
    )
