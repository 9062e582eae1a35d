"""The nodes that take probe pods, and the fleet that is started on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.errors import ApiError, PreflightError
from pytest_k8snet.fleet import (
    Grounds,
    as_pod,
    host_port_of,
    make_fleet,
    make_grounds,
    make_namespace,
    usable_nodes,
    without_zones,
)
from pytest_k8snet.kube import pods
from pytest_k8snet.kube.client import KubeApi
from pytest_k8snet.kube.pods import PodRequest, probe_pod
from pytest_k8snet.options import Settings
from pytest_k8snet.probe.observation import Pod
from pytest_k8snet.state import Node

Object = dict[str, Any]
MakeSettings = Callable[..., Settings]
RUN = "0000002a"


def _node(name: str, *taints: Object, ready: str = "True", **spec: Any) -> Object:
    condition = {"type": "Ready", "status": ready, "reason": "KubeletNotReady", "message": "cni plugin not initialized"}
    addresses = [{"type": "Hostname", "address": name}, {"type": "InternalIP", "address": "10.0.0.1"}]
    return {
        "metadata": {"name": name},
        "spec": {"taints": list(taints)} | spec,
        "status": {"conditions": [{"type": "DiskPressure", "status": "False"}, condition], "addresses": addresses},
    }


def _taint(key: str, effect: str = "NoSchedule", value: str = "") -> Object:
    return {"key": key, "effect": effect} | ({"value": value} if value else {})


class FakeApi:
    """Nodes to be listed; whatever is created is Ready at once, unless it is ``refused`` by kind or name."""

    def __init__(self, *nodes: Object, refused: dict[str, ApiError] | None = None) -> None:
        self.nodes = nodes
        self.refused = refused or {}
        self.created: list[Object] = []
        self.selectors: list[str | None] = []
        self.secret: Object = {}

    def objects(self, api_version: str, kind: str, *, labels: str | None = None) -> list[Object]:
        self.selectors.append(labels)
        return list(self.nodes)

    def create(self, obj: Object) -> Object:
        for refused in (obj["kind"], obj["metadata"]["name"]):
            if refused in self.refused:
                raise self.refused[refused]
        self.created.append(obj)
        return obj

    def get(self, api_version: str, kind: str, name: str, namespace: str) -> Object:
        assert (kind, name, namespace) == ("Secret", "pull", "registry")
        return self.secret

    def list_for_watch(self, api_version: str, kind: str, namespace: str) -> tuple[list[Object], str]:
        status = {
            "conditions": [{"type": "Ready", "status": "True"}],
            "podIPs": [{"ip": "10.1.0.1"}, {"ip": "fd00::1"}],
        }
        found = [obj for obj in self.created if obj["kind"] == "Pod" and obj["metadata"]["namespace"] == namespace]
        return [obj | {"status": status} for obj in found], "1"

    def names(self, kind: str) -> list[str]:
        return [obj["metadata"]["name"] for obj in self.created if obj["kind"] == kind]


def _usable(settings: Settings, *nodes: Object) -> list[str]:
    return [node.name for node in usable_nodes(cast(KubeApi, FakeApi(*nodes)), settings)]


def test_ready_nodes_without_taints_take_probe_pods(settings: Settings) -> None:
    assert _usable(settings, _node("a"), _node("b")) == ["a", "b"]


def test_a_node_is_known_by_what_its_object_says(settings: Settings) -> None:
    obj = _node("a", podCIDRs=["10.1.0.0/24", "fd00::/64"])
    obj["status"]["nodeInfo"] = {
        "kernelVersion": "6.1",
        "osImage": "Debian",
        "containerRuntimeVersion": "containerd://2",
        "kubeletVersion": "v1.34.0",
    }
    (node,) = usable_nodes(cast(KubeApi, FakeApi(obj)), settings)
    cidrs = ("10.1.0.0/24", "fd00::/64")
    assert node == Node("a", ("10.0.0.1",), cidrs, "6.1", "Debian", "containerd://2", "v1.34.0")


@pytest.mark.parametrize(("spec", "cidrs"), [({"podCIDR": "10.1.0.0/24"}, ("10.1.0.0/24",)), ({}, ())])
def test_a_node_may_have_one_pod_cidr_or_none(settings: Settings, spec: Object, cidrs: tuple[str, ...]) -> None:
    (node,) = usable_nodes(cast(KubeApi, FakeApi(_node("a", **spec))), settings)
    assert node.pod_cidrs == cidrs


@pytest.mark.parametrize("effect", ["NoSchedule", "NoExecute"])
def test_a_tainted_node_is_left_out(settings: Settings, effect: str) -> None:
    assert _usable(settings, _node("a", _taint("gpu", effect)), _node("b")) == ["b"]


def test_a_node_that_is_only_better_avoided_is_not(settings: Settings) -> None:
    assert _usable(settings, _node("a", _taint("spot", "PreferNoSchedule"))) == ["a"]


@pytest.mark.parametrize(
    ("toleration", "tolerated"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "gpu", "operator": "Exists"}, True),
        ({"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}, True),
        ({"key": "gpu", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "gpu", "value": "big"}, True),
        ({"key": "gpu", "value": "small"}, False),
        ({"key": "cpu", "operator": "Exists"}, False),
    ],
)
def test_a_taint_is_tolerated_as_the_scheduler_sees_it(
    make_settings: MakeSettings, toleration: dict[str, str], tolerated: bool
) -> None:
    settings = make_settings(tolerations=(toleration,))
    names = _usable(settings, _node("a", _taint("gpu", value="big")), _node("b"))
    assert names == (["a", "b"] if tolerated else ["b"])


def test_every_taint_must_be_tolerated(make_settings: MakeSettings) -> None:
    settings = make_settings(tolerations=({"key": "gpu", "operator": "Exists"},))
    assert _usable(settings, _node("a", _taint("gpu"), _taint("dedicated")), _node("b")) == ["b"]


def test_a_cordoned_node_is_left_out(settings: Settings) -> None:
    cordoned = _node("a", _taint("node.kubernetes.io/unschedulable"), unschedulable=True)
    assert _usable(settings, cordoned, _node("b")) == ["b"]


def test_a_node_that_is_down_for_maintenance_does_not_hinder_the_run(settings: Settings) -> None:
    down = _node("a", _taint("node.kubernetes.io/unreachable", "NoExecute"), ready="Unknown", unschedulable=True)
    assert _usable(settings, down, _node("b")) == ["b"]


def test_a_node_that_is_not_ready_is_said_and_not_left_out(settings: Settings) -> None:
    bad = _node(
        "b", _taint("node.kubernetes.io/not-ready"), _taint("node.kubernetes.io/not-ready", "NoExecute"), ready="False"
    )
    with pytest.raises(PreflightError) as error:
        _usable(settings, _node("a"), bad)
    assert error.value.message == "node b is not Ready: KubeletNotReady: cni plugin not initialized"
    assert "kubectl describe node b" in error.value.hint
    assert "--k8snet-node-selector" in error.value.hint


def test_a_node_that_still_has_the_taint_of_one_not_ready_takes_no_pods_yet(settings: Settings) -> None:
    with pytest.raises(
        PreflightError, match=r"node a is not Ready: it still has the taint node\.kubernetes\.io/not-ready"
    ):
        _usable(settings, _node("a", _taint("node.kubernetes.io/not-ready")))


@pytest.mark.parametrize("status", [{}, {"conditions": None}, {"conditions": []}])
def test_a_node_that_says_nothing_is_not_ready(settings: Settings, status: Object) -> None:
    with pytest.raises(PreflightError, match=r"node a is not Ready: no condition\n"):
        _usable(settings, _node("a") | {"status": status})


def test_when_no_node_is_left_each_is_named_with_its_reason(settings: Settings) -> None:
    with pytest.raises(PreflightError) as error:
        _usable(settings, _node("a", _taint("gpu"), _taint("x")), _node("b", unschedulable=True))
    assert error.value.message == "no node takes probe pods: a (gpu, x), b (unschedulable)"
    assert "--k8snet-tolerations" in error.value.hint


def test_only_nodes_with_the_labels_of_the_selector_are_asked_for(make_settings: MakeSettings) -> None:
    api = FakeApi()
    with pytest.raises(PreflightError, match="no node matches the selector"):
        usable_nodes(cast(KubeApi, api), make_settings(node_selector={"zone": "a", "disk": ""}))
    assert api.selectors == ["zone=a,disk="]


def test_without_a_selector_every_node_is_asked_for(settings: Settings) -> None:
    api = FakeApi(_node("a"))
    usable_nodes(cast(KubeApi, api), settings)
    assert api.selectors == [None]


@given(run_id=st.from_regex(r"[0-9a-f]{8}", fullmatch=True))
def test_the_ports_of_a_run_are_no_node_ports_and_none_that_clients_use(run_id: str) -> None:
    port = host_port_of(run_id)
    assert 1024 < port < port + 1 < 30000
    assert port % 2 == 0


def test_every_namespace_gets_the_agent(settings: Settings) -> None:
    api = FakeApi()
    name = make_namespace(cast(KubeApi, api), RUN, pods.namespace(RUN, "fleet", settings), settings)
    assert api.names("Namespace") == [name]
    (config,) = [obj for obj in api.created if obj["kind"] == "ConfigMap"]
    assert config["metadata"]["namespace"] == name
    assert api.names("Secret") == []


def test_the_pull_secret_is_copied_without_what_belongs_to_its_namespace(make_settings: MakeSettings) -> None:
    api = FakeApi()
    known = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson", "data": {".x": "e30="}}
    api.secret = known | {"metadata": {"name": "pull", "namespace": "registry", "uid": "1"}}
    settings = make_settings(image_pull_secret="registry/pull")
    name = make_namespace(cast(KubeApi, api), RUN, pods.namespace(RUN, "fleet", settings), settings)
    assert [obj for obj in api.created if obj["kind"] == "Secret"] == [
        known | {"metadata": {"name": "pull", "namespace": name}}
    ]


def test_the_grounds_are_a_restricted_and_a_privileged_namespace(settings: Settings) -> None:
    api = FakeApi()
    grounds = make_grounds(cast(KubeApi, api), RUN, settings)
    assert api.names("Namespace") == [grounds.namespace, grounds.host_namespace]
    level = "pod-security.kubernetes.io/enforce"
    levels = [obj["metadata"]["labels"][level] for obj in api.created if obj["kind"] == "Namespace"]
    assert levels == ["restricted", "privileged"]
    assert grounds.host_refused == ""


class RefusesPrivileged(FakeApi):
    """Refuses the second namespace."""

    def create(self, obj: Object) -> Object:
        if obj["kind"] == "Namespace" and self.names("Namespace"):
            raise self.refused["second"]
        return super().create(obj)


def test_a_cluster_that_refuses_a_privileged_namespace_still_gets_ordinary_pods(settings: Settings) -> None:
    api = RefusesPrivileged(refused={"second": ApiError("gatekeeper says no", status=403)})
    grounds = make_grounds(cast(KubeApi, api), RUN, settings)
    assert grounds.host_refused == "gatekeeper says no"
    fleet, refused = make_fleet(cast(KubeApi, api), RUN, grounds, [Node("node-1", (), ())], settings)
    assert refused == "gatekeeper says no"
    assert [pod.name for pod in fleet.all()] == ["n1-a", "n1-b"]


def test_another_error_than_a_refusal_is_not_taken_for_one(settings: Settings) -> None:
    api = RefusesPrivileged(refused={"second": ApiError("etcd is full", status=500)})
    with pytest.raises(ApiError, match="etcd is full"):
        make_grounds(cast(KubeApi, api), RUN, settings)


def test_the_fleet_has_twins_a_host_pod_on_each_node_and_one_host_port(settings: Settings) -> None:
    api = FakeApi()
    nodes = [Node("alpha", ("10.0.0.1",), ()), Node("beta", ("10.0.0.2",), ())]
    fleet, refused = make_fleet(cast(KubeApi, api), RUN, Grounds("ns", "host-ns"), nodes, settings)
    assert refused == ""
    assert [pod.name for pod in fleet.pods] == ["n1-a", "n1-b", "n2-a", "n2-b"]
    assert [(pod.name, pod.host_network, pod.port) for pod in fleet.host_pods] == [
        ("n1-host", True, host_port_of(RUN)),
        ("n2-host", True, host_port_of(RUN)),
    ]
    assert fleet.host_port_pod is not None
    assert (fleet.host_port_pod.name, fleet.host_port_pod.host_network) == ("n1-hostport", False)
    assert fleet.host_port == host_port_of(RUN) + 1
    assert {pod.namespace for pod in fleet.pods} == {"ns"}
    assert {pod.namespace for pod in (*fleet.host_pods, fleet.host_port_pod)} == {"host-ns"}


def test_a_cluster_that_refuses_host_network_pods_still_gets_ordinary_ones(settings: Settings) -> None:
    api = FakeApi(refused={"n1-host": ApiError("violates PodSecurity", status=403)})
    grounds = Grounds("ns", "host-ns")
    fleet, refused = make_fleet(cast(KubeApi, api), RUN, grounds, [Node("alpha", (), ())], settings)
    assert refused == "violates PodSecurity"
    assert [pod.name for pod in fleet.all()] == ["n1-a", "n1-b"]


def test_a_refused_ordinary_pod_ends_the_run(settings: Settings) -> None:
    api = FakeApi(refused={"n1-a": ApiError("exceeded quota: pods=0", status=403)})
    with pytest.raises(ApiError, match="exceeded quota"):
        make_fleet(cast(KubeApi, api), RUN, Grounds("ns", "host-ns"), [Node("alpha", (), ())], settings)


def test_a_pod_is_known_by_what_its_object_says(settings: Settings) -> None:
    obj = probe_pod(RUN, "ns", PodRequest("p", containers={"first": (81, 82), "second": (83,)}), settings)
    obj["spec"]["nodeName"] = "alpha"
    obj["status"] = {"podIPs": [{"ip": "10.1.0.1"}, {"ip": "fd00::1"}]}
    assert as_pod(obj) == Pod("ns", "p", "alpha", ("10.1.0.1", "fd00::1"), 81, "first")


def test_a_host_network_pod_is_known_as_one(settings: Settings) -> None:
    obj = probe_pod(RUN, "ns", PodRequest("p", containers={"agent": (23000,)}, host_network=True), settings)
    assert as_pod(obj) == Pod("ns", "p", "", (), 23000, host_network=True)


@pytest.mark.parametrize("container", [{"name": "app"}, {"name": "app", "command": ["sleep", "1"]}])
def test_a_pod_that_is_not_ours_is_known_as_far_as_it_goes(container: Object) -> None:
    obj = {"metadata": {"namespace": "ns", "name": "p"}, "spec": {"containers": [container]}}
    assert as_pod(obj) == Pod("ns", "p", "", container="app")


@pytest.mark.parametrize(
    ("zones", "why"),
    [
        (["east", "west"], ""),
        (["east", "east"], "all nodes are in the zone east"),
        (["east", ""], "no label topology.kubernetes.io/zone at node-2"),
    ],
)
def test_zones_are_there_when_the_nodes_are_in_two(zones: list[str], why: str) -> None:
    nodes = [Node(f"node-{number}", (), (), zone=zone) for number, zone in enumerate(zones, 1)]
    assert without_zones(nodes) == why
