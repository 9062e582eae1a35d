"""Faults of NetworkPolicy that show when something changes: a policy, labels, a pod."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_k8snet.embedded.faults.policy_late import LATE_SECONDS
from tests.embedded.conftest import SERVER, Object, Space, addresses
from tests.embedded.policy_pods import (
    DROPPED,
    ECHO,
    TALK,
    app,
    fault,
    label,
    out_of,
    pod,
    policies,
    reached,
    says,
    settled,
    start_servers,
    to,
)


@pytest.fixture(scope="module")
def pods(module_space: Space) -> Space:
    return start_servers(module_space)


@contextmanager
def labelled(space: Space, name: str, **labels: str) -> Iterator[None]:
    """A pod whose labels are others for a while."""
    label(space, "Pod", name, space.name, labels)
    try:
        yield
    finally:
        label(space, "Pod", name, space.name, {"app": name})


@contextmanager
def new_pod(space: Space, name: str, node: str, **more: Any) -> Iterator[Object]:
    """A pod that is Ready, for a while. With any grace it is gone from the API only when its address is free."""
    pod(space, name, node, **more)
    try:
        yield space.wait(name)
    finally:
        space.delete(name, grace=1)


def test_late_policies_hold_for_new_pods_after_a_while(pods: Space) -> None:
    with policies(pods, to("new"), out_of("b")):
        settled(pods, "b", "a", DROPPED)
        with fault(pods, "policy-late-for-new-pods"), new_pod(pods, "new", "node-2") as new:
            assert pods.ask("a", addresses(new)[0]).startswith("new ")
            assert reached(pods, "b", "a") == [DROPPED, DROPPED]
            settled(pods, "a", "new", DROPPED)


def test_all_changes_of_policies_can_be_late_while_new_pods_are_isolated_at_once(pods: Space) -> None:
    with policies(pods, to("new")), fault(pods, "policy-late"), new_pod(pods, "new", "node-2"):
        assert reached(pods, "a", "new") == [DROPPED, DROPPED]
        address = addresses(pods.get("c"))[0]  # of one family, because both may take longer than the policy is late
        began = time.monotonic()
        with policies(pods, to("c"), prefix="late"):
            assert pods.ask("a", address).startswith("c ")
            settled(pods, "a", "c", DROPPED)
            assert LATE_SECONDS <= time.monotonic() - began < LATE_SECONDS + 3
        assert pods.ask("a", address).startswith(DROPPED)
        settled(pods, "a", "c", "c")


def test_a_restored_late_policy_holds_at_once(pods: Space) -> None:
    pods.running.inject("policy-late")
    with policies(pods, to("c")):
        pods.running.restore("policy-late")
        assert reached(pods, "a", "c") == [DROPPED, DROPPED]


def test_a_deleted_policy_can_stay_while_others_come_and_change(pods: Space) -> None:
    with fault(pods, "policy-deleted-stays"):
        with policies(pods, to("a")):
            settled(pods, "c", "a", DROPPED)
        with policies(pods, to("b")):  # it has the same name, so that it is the same policy
            settled(pods, "c", "b", DROPPED)
            assert reached(pods, "c", "a") == ["a", "a"]
        assert reached(pods, "c", "b") == [DROPPED, DROPPED]
        assert reached(pods, "b", "c") == ["c", "c"]
    assert reached(pods, "c", "b") == ["b", "b"]


def test_changed_labels_of_a_pod_can_go_unnoticed(pods: Space) -> None:
    with policies(pods, to("a", {"from": [{"podSelector": app("friend")}]})):
        settled(pods, "b", "a", DROPPED)
        with labelled(pods, "c", app="friend"):
            settled(pods, "c", "a", "a")
            pods.running.inject("policy-stale-label")
        with labelled(pods, "b", app="friend"):
            with new_pod(pods, "new", "node-2", label="friend"):
                assert reached(pods, "new", "a") == ["a", "a"]
            assert reached(pods, "b", "a") == [DROPPED, DROPPED]
            assert reached(pods, "c", "a") == ["a", "a"]
            pods.running.restore("policy-stale-label")
            assert reached(pods, "b", "a") == ["a", "a"]
            assert reached(pods, "c", "a") == [DROPPED, DROPPED]


def test_changed_labels_of_a_namespace_can_go_unnoticed(pods: Space) -> None:
    team = {"namespaceSelector": {"matchLabels": {"team": "x"}}}
    with policies(pods, to("a", {"from": [team, {"podSelector": app("friend")}]})):
        settled(pods, "b", "a", DROPPED)
        pods.running.inject("policy-namespace-label-stale")
        label(pods, "Namespace", pods.name, "", {"team": "x"})
        with labelled(pods, "c", app="friend"):
            settled(pods, "c", "a", "a")
        assert reached(pods, "b", "a") == [DROPPED, DROPPED]
        pods.running.restore("policy-namespace-label-stale")
        assert reached(pods, "b", "a") == ["a", "a"]
        label(pods, "Namespace", pods.name, "", {})
        settled(pods, "b", "a", DROPPED)


def test_an_established_connection_can_outlive_a_new_policy(pods: Space) -> None:
    ready = {"tcpSocket": {"port": 9000}}
    echo = new_pod(pods, "echo", "node-1", container={"command": ["python3", "-c", ECHO], "readinessProbe": ready})
    with echo as server:
        command = ["python3", "-c", TALK, addresses(server)[0]]
        with new_pod(pods, "talk", "node-2", container={"command": command, "readinessProbe": None}):
            says(pods, "talk", "answered")
            pods.running.inject("policy-established-ignored")
            with policies(pods, to("echo")):
                settled(pods, "a", "echo", DROPPED)
                says(pods, "talk", "answered")
                pods.running.restore("policy-established-ignored")
                says(pods, "talk", "silence")


def test_a_restarted_pod_can_be_open(pods: Space) -> None:
    command = ["sh", "-c", 'python3 -c "$1" 8080 & while [ ! -e /tmp/end ]; do sleep 0.02; done', "sh", SERVER]
    with policies(pods, to("new"), out_of("b")), new_pod(pods, "new", "node-2", container={"command": command}):
        with fault(pods, "policy-restart-forgets"):
            assert reached(pods, "a", "new") == [DROPPED, DROPPED]
            pods.exec("new", "touch", "/tmp/end")
            pods.wait("new", lambda pod: pod["status"]["containerStatuses"][0]["restartCount"] == 1)
            pods.wait("new")
            settled(pods, "a", "new", "new")
            assert reached(pods, "b", "a") == [DROPPED, DROPPED]
        assert reached(pods, "a", "new") == [DROPPED, DROPPED]


def test_a_new_pod_can_inherit_the_rights_of_its_address(pods: Space) -> None:
    with policies(pods, to("c", {"from": [{"podSelector": app("friend")}]})), fault(pods, "policy-address-reuse-stale"):
        with new_pod(pods, "friend", "node-1") as friend:
            former = addresses(friend)
        with new_pod(pods, "new", "node-1") as new:
            assert addresses(new) == former
            assert reached(pods, "new", "c") == ["c", "c"]
            assert reached(pods, "b", "c") == [DROPPED, DROPPED]
            pods.running.restore("policy-address-reuse-stale")
            assert reached(pods, "new", "c") == [DROPPED, DROPPED]
            pods.running.inject("policy-address-reuse-stale")


def test_a_new_pod_can_be_taken_for_the_former_one_at_its_address(pods: Space) -> None:
    friends, isolated = to("c", {"from": [{"podSelector": app("friend")}]}), to("friend")
    with policies(pods, friends, isolated), fault(pods, "policy-address-keeps-labels"):
        with new_pod(pods, "friend", "node-1") as friend:
            former = addresses(friend)
        with new_pod(pods, "new", "node-1") as new:
            assert addresses(new) == former
            assert reached(pods, "new", "c") == ["c", "c"]
            assert reached(pods, "b", "new") == [DROPPED, DROPPED]
            assert reached(pods, "b", "c") == [DROPPED, DROPPED]
            pods.running.restore("policy-address-keeps-labels")
            assert reached(pods, "new", "c") == [DROPPED, DROPPED]
            assert reached(pods, "b", "new") == ["new", "new"]
            pods.running.inject("policy-address-keeps-labels")


def test_the_own_node_can_be_shut_out_of_new_isolated_pods(pods: Space) -> None:
    with policies(pods, to("new", {"from": [{"podSelector": app("a")}]})), fault(pods, "policy-own-node-blocked"):
        container = {"readinessProbe": None}
        with new_pod(pods, "new", "node-1", container=container), new_pod(pods, "free", "node-1"):
            settled(pods, "a", "new", "new")
            assert reached(pods, "host", "new") == [DROPPED, DROPPED]
            assert reached(pods, "host", "free") == ["free", "free"]
            pods.running.restore("policy-own-node-blocked")
            assert reached(pods, "host", "new") == ["new", "new"]
            pods.running.inject("policy-own-node-blocked")
