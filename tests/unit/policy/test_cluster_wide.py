"""Cluster-wide policies in cases: as files have them, confined to an arena, and repeated by hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.errors import UsageError
from pytest_k8snet.policy.by_hand import manifests, script
from pytest_k8snet.policy.case_files import load
from pytest_k8snet.policy.cases import Apply, Case, DeletePolicy, Route, Step, named
from pytest_k8snet.policy.cluster_wide import confined, of_run, renamed
from pytest_k8snet.policy.placeholders import concrete, pods_of
from pytest_k8snet.policy.played import Played
from pytest_k8snet.policy.world import after, judged, symbolic_arena

Object = dict[str, Any]
SUBJECT = "subject: {namespaces: {matchLabels: {ns: x}}}"
NEW = f"kind: ClusterNetworkPolicy, name: p, tier: Admin, priority: 5, {SUBJECT}"
MINE = {"key": "mine", "operator": "In", "values": ["a"]}


def applied(folder: Path, policy: str) -> Object:
    """Return the manifest that a case's policy becomes."""
    file = folder / "cases.yaml"
    file.write_text(f"- id: POLICY-900\n  title: one\n  level: core\n  spec: https://a\n  apply: {{{policy}}}\n")
    (step,) = load(file)[0].steps
    (action,) = step.actions
    assert isinstance(action, Apply)
    return dict(action.policy)


def cluster_policy(**spec: Any) -> Object:
    facts = {"tier": "Admin", "priority": 5, "subject": {"namespaces": {"matchLabels": {"ns": "x"}}}}
    kind = {"apiVersion": "policy.networking.k8s.io/v1alpha2", "kind": "ClusterNetworkPolicy"}
    return kind | {"metadata": {"name": "p"}, "spec": facts | spec}


def test_the_short_form_becomes_a_manifest(tmp_path: Path) -> None:
    ports = "protocols: [{tcp: {destinationPort: {range: {start: 80, end: 81}}}}, {destinationNamedPort: web}]"
    made = applied(
        tmp_path, f"{NEW}, egress: [{{action: Pass, to: [{{networks: [10.0.0.0/8]}}, {{nodes: {{}}}}], {ports}}}]"
    )
    rule = {
        "action": "Pass",
        "to": [{"networks": ["10.0.0.0/8"]}, {"nodes": {}}],
        "protocols": [
            {"tcp": {"destinationPort": {"range": {"start": 80, "end": 81}}}},
            {"destinationNamedPort": "web"},
        ],
    }
    assert made == cluster_policy(egress=[rule])
    assert named(made) == "ClusterNetworkPolicy/p"


def test_a_manifest_is_taken_as_well(tmp_path: Path) -> None:
    spec = "spec: {tier: Admin, priority: 5, subject: {namespaces: {matchLabels: {ns: x}}}}"
    assert applied(tmp_path, f"kind: ClusterNetworkPolicy, metadata: {{name: p}}, {spec}") == cluster_policy()


def test_the_forerunners_have_their_own_version_and_ports(tmp_path: Path) -> None:
    ports = "ports: [{portNumber: {protocol: UDP, port: 80}}, {portRange: {start: 1, end: 9}}, {namedPort: web}]"
    rule = f"ingress: [{{action: Allow, from: [{{pods: {{podSelector: {{}}}}}}], {ports}}}]"
    made = applied(tmp_path, f"kind: AdminNetworkPolicy, name: p, priority: 5, {SUBJECT}, {rule}")
    assert made["apiVersion"] == "policy.networking.k8s.io/v1alpha1"
    assert made["spec"]["ingress"][0]["ports"][0] == {"portNumber": {"protocol": "UDP", "port": 80}}


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (NEW.replace("ClusterNetworkPolicy", "ClusterPolicy"), "there is no kind of policy 'ClusterPolicy'"),
        (NEW.replace("tier: Admin, ", ""), "a ClusterNetworkPolicy lacks the field 'tier'"),
        (NEW.replace("Admin,", "Middle,"), "there is no tier 'Middle'"),
        (NEW.replace("priority: 5", "priority: 1001"), "expected a priority from 0 to 1000"),
        (f"{NEW}, namespace: x", "a ClusterNetworkPolicy has no field 'namespace'"),
        (f"{NEW}, ingress: [{{action: Allow, from: [{{namespaces: {{}}}}]}}]", "there is no action 'Allow'"),
        (f"{NEW}, ingress: [{{action: Deny}}]", "an ingress rule lacks the field 'from'"),
        (f"{NEW}, ingress: [{{action: Deny, from: []}}]", "there must be at least one of peers"),
        (f"{NEW}, ingress: [{{action: Deny, from: [{{}}]}}]", "a peer has exactly one of its fields"),
        (f"{NEW}, ingress: [{{action: Deny, from: [{{networks: [10.0.0.0/8]}}]}}]", "a peer has no field 'networks'"),
        (f"{NEW}, egress: [{{action: Deny, to: [{{networks: [10.0.0.1/8]}}]}}]", "no CIDR"),
        (
            f"{NEW}, egress: [{{action: Deny, to: [{{namespaces: {{}}}}], protocols: [{{tcp: {{}}}}]}}]",
            "a protocol has exactly one of its fields",
        ),
        (
            f"{NEW}, egress: [{{action: Deny, to: [{{namespaces: {{}}}}], protocols: "
            "[{udp: {destinationPort: {range: {start: 80, end: 80}}}}]}]",
            "the start of a range is less than its end",
        ),
        (f"kind: BaselineAdminNetworkPolicy, name: p, {SUBJECT}", "is called default: a cluster has one only"),
    ],
)
def test_a_mistake_is_refused_with_its_line(tmp_path: Path, policy: str, words: str) -> None:
    with pytest.raises(UsageError) as error:
        applied(tmp_path, policy)
    assert str(error.value).startswith(f"{tmp_path}/cases.yaml:5: ")
    assert words in str(error.value)


def test_placeholders_of_networks_stand_for_all_addresses_and_names_for_those_of_the_cluster() -> None:
    by_name = {"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": "z"}}}
    pods = {"pods": {"namespaceSelector": by_name["namespaces"], "podSelector": {}}}
    networks = {"networks": ["${pod z/c}", "10.0.0.0/8", "${any}"]}
    policy = cluster_policy(subject=pods, egress=[{"action": "Deny", "to": [networks, by_name]}])
    made = concrete(policy, {"z": "run-z"}, {"z/c": ("10.1.2.3", "fd00::3")}, {}, {}, ("ipv4", "ipv6"))
    assert pods_of(policy) == {"z/c"}
    real = {"matchLabels": {"kubernetes.io/metadata.name": "run-z"}}
    assert made["metadata"] == {"name": "p"}
    assert made["spec"]["subject"] == {"pods": {"namespaceSelector": real, "podSelector": {}}}
    assert made["spec"]["egress"][0]["to"] == [
        {"networks": ["10.1.2.3/32", "fd00::3/128", "10.0.0.0/8", "0.0.0.0/0", "::/0"]},
        {"namespaces": real},
    ]


def test_networks_of_which_nothing_is_left_are_a_mistake() -> None:
    policy = cluster_policy(egress=[{"action": "Deny", "to": [{"networks": ["${pod z/c}"]}]}])
    with pytest.raises(LookupError, match="no address for"):
        concrete(policy, {}, {"z/c": ("10.1.2.3",)}, {}, {}, ("ipv6",))


@pytest.mark.parametrize(
    ("subject", "fewer"),
    [
        ({"namespaces": {}}, {"namespaces": {"matchExpressions": [MINE]}}),
        (
            {"namespaces": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}},
            {"namespaces": {"matchExpressions": [{"key": "a", "operator": "Exists"}, MINE]}},
        ),
        (
            {"pods": {"podSelector": {"matchLabels": {"a": "b"}}}},
            {
                "pods": {
                    "podSelector": {"matchLabels": {"a": "b"}},
                    "namespaceSelector": {"matchExpressions": [MINE]},
                }
            },
        ),
    ],
)
def test_a_policy_is_confined_by_one_more_requirement(subject: Object, fewer: Object) -> None:
    assert confined(cluster_policy(subject=subject), MINE) == cluster_policy(subject=fewer)


def test_a_policy_has_a_name_of_its_own_where_it_may() -> None:
    assert renamed(cluster_policy(), "run-")["metadata"]["name"] == "run-p"
    only = {"kind": "BaselineAdminNetworkPolicy", "metadata": {"name": "default"}}
    assert renamed(only, "run-")["metadata"]["name"] == "default"


def test_a_policy_goes_with_the_namespace_of_the_run() -> None:
    api = SimpleNamespace(get=lambda version, kind, name: {"metadata": {"name": name, "uid": "123"}})
    state = SimpleNamespace(namespace="k8snet-run", run_id="run")
    cluster = SimpleNamespace(api=api, attachment=SimpleNamespace(state=state))
    made = of_run(cast(Cluster, cluster), cluster_policy())["metadata"]
    assert made["labels"] == {"k8snet.io/run": "run"}
    assert made["ownerReferences"] == [{"apiVersion": "v1", "kind": "Namespace", "name": "k8snet-run", "uid": "123"}]


def test_the_state_judges_by_tiers_and_forgets_a_policy_that_is_deleted() -> None:
    deny = cluster_policy(ingress=[{"action": "Deny", "from": [{"namespaces": {}}]}])
    state = after(symbolic_arena(), Apply(deny))
    for route in Route:
        said = judged(state, "y/a", "x/a", "ipv4", "TCP", 80, route)
        assert (said.verdict, said.because) == ("denied", "ClusterNetworkPolicy p ingress rule 0 says Deny")
    assert after(state, DeletePolicy("ClusterNetworkPolicy/p")).policies == {}


def test_by_hand_a_policy_is_about_the_pods_of_the_script_and_removed_with_them() -> None:
    state = after(symbolic_arena(), Apply(cluster_policy()))
    (made,) = yaml.safe_load_all(manifests(state, "by-hand-"))
    assert made["metadata"] == {"name": "by-hand-p"}
    (only,) = made["spec"]["subject"]["namespaces"]["matchExpressions"]
    assert only["values"] == ["by-hand-x", "by-hand-y", "by-hand-z"]
    (shown,) = yaml.safe_load_all(manifests(state))
    assert shown == cluster_policy()
    case = Case("POLICY-900", "t", "core", "https://a", (Step("s", ()),))
    asked = SimpleNamespace(table=SimpleNamespace(mismatches=list))
    text = script(state, Played(case, cast(Any, (asked,))), "image")
    assert "kubectl delete --wait=false clusternetworkpolicy/by-hand-p namespace/by-hand-x" in text
