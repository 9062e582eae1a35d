"""Faults in what the control loops of Services hear: late, lost and doubled updates, and that restoring makes up."""

from __future__ import annotations

import time

import pytest

from pytest_k8snet.embedded.faults.endpoints_late import LATE_SECONDS
from pytest_k8snet.embedded.faults_client import FaultError
from tests.embedded.conftest import Space
from tests.embedded.service_pods import (
    DROPPED,
    REFUSED,
    change_selector,
    cluster_ips,
    pod,
    service,
    slices,
    start_servers,
    until,
    who,
)


@pytest.fixture(scope="module")
def pods(module_space: Space) -> Space:
    return start_servers(module_space)


def ready_endpoints(space: Space) -> set[str]:
    """The pods that are ready behind the Service web."""
    return {
        endpoint["targetRef"]["name"]
        for one in slices(space)
        for endpoint in one.get("endpoints") or ()
        if endpoint["conditions"]["ready"]
    }


def test_endpoints_can_come_late(pods: Space) -> None:
    with service(pods, selector={"pod": "a"}) as made:
        address = cluster_ips(made)[0]
        until({"a"}, lambda: who(pods, "far", address))
        with pods.fault("endpoints-late"):
            began = time.monotonic()
            change_selector(pods, {"pod": "b"})
            until({"b"}, lambda: ready_endpoints(pods))
            assert who(pods, "far", address) == {"a"}
            until({"b"}, lambda: who(pods, "far", address))
            assert time.monotonic() - began > LATE_SECONDS
            change_selector(pods, {"pod": "a"})
            until({"a"}, lambda: ready_endpoints(pods))
        assert who(pods, "far", address) == {"a"}


def test_news_that_are_late_do_not_come_when_the_fault_is_gone(pods: Space) -> None:
    with service(pods, selector={"pod": "a"}) as made:
        address = cluster_ips(made)[0]
        until({"a"}, lambda: who(pods, "far", address))
        with pods.fault("endpoints-late"):
            began = time.monotonic()
            change_selector(pods, {"pod": "b"})
            until({"b"}, lambda: ready_endpoints(pods))
        change_selector(pods, {"pod": "a"})
        until({"a"}, lambda: who(pods, "far", address))
        while time.monotonic() < began + LATE_SECONDS + 1:
            assert who(pods, "far", address, count=5) == {"a"}


def test_an_update_that_comes_twice_in_the_wrong_order_is_undone(pods: Space) -> None:
    with service(pods, selector={"pod": "a"}) as made:
        address = cluster_ips(made)[0]
        until({"a"}, lambda: who(pods, "far", address))
        with pods.fault("endpoints-out-of-order"):
            change_selector(pods, {"pod": "b"})
            until({"b"}, lambda: ready_endpoints(pods))
            with service(pods, "later", selector={"pod": "b"}) as later:
                until({"b"}, lambda: who(pods, "far", cluster_ips(later)[0]))
            assert who(pods, "far", address) == {"a"}
        assert who(pods, "far", address) == {"b"}


def test_a_change_of_a_service_can_be_lost(pods: Space) -> None:
    with service(pods, selector={"pod": "a"}) as made:
        address = cluster_ips(made)[0]
        until({"a"}, lambda: who(pods, "far", address))
        moved = [{**port, "port": 81} for port in made["spec"]["ports"]]
        with pods.fault("service-change-lost"):
            pods.api.patch("v1", "Service", "web", {"spec": {"ports": moved}}, pods.name)
            with service(pods, "later", selector={"pod": "b"}) as later:
                until({"b"}, lambda: who(pods, "far", cluster_ips(later)[0]))
            assert [who(pods, "far", address, port) for port in (80, 81)] == [{"a"}, {REFUSED}]
        assert [who(pods, "far", address, port) for port in (80, 81)] == [{REFUSED}, {"a"}]


def test_a_deleted_service_can_go_on_being_served(pods: Space) -> None:
    with service(pods, "later", selector={"pod": "b"}) as later, pods.fault("service-deletion-lost"):
        until({"b"}, lambda: who(pods, "far", cluster_ips(later)[0]))
        with service(pods, selector={"pod": "a"}) as made:
            address = cluster_ips(made)[0]
            until({"a"}, lambda: who(pods, "far", address))
        until([], lambda: slices(pods))
        assert who(pods, "far", address) == {"a"}
    assert who(pods, "far", address) == {DROPPED}


def test_a_pod_that_is_not_ready_any_more_can_stay_an_endpoint(pods: Space) -> None:
    probe = {"exec": {"command": ["test", "!", "-e", "/tmp/unready"]}, "periodSeconds": 1, "failureThreshold": 1}
    pod(pods, "moody", "node-2", container={"readinessProbe": probe})
    pods.wait("moody")
    with service(pods, selector={"pod": "moody"}) as made:
        until({"moody"}, lambda: who(pods, "far", cluster_ips(made)[0]))
        with pods.fault("endpoints-unready-kept"):
            pods.exec("moody", "touch", "/tmp/unready")
            pods.wait("moody", lambda seen: condition(seen, "Ready") == "False")
            assert ready_endpoints(pods) == {"moody"}
            assert who(pods, "far", cluster_ips(made)[0]) == {"moody"}
        until(set(), lambda: ready_endpoints(pods))
        until({REFUSED}, lambda: who(pods, "far", cluster_ips(made)[0]))


def condition(seen: dict[str, object], kind: str) -> str:
    status = seen["status"]
    assert isinstance(status, dict)
    return next(str(entry["status"]) for entry in status["conditions"] if entry["type"] == kind)


def test_new_pods_can_be_missing_behind_a_service(pods: Space) -> None:
    with service(pods, selector={"role": "late"}):
        with pods.fault("endpoints-new-pods-missing"):
            pod(pods, "newcomer", "node-2")
            pods.wait("newcomer")
            pods.api.patch("v1", "Pod", "newcomer", {"metadata": {"labels": {"role": "late"}}}, pods.name)
            pods.api.patch("v1", "Pod", "a", {"metadata": {"labels": {"role": "late"}}}, pods.name)
            until({"a"}, lambda: ready_endpoints(pods))
        until({"a", "newcomer"}, lambda: ready_endpoints(pods))
        pods.api.patch("v1", "Pod", "a", {"metadata": {"labels": {"role": "server"}}}, pods.name)


def test_two_faults_cannot_tamper_with_one_control_loop(pods: Space) -> None:
    with pods.fault("endpoints-late"):
        with pytest.raises(FaultError, match="not possible here: another fault tampers"):
            pods.running.inject("service-change-lost")
        with pods.fault("endpoints-unready-kept"):
            active = [fault.name for fault in pods.running.faults().known() if fault.active]
    assert active == ["endpoints-late", "endpoints-unready-kept"]
