"""Where the scheduler lets pods run, and what it says when they may not."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_k8snet.embedded.kubelet.admission import refusal
from pytest_k8snet.embedded.kubelet.fitting import Situation, why_not

Object = dict[str, Any]


def node(name: str = "n1", **spec: Any) -> Object:
    labels = {"kubernetes.io/hostname": name, "rank": "2"}
    return {"metadata": {"name": name, "labels": labels}, "spec": spec, "status": {"allocatable": {"pods": "3"}}}


def pod(name: str = "p", on: str = "", labels: dict[str, str] | None = None, **spec: Any) -> Object:
    metadata = {"name": name, "namespace": "ns", "labels": labels or {}}
    return {
        "metadata": metadata,
        "spec": {"containers": [{}], **spec, **({"nodeName": on} if on else {})},
        "status": {},
    }


def with_port(name: str, port: int, on: str = "", **more: Any) -> Object:
    return pod(name, on, containers=[{"ports": [{"containerPort": port, "hostPort": port, **more}]}])


def node_affinity(*expressions: Object, fields: tuple[Object, ...] = ()) -> Object:
    terms = [{"matchExpressions": list(expressions), "matchFields": list(fields)}]
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}


def apart_from(**labels: str) -> Object:
    term = {"labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/hostname"}
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


def verdict(wanted: Object, *others: Object, on: Object | None = None) -> str:
    there = on or node()
    return why_not(wanted, there, Situation(others, [there]))


def test_an_ordinary_pod_fits() -> None:
    assert verdict(pod()) == ""


@pytest.mark.parametrize("selector", [{"rank": "3"}, {"missing": "x"}])
def test_a_node_selector_must_match(selector: dict[str, str]) -> None:
    assert verdict(pod(nodeSelector=selector)) == "node(s) didn't match Pod's node affinity/selector"
    assert verdict(pod(nodeSelector={"rank": "2"})) == ""


@pytest.mark.parametrize(
    ("expression", "fits"),
    [
        ({"key": "rank", "operator": "In", "values": ["1", "2"]}, True),
        ({"key": "rank", "operator": "NotIn", "values": ["1", "2"]}, False),
        ({"key": "rank", "operator": "Exists"}, True),
        ({"key": "rank", "operator": "DoesNotExist"}, False),
        ({"key": "rank", "operator": "Gt", "values": ["1"]}, True),
        ({"key": "rank", "operator": "Lt", "values": ["2"]}, False),
    ],
    ids=lambda value: value["operator"] if isinstance(value, dict) else "",
)
def test_node_affinity_decides(expression: Object, fits: bool) -> None:
    assert (verdict(pod(affinity=node_affinity(expression))) == "") is fits


def test_node_affinity_may_name_a_node() -> None:
    named = {"key": "metadata.name", "operator": "In", "values": ["n2"]}
    assert verdict(pod(affinity=node_affinity(fields=(named,)))) != ""
    assert verdict(pod(affinity=node_affinity(fields=(named,))), on=node("n2")) == ""


@pytest.mark.parametrize(
    ("toleration", "fits"),
    [
        ({}, False),
        ({"operator": "Exists"}, True),
        ({"key": "only", "value": "others"}, False),
        ({"key": "only", "value": "these"}, True),
        ({"key": "only", "operator": "Exists", "effect": "NoExecute"}, False),
    ],
)
def test_a_taint_must_be_tolerated(toleration: Object, fits: bool) -> None:
    tainted = node(taints=[{"key": "only", "value": "these", "effect": "NoSchedule"}])
    found = verdict(pod(tolerations=[toleration] if toleration else []), on=tainted)
    assert found == ("" if fits else "node(s) had untolerated taint {only: these}")


def test_a_cordoned_node_takes_nothing() -> None:
    assert "unschedulable" in verdict(pod(), on=node(unschedulable=True))


@pytest.mark.parametrize(
    ("other", "fits"),
    [
        (with_port("o", 80, on="n1"), False),
        (with_port("o", 80, on="n1", protocol="UDP"), True),
        (with_port("o", 80, on="n1", hostIP="10.0.0.1"), False),
        (with_port("o", 81, on="n1"), True),
        (with_port("o", 80, on="n2"), True),
    ],
)
def test_a_host_port_must_be_free(other: Object, fits: bool) -> None:
    assert (verdict(with_port("p", 80), other) == "") is fits


def test_ports_of_the_host_network_count_as_host_ports() -> None:
    other = pod("o", "n1", hostNetwork=True, containers=[{"ports": [{"containerPort": 80}]}])
    assert verdict(with_port("p", 80), other) != ""


def test_a_node_has_room_for_so_many_pods() -> None:
    assert verdict(pod(), *(pod(f"o{number}", "n1") for number in range(3))) == "Too many pods"


def test_a_finished_pod_takes_no_room() -> None:
    finished = with_port("o", 80, on="n1")
    finished["status"]["phase"] = "Succeeded"
    assert verdict(with_port("p", 80), finished) == ""


def test_pods_that_want_to_be_apart_are() -> None:
    there = pod("o", "n1", labels={"app": "db"})
    assert verdict(pod(affinity=apart_from(app="db")), there) == "node(s) didn't match pod anti-affinity rules"
    assert verdict(pod(affinity=apart_from(app="web")), there) == ""


def test_pods_that_are_there_may_want_to_be_apart_too() -> None:
    there = pod("o", "n1", affinity=apart_from(app="web"))
    told = "node(s) didn't satisfy existing pods anti-affinity rules"
    assert verdict(pod(labels={"app": "web"}), there) == told


def test_a_kubelet_refuses_what_the_scheduler_would_not_have_sent() -> None:
    assert refusal(pod(), node(), []) is None
    ports = refusal(with_port("p", 80), node(), [with_port("o", 80, on="n1")])
    assert ports is not None
    assert ports.reason == "NodePorts"
    affinity = refusal(pod(nodeSelector={"rank": "9"}), node(), [])
    assert affinity is not None
    assert affinity.reason == "NodeAffinity"
