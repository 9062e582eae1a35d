"""EndpointSlices as Kubernetes' own controller makes them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.embedded.services.slices import Plan, plan, selects

Object = dict[str, Any]


def service(**spec: Any) -> Object:
    whole = {
        "selector": {"app": "web"},
        "clusterIP": "10.96.0.9",
        "ipFamilies": ["IPv4"],
        "ports": [{"port": 80}],
        **spec,
    }
    return {"metadata": {"name": "web", "namespace": "x", "uid": "s", "labels": {"team": "t"}}, "spec": whole}


def pod(number: int, *, ready: bool = True, ending: bool = False, phase: str = "Running", web: int = 8080) -> Object:
    metadata: Object = {"name": f"p{number}", "namespace": "x", "uid": f"u{number}", "labels": {"app": "web"}}
    if ending:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    addresses = [f"10.244.{number // 250}.{number % 250 + 1}", f"fd00:10:244::{number + 1:x}"]
    return {
        "metadata": metadata,
        "spec": {"nodeName": "node-1", "containers": [{"ports": [{"name": "web", "containerPort": web}]}]},
        "status": {
            "phase": phase,
            "podIPs": [{"ip": address} for address in addresses],
            "conditions": [{"type": "Ready", "status": str(ready)}],
        },
    }


def apply(present: list[Object], todo: Plan) -> list[Object]:
    """The slices after a plan; new ones get names."""
    gone = {one["metadata"]["name"] for one in (*todo.remove, *todo.replace)}
    names = (f"web-{number}" for number in range(10_000))
    taken = {one["metadata"]["name"] for one in present}
    new = [
        {**one, "metadata": {**one["metadata"], "name": next(name for name in names if name not in taken)}}
        for one in todo.create
    ]
    return [one for one in present if one["metadata"]["name"] not in gone] + [*todo.replace] + new


def endpoints(slices: list[Object]) -> list[Object]:
    return [endpoint for one in slices for endpoint in one["endpoints"]]


def conditions(made: Object, **spec: Any) -> Object:
    (endpoint,) = endpoints(list(plan(service(**spec), [made], []).create))
    found: Object = endpoint["conditions"]
    return found


def test_a_ready_pod_is_a_ready_endpoint() -> None:
    assert conditions(pod(1)) == {"ready": True, "serving": True, "terminating": False}


def test_a_pod_that_is_being_ended_serves_without_being_ready() -> None:
    assert conditions(pod(1, ending=True)) == {"ready": False, "serving": True, "terminating": True}


def test_a_published_pod_is_ready_whatever_it_says() -> None:
    assert conditions(pod(1, ready=False), publishNotReadyAddresses=True)["ready"]
    assert conditions(pod(1, ready=False, ending=True), publishNotReadyAddresses=True) == {
        "ready": True,
        "serving": False,
        "terminating": True,
    }


def test_pods_that_have_ended_or_have_no_address_are_no_endpoints() -> None:
    without = pod(3)
    without["status"]["podIPs"] = []
    made = plan(service(), [pod(1, phase="Succeeded"), pod(2, phase="Failed"), without], [])
    assert endpoints(list(made.create)) == []


def test_each_family_of_the_service_has_its_slices() -> None:
    made = plan(service(ipFamilies=["IPv6", "IPv4"]), [pod(1)], []).create
    assert [(one["addressType"], one["endpoints"][0]["addresses"]) for one in made] == [
        ("IPv6", ["fd00:10:244::2"]),
        ("IPv4", ["10.244.0.2"]),
    ]


def test_a_service_without_pods_has_one_empty_slice() -> None:
    (made,) = plan(service(), [], []).create
    assert (made["endpoints"], made["ports"]) == ([], [])


def test_pods_with_different_numbers_for_a_port_name_are_in_different_slices() -> None:
    made = plan(service(ports=[{"port": 80, "targetPort": "web"}]), [pod(1), pod(2, web=81), pod(3)], []).create
    assert sorted((one["ports"][0]["port"], len(one["endpoints"])) for one in made) == [(81, 1), (8080, 2)]


def test_a_port_name_that_a_pod_does_not_declare_is_left_out() -> None:
    ports = [{"name": "a", "port": 80, "targetPort": "web"}, {"name": "b", "port": 81, "targetPort": "nothing"}]
    (made,) = plan(service(ports=ports), [pod(1)], []).create
    assert [port["name"] for port in made["ports"]] == ["a"]


def test_a_protocol_is_part_of_a_port_name() -> None:
    (made,) = plan(service(ports=[{"port": 80, "targetPort": "web", "protocol": "UDP"}]), [pod(1)], []).create
    assert made["ports"] == []


def test_a_host_name_is_told_only_for_pods_of_the_services_subdomain() -> None:
    mine, other = pod(1), pod(2)
    mine["spec"] |= {"hostname": "h", "subdomain": "web"}
    other["spec"] |= {"hostname": "h", "subdomain": "elsewhere"}
    assert [one.get("hostname") for one in endpoints(list(plan(service(), [mine, other], []).create))] == ["h", None]


def test_the_service_owns_its_slices_and_hands_its_labels_on() -> None:
    (made,) = plan(service(clusterIP="None"), [pod(1)], []).create
    assert made["metadata"]["labels"] == {
        "team": "t",
        "kubernetes.io/service-name": "web",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        "service.kubernetes.io/headless": "",
    }
    assert made["metadata"]["ownerReferences"][0]["controller"] is True


@given(st.lists(st.frozensets(st.integers(0, 400), max_size=400), min_size=1, max_size=4))
def test_slices_follow_the_pods_through_any_change(course: list[frozenset[int]]) -> None:
    present: list[Object] = []
    for numbers in course:
        before = {one["targetRef"]["uid"]: name for name, one in _placed(present)}
        present = apply(present, plan(service(), [pod(number) for number in sorted(numbers)], present))
        after = {one["targetRef"]["uid"]: name for name, one in _placed(present)}
        assert after.keys() == {f"u{number}" for number in numbers}
        assert len(endpoints(present)) == len(numbers)
        assert all(len(one["endpoints"]) <= 100 for one in present)
        assert all(after[uid] == before[uid] for uid in before.keys() & after.keys()), "endpoints stay in their slice"
        assert present
        assert len(present) == 1 or all(one["endpoints"] for one in present)
        assert plan(service(), [pod(number) for number in sorted(numbers)], present) == Plan()


def _placed(slices: list[Object]) -> list[tuple[str, Object]]:
    return [(one["metadata"]["name"], endpoint) for one in slices for endpoint in one["endpoints"]]


def test_a_selector_selects_by_all_of_its_labels() -> None:
    assert selects(service(), {"app": "web", "more": "x"})
    assert not selects(service(selector={"app": "web", "tier": "a"}), {"app": "web"})
    assert not selects(service(selector={}), {"app": "web"})


@pytest.mark.parametrize(
    ("distribution", "hints"),
    [
        (None, None),
        ("PreferClose", {"forZones": [{"name": "east"}]}),
        ("PreferSameZone", {"forZones": [{"name": "east"}]}),
        ("PreferSameNode", {"forNodes": [{"name": "node-1"}], "forZones": [{"name": "east"}]}),
    ],
)
def test_an_endpoint_is_in_the_zone_of_its_node_and_for_whom_the_distribution_says(
    distribution: str | None, hints: Object | None
) -> None:
    made = plan(service(trafficDistribution=distribution), [pod(1), pod(2, ready=False)], [], {"node-1": "east"})
    ready, waiting = endpoints(list(made.create))
    assert (ready["zone"], ready.get("hints")) == ("east", hints)
    assert (waiting["zone"], "hints" in waiting) == ("east", False)


def test_without_a_zone_there_are_hints_for_nodes_only() -> None:
    for distribution, hints in (("PreferClose", None), ("PreferSameNode", {"forNodes": [{"name": "node-1"}]})):
        (endpoint,) = endpoints(list(plan(service(trafficDistribution=distribution), [pod(1)], []).create))
        assert ("zone" in endpoint, endpoint.get("hints")) == (False, hints)
