"""Each step that a run stands on is tried, in order, and says what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml

from pytest_k8snet import preflight
from pytest_k8snet.attach import Attachment
from pytest_k8snet.claims import Claims
from pytest_k8snet.dns import permissions
from pytest_k8snet.errors import ApiError, NoVerdict, PodNotReady, PreflightError
from pytest_k8snet.kube.access import Access
from pytest_k8snet.kube.client import KubeApi
from pytest_k8snet.measure.iperf3 import bench
from pytest_k8snet.options import Settings
from pytest_k8snet.policy import enforcement, tier_enforcement
from pytest_k8snet.policy.cluster_manifests import GROUP
from pytest_k8snet.preflight import Plan
from pytest_k8snet.probe.observation import Family, Observation, Outcome, Pod, Probe
from pytest_k8snet.providers import Choice
from pytest_k8snet.providers.existing import THIS_MACHINE
from pytest_k8snet.services import backends
from pytest_k8snet.state import ClusterState, Fleet

Object = dict[str, Any]
OTHERS = {"cluster_network_policy", "admin_network_policy", "baseline_admin_network_policy", "load_balancer"}
READY = [{"type": "Ready", "status": "True"}]


class Cluster:
    """A cluster behind the API server: what is created is there and Ready at once."""

    def __init__(self) -> None:
        self.nodes = {f"node-{number}": self.node() for number in (1, 2)}
        self.nodes_at_first: Object | None = None
        self.denied: set[str] = set()
        self.refused: dict[str, str] = {}
        self.pods: list[Object] = []
        self.pod_status: Object = {"conditions": READY, "podIPs": [{"ip": "10.244.1.2"}, {"ip": "fd00::2"}]}

    @staticmethod
    def node(ready: str = "True") -> Object:
        condition = {"type": "Ready", "status": ready, "reason": "KubeletNotReady", "message": "no CNI"}
        return {"conditions": [condition], "addresses": [{"type": "InternalIP", "address": "10.200.0.1"}]}

    def answer(self, method: str, path: str, body: Any) -> Any:
        if path.endswith("selfsubjectaccessreviews"):
            asked = body["spec"]["resourceAttributes"]
            resource = f"{asked['resource']}/{asked['subresource']}".rstrip("/")
            return {"status": {"allowed": f"{asked['verb']} {resource}" not in self.denied}}
        if method == "POST":
            return self._create(body)
        if path.endswith("/exec"):
            return 403, {"kind": "Status", "message": "pods/exec is forbidden"}
        if path == "/api/v1/nodes":
            nodes, self.nodes_at_first = self.nodes_at_first or self.nodes, None
            items = [
                {
                    "metadata": {"name": name, "labels": {"topology.kubernetes.io/zone": f"zone of {name}"}},
                    "spec": {},
                    "status": status,
                }
                for name, status in nodes.items()
            ]
            return {"items": items}
        namespace = path.removeprefix("/api/v1/namespaces/").removesuffix("/pods")
        found = [pod for pod in self.pods if pod["metadata"]["namespace"] == namespace]
        return {"items": found, "metadata": {"resourceVersion": "1"}}

    def _create(self, body: Object) -> Any:
        if (kind := body["kind"]) in self.refused:
            return 403, {"kind": "Status", "message": self.refused[kind]}
        if kind == "Pod":
            (term,) = body["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
                "nodeSelectorTerms"
            ]
            body["spec"]["nodeName"] = term["matchFields"][0]["values"][0]
            self.pods.append(body | {"status": self.pod_status})
        return body


@pytest.fixture
def cluster(api_server: Any) -> Cluster:
    made = Cluster()
    api_server.otherwise = made.answer
    return made


@pytest.fixture
def plan(access: Access, settings: Settings) -> Plan:
    provider = SimpleNamespace(name="existing", outside=lambda: (THIS_MACHINE, ""))
    return Plan("0000002a", access, cast(Any, provider), Choice("existing", "--k8snet-context lab"), settings)


@pytest.fixture
def connection(access: Access) -> Iterator[KubeApi]:
    made = KubeApi(access)
    yield made
    made.close()


def _prepare(plan: Plan, said: list[str]) -> None:
    preflight.prepare(plan, preflight.examine(plan, said.append), said.append)


def test_credentials_that_are_expired_are_said_first(
    cluster: Cluster, api_server: Any, plan: Plan, said: list[str]
) -> None:
    api_server.answers["GET /version"] = (401, {"kind": "Status", "message": "Unauthorized"})
    with pytest.raises(
        PreflightError, match="the cluster's API cannot be used: read the version: Unauthorized"
    ) as error:
        _prepare(plan, said)
    assert "expired or wrong" in error.value.hint
    assert said == []


def test_an_api_that_is_not_there_is_said_with_how_to_look(access: Access, plan: Plan, said: list[str]) -> None:
    file = Path(access.kubeconfig)
    file.write_text(file.read_text().replace(access.configuration().host, "http://127.0.0.1:1"))
    with pytest.raises(PreflightError, match=r"no answer from the API at http://127\.0\.0\.1:1") as error:
        _prepare(plan, said)
    assert "kubectl" in error.value.hint


def test_every_missing_permission_is_named_with_where_to_get_it(cluster: Cluster, plan: Plan, said: list[str]) -> None:
    cluster.denied = {"create pods/exec", "deletecollection pods"}
    with pytest.raises(PreflightError) as error:
        _prepare(plan, said)
    assert error.value.message == "these credentials may not: deletecollection pods, create pods/exec"
    assert "kubectl apply -f docs/rbac.yaml" in error.value.hint


def test_what_only_looks_makes_nothing(cluster: Cluster, api_server: Any, plan: Plan, said: list[str]) -> None:
    found = preflight.examine(plan, said.append)
    assert (found.version, [node.name for node in found.nodes]) == ("v1.34.0", ["node-1", "node-2"])
    made = {asked for asked, _ in api_server.asked if not asked.startswith("GET ")}
    assert made == {"POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews"}


def test_a_node_that_is_not_ready_is_named(cluster: Cluster, plan: Plan, said: list[str]) -> None:
    cluster.nodes["node-2"] = cluster.node("False")
    with pytest.raises(PreflightError, match="node node-2 is not Ready: KubeletNotReady: no CNI"):
        _prepare(plan, said)
    assert said == [f"Kubernetes v1.34.0 at {plan.access.configuration().host} (--k8snet-context lab)"]


def test_the_nodes_of_a_new_kind_cluster_get_time_to_become_ready(
    cluster: Cluster, plan: Plan, said: list[str]
) -> None:
    cluster.nodes_at_first = {"node-1": cluster.node(), "node-2": cluster.node("False")}
    new = replace(plan, provider=cast(Any, SimpleNamespace(name="kind")))
    assert [node.name for node in preflight.examine(new, said.append).nodes] == ["node-1", "node-2"]
    assert cluster.nodes_at_first is None


def test_a_namespace_that_may_not_be_made_is_said_in_the_words_of_the_api(
    cluster: Cluster, plan: Plan, said: list[str]
) -> None:
    cluster.refused = {"Namespace": "admission webhook denied the request"}
    with pytest.raises(ApiError, match=r"create Namespace k8snet-0000002a-\w+: admission webhook denied the request"):
        _prepare(plan, said)


def test_a_quota_is_said_in_the_words_of_the_api(cluster: Cluster, plan: Plan, said: list[str]) -> None:
    cluster.refused = {"Pod": 'pods "n1-a" is forbidden: exceeded quota: pods=2'}
    with pytest.raises(ApiError, match=r"create Pod n1-a in namespace \S+: .*exceeded quota"):
        _prepare(plan, said)


def test_an_image_that_cannot_be_pulled_names_the_pod_and_the_option(
    cluster: Cluster, plan: Plan, said: list[str]
) -> None:
    waiting = {"name": "agent", "state": {"waiting": {"reason": "ErrImagePull", "message": "no such host"}}}
    cluster.pod_status = {"phase": "Pending", "containerStatuses": [waiting]}
    with pytest.raises(PodNotReady, match=r"pod \S+/n1-a will not become Ready: .*ErrImagePull: no such host") as error:
        _prepare(plan, said)
    assert "--k8snet-image" in error.value.hint


def test_an_exec_that_is_refused_is_said(cluster: Cluster, plan: Plan, said: list[str]) -> None:
    with pytest.raises(NoVerdict, match=r"pods/exec is forbidden"):
        _prepare(plan, said)
    assert said[-1].startswith("7 probe pods are Ready in k8snet-0000002a-")


def _state_of(connection: KubeApi, plan: Plan, said: list[str]) -> ClusterState:
    return preflight._fleet(connection, plan, preflight.examine(plan, said.append), said.append)


def test_the_state_holds_what_was_found(cluster: Cluster, connection: KubeApi, plan: Plan, said: list[str]) -> None:
    state = _state_of(connection, plan, said)
    assert [pod.name for pod in state.fleet.pods] == ["n1-a", "n1-b", "n2-a", "n2-b"]
    assert (state.run_id, state.provider, state.why) == ("0000002a", "existing", "--k8snet-context lab")
    assert state.families == (Family.IPV4, Family.IPV6)
    assert state.outside == THIS_MACHINE
    assert state.namespace != state.host_namespace != ""
    assert state.missing == {}


def test_what_a_small_cluster_lacks_is_missing_with_its_reason(
    cluster: Cluster, connection: KubeApi, plan: Plan, said: list[str]
) -> None:
    del cluster.nodes["node-2"]
    cluster.pod_status = {"conditions": READY, "podIPs": [{"ip": "10.244.1.2"}]}
    provider = SimpleNamespace(name="existing", outside=lambda: (None, "this runs in a pod"))
    assert _state_of(connection, replace(plan, provider=cast(Any, provider)), said).missing == {
        "two_nodes": "only one node takes probe pods",
        "zones": "all nodes are in the zone zone of node-1",
        "ipv6": "no probe pod has an ipv6 address",
        "dual_stack": "pods have only ipv4 addresses",
        "outside": "this runs in a pod",
    }


class FakeProber:
    """Each time, sees the next of the outcomes, and the last one for ever."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.asked: list[Collection[Probe]] = []

    def observe(self, probes: Collection[Probe]) -> dict[Probe, Observation]:
        self.asked.append(probes)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        return {probe: Observation(outcome, 1.0, detail="no answer") for probe in probes}


@pytest.fixture
def control() -> Callable[[FakeProber], None]:
    """Run the positive control between two pods."""
    pods = (Pod("ns", "a", "node-1", ("10.244.1.2", "fd00::2")), Pod("ns", "b", "node-2", ("10.244.2.2",)))
    state = cast(ClusterState, SimpleNamespace(fleet=Fleet(pods)))
    return lambda prober: preflight._positive_control(cast(Attachment, SimpleNamespace(prober=prober)), state)


def test_one_probe_that_connects_is_control_enough(control: Callable[[FakeProber], None]) -> None:
    prober = FakeProber(Outcome.CONNECTED)
    control(prober)
    (asked,) = prober.asked
    assert {(probe.source.name, probe.address) for probe in asked} == {
        ("a", "10.244.2.2"),
        ("b", "10.244.1.2"),
        ("b", "fd00::2"),
    }


def test_a_network_that_is_still_being_set_up_gets_a_second_chance(control: Callable[[FakeProber], None]) -> None:
    prober = FakeProber(Outcome.TIMEOUT, Outcome.UNREACHABLE, Outcome.CONNECTED)
    control(prober)
    assert len(prober.asked) == 3


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.PROBE_ERROR])
def test_without_one_probe_that_connects_nothing_is_judged(
    control: Callable[[FakeProber], None], outcome: Outcome
) -> None:
    with pytest.raises(PreflightError) as error:
        control(FakeProber(outcome))
    assert error.value.message == (
        "not one of 3 probes between the probe pods connected, so nothing can be judged; "
        f"a on node-1 to b at 10.244.2.2:8080: {outcome} no answer"
    )
    assert "Is the CNI running" in error.value.hint


@pytest.mark.parametrize(
    ("needs", "missing", "seen", "found", "untried"),
    [
        ({"policy_enforced"}, {}, "", {}, set()),
        ({"policy_enforced"}, {}, "it is not", {"policy_enforced": "it is not"}, set()),
        ({"policy_enforced"}, {}, enforcement.UNKNOWN, {}, {"policy_enforced"}),
        ({"ipv4"}, {}, None, {}, {"policy_enforced"}),
        ({"policy_enforced"}, {"policy_enforced": "denied"}, None, {"policy_enforced": "denied"}, set()),
    ],
)
def test_what_takes_seconds_is_looked_at_when_it_is_needed_and_not_known(
    monkeypatch: pytest.MonkeyPatch,
    plan: Plan,
    said: list[str],
    needs: set[str],
    missing: dict[str, str],
    seen: str | None,
    found: dict[str, str],
    untried: set[str],
) -> None:
    def why_not(cluster: object) -> str:
        assert seen is not None, "nobody needs to know"
        return seen

    monkeypatch.setattr(preflight, "LOOKED_AT_WHEN_NEEDED", {"policy_enforced": (why_not, "it is enforced")})
    needing = replace(plan, needs=frozenset(needs))
    state = preflight._looked_at(_a_state(missing), cast(Attachment, None), needing, said.append)
    assert state.missing == found
    assert {*state.untried} == untried


@pytest.mark.parametrize(
    ("needs", "seen", "found"),
    [
        ({"cluster_network_policy"}, {"ClusterNetworkPolicy": ""}, {}),
        (
            {"cluster_network_policy", "admin_network_policy"},
            {"ClusterNetworkPolicy": "not served", "AdminNetworkPolicy": ""},
            {"cluster_network_policy": "not served"},
        ),
        (
            {"admin_network_policy", "baseline_admin_network_policy"},
            {"AdminNetworkPolicy": "not enforced"},
            {"admin_network_policy": "not enforced", "baseline_admin_network_policy": "not enforced"},
        ),
        (
            {"admin_network_policy", "baseline_admin_network_policy"},
            {"AdminNetworkPolicy": "", "baseline": "there is one"},
            {"baseline_admin_network_policy": "there is one"},
        ),
    ],
)
def test_each_kind_of_cluster_wide_policy_is_looked_at_when_it_is_needed(
    monkeypatch: pytest.MonkeyPatch,
    plan: Plan,
    said: list[str],
    needs: set[str],
    seen: dict[str, str],
    found: dict[str, str],
) -> None:
    monkeypatch.setattr(tier_enforcement, "why_not", lambda cluster, kind: seen[kind])
    monkeypatch.setattr(tier_enforcement, "why_no_baseline", lambda cluster: seen["baseline"])
    needing = replace(plan, needs=frozenset(needs))
    state = preflight._looked_at(_a_state({}), cast(Attachment, None), needing, said.append)
    assert (state.missing, {*state.untried}) == (found, {"policy_enforced", *OTHERS} - needs)
    assert len(said) == len(needs)


def _a_state(missing: dict[str, str]) -> ClusterState:
    unknown: Any = ""
    return ClusterState(*[unknown] * 14, mtu=0, missing=missing)


def test_what_is_denied_is_missing_from_the_beginning(
    cluster: Cluster, connection: KubeApi, plan: Plan, said: list[str]
) -> None:
    claims = Claims(made={"ipv6": "claims.toml:2"}, denied={"sctp": "claimed not to be there (claims.toml:3)"})
    state = _state_of(connection, replace(plan, claims=claims), said)
    assert state.missing == state.denied == claims.denied
    assert state.claimed == claims.made


def test_the_permissions_for_policies_are_in_the_manifest() -> None:
    file = Path(preflight.__file__).parents[1] / "docs" / "rbac.yaml"
    (rule,) = [rule for rule in yaml.safe_load(file.read_text())["rules"] if rule["apiGroups"] == [enforcement.GROUP]]
    assert (rule["resources"], tuple(rule["verbs"])) == (["networkpolicies"], enforcement.VERBS)


def test_the_permissions_for_cluster_wide_policies_are_in_the_manifest() -> None:
    file = Path(preflight.__file__).parents[1] / "docs" / "rbac.yaml"
    rules = [rule for rule in yaml.safe_load(file.read_text())["rules"] if rule["apiGroups"] == [GROUP]]
    assert [(rule["resources"], tuple(rule["verbs"])) for rule in rules] == [
        ([*tier_enforcement.PLURALS.values()], tier_enforcement.VERBS)
    ]


def test_the_manifest_of_the_permissions_grants_exactly_what_is_asked_for() -> None:
    file = Path(preflight.__file__).parents[1] / "docs" / "rbac.yaml"
    granted = {
        (verb, resource)
        for rule in yaml.safe_load(file.read_text())["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        if rule["apiGroups"] == [""]
    }
    wanted = (*backends.PERMISSIONS, *backends.OF_BALANCERS)
    of_services = {(verb, resource) for verb, group, resource in wanted if not group}
    of_dns = {
        (verb, resource) for verb, group, resource in (*permissions.PERMISSIONS, *permissions.OF_DRILLS) if not group
    }
    of_bandwidth = {(verb, resource) for verb, group, resource in bench.PERMISSIONS if not group}
    assert granted == set(preflight.PERMISSIONS) | set(enforcement.OF_CASES) | of_services | of_dns | of_bandwidth


@pytest.mark.parametrize("group", ["apps", "batch", "discovery.k8s.io"])
def test_the_permissions_of_other_groups_are_in_the_manifest(group: str) -> None:
    file = Path(preflight.__file__).parents[1] / "docs" / "rbac.yaml"
    (rule,) = [rule for rule in yaml.safe_load(file.read_text())["rules"] if rule["apiGroups"] == [group]]
    asked = (*backends.PERMISSIONS, *bench.PERMISSIONS)
    wanted = {(verb, resource) for verb, of, resource in asked if of == group}
    assert {(verb, resource) for verb in rule["verbs"] for resource in rule["resources"]} == wanted
