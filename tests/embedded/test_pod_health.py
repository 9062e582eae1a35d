"""How pods come up, are judged and end: startup probes, liveness, gates, deadlines, last words."""

from __future__ import annotations

from typing import Any

from tests.embedded.conftest import Space, is_ready

Object = dict[str, Any]
FAILS_AT_ONCE: Object = {"exec": {"command": ["false"]}, "periodSeconds": 60}


def container(pod: Object) -> Object:
    status: Object = pod["status"]["containerStatuses"][0]
    return status


def condition(pod: Object, kind: str) -> Object:
    found: Object = next(entry for entry in pod["status"]["conditions"] if entry["type"] == kind)
    return found


def test_other_probes_wait_until_the_container_has_started_up(space: Space) -> None:
    startup = {"exec": {"command": ["test", "-e", "/tmp/up"]}, "periodSeconds": 1, "failureThreshold": 100}
    space.create("a", {"startupProbe": startup, "livenessProbe": {**FAILS_AT_ONCE, "failureThreshold": 1}})
    pod = space.wait("a", lambda pod: "running" in container(pod)["state"])
    assert container(pod)["started"] is False
    assert not is_ready(pod)
    assert not space.events("Killing")
    space.exec("a", "touch", "/tmp/up")
    space.wait("a", lambda pod: container(pod)["restartCount"] == 1)
    assert any("failed liveness probe" in message for message in space.events("Killing"))


def test_a_container_that_does_not_start_up_is_restarted(space: Space) -> None:
    space.create("a", {"startupProbe": {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 2}})
    space.wait("a", lambda pod: container(pod)["restartCount"] == 1)
    assert any("failed startup probe" in message for message in space.events("Killing"))


def test_liveness_fails_only_after_as_many_periods_as_the_threshold(space: Space) -> None:
    space.create("a", {"livenessProbe": FAILS_AT_ONCE, "readinessProbe": {"exec": {"command": ["true"]}}})
    space.wait("a", lambda pod: bool(space.events("Unhealthy")))
    assert space.events("Unhealthy") == ["Liveness probe failed: "]
    assert not space.events("Killing")


def test_a_failed_probe_shows_what_the_command_said(space: Space) -> None:
    probe = {"exec": {"command": ["sh", "-c", "echo ill; echo really >&2; exit 1"]}, "periodSeconds": 1}
    space.create("a", {"livenessProbe": probe})
    space.wait("a", lambda pod: bool(space.events("Unhealthy")))
    assert space.events("Unhealthy") == ["Liveness probe failed: ill\nreally\n"]


def test_a_closed_gate_keeps_a_pod_from_being_ready(space: Space) -> None:
    space.create("a", readinessGates=[{"conditionType": "example.org/open"}])
    pod = space.wait("a", lambda pod: container(pod)["ready"])
    assert condition(pod, "Ready")["reason"] == "ReadinessGatesNotReady"
    assert condition(pod, "ContainersReady")["status"] == "True"


def test_a_pod_past_its_deadline_has_failed(space: Space) -> None:
    space.create("a", activeDeadlineSeconds=1)
    pod = space.wait("a", lambda pod: pod["status"]["phase"] == "Failed")
    assert pod["status"]["reason"] == "DeadlineExceeded"
    assert "terminated" in container(pod)["state"]
    assert space.events("DeadlineExceeded")


def test_a_pod_that_ends_before_its_deadline_has_succeeded(space: Space) -> None:
    space.create("a", {"command": ["true"]}, activeDeadlineSeconds=1, restartPolicy="Never")
    space.create("other", activeDeadlineSeconds=1)
    space.wait("other", lambda pod: pod["status"]["phase"] == "Failed")
    assert space.get("a")["status"]["phase"] == "Succeeded"


def test_a_container_can_say_why_it_ended(space: Space) -> None:
    space.create("a", {"command": ["sh", "-c", "echo tired > /dev/termination-log; exit 3"]}, restartPolicy="Never")
    pod = space.wait("a", lambda pod: pod["status"]["phase"] == "Failed")
    assert container(pod)["state"]["terminated"]["message"] == "tired\n"
    assert condition(pod, "Ready")["reason"] == "PodFailed"


def test_an_image_that_must_not_be_pulled_is_missed(space: Space) -> None:
    space.create("a", {"image": "does-not-exist:1", "imagePullPolicy": "Never"})
    waiting = space.wait("a", lambda pod: "ErrImageNeverPull" in str(pod["status"]))
    assert "pull policy of Never" in container(waiting)["state"]["waiting"]["message"]


def test_a_pod_with_a_subdomain_knows_its_full_name(space: Space) -> None:
    space.create("a", hostname="host", subdomain="sub")
    space.wait("a")
    asked = space.exec("a", "python3", "-c", "import socket; print(socket.getfqdn())").stdout
    assert asked.strip() == f"host.sub.{space.name}.svc.cluster.local"
