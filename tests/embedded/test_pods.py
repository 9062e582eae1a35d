"""What a kubelet does with pods."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.embedded.conftest import Object, Space, addresses, is_ready


def state(pod: Object) -> Object:
    """The state of a pod's only container."""
    statuses: list[Object] = pod["status"].get("containerStatuses") or [{"state": {}}]
    found: Object = statuses[0]["state"]
    return found


def restarts(pod: Object) -> int:
    return sum(container["restartCount"] for container in pod["status"].get("containerStatuses") or ())


def test_a_pod_is_ready_soon_after_its_creation(space: Space) -> None:
    """0.3 s is the aim; the bound leaves room for a loaded machine."""
    began = time.monotonic()
    space.server("a")
    assert time.monotonic() - began < 2


def test_conditions_and_container_status_are_as_of_a_kubelet(space: Space) -> None:
    status = space.server("a")["status"]
    assert {entry["type"] for entry in status["conditions"] if entry["status"] == "True"} == {
        "PodReadyToStartContainers",
        "Initialized",
        "Ready",
        "ContainersReady",
        "PodScheduled",
    }
    assert status["phase"] == "Running"
    (container,) = status["containerStatuses"]
    assert container["ready"]
    assert container["started"]
    assert container["restartCount"] == 0
    assert "startedAt" in container["state"]["running"]


def test_the_status_tells_the_addresses_of_pod_and_node(space: Space) -> None:
    pod = space.server("a", "node-2")
    four, six = addresses(pod)
    assert (pod["status"]["podIP"], pod["status"]["hostIP"]) == (four, "10.200.0.2")
    assert [entry["ip"] for entry in pod["status"]["hostIPs"]] == ["10.200.0.2", "fd00:200::2"]
    assert four.startswith("10.244.2.")
    assert six.startswith("fd00:10:244:2::")


def test_the_downward_api_tells_the_pod_about_itself(space: Space) -> None:
    paths = {
        "NAME": "metadata.name",
        "NAMESPACE": "metadata.namespace",
        "NODE": "spec.nodeName",
        "IP": "status.podIP",
        "IPS": "status.podIPs",
        "HOST": "status.hostIP",
    }
    env = [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in paths.items()]
    env.append({"name": "BOTH", "value": "$(NAME) in $(NAMESPACE), not $(UNKNOWN) and $$(NAME)"})
    space.create("a", {"env": env})
    status = space.wait("a")["status"]
    seen = dict(line.split("=", 1) for line in space.exec("a", "env").stdout.splitlines() if "=" in line)
    assert {name: seen[name] for name in paths} == {
        "NAME": "a",
        "NAMESPACE": space.name,
        "NODE": space.get("a")["spec"]["nodeName"],
        "IP": status["podIP"],
        "IPS": ",".join(entry["ip"] for entry in status["podIPs"]),
        "HOST": status["hostIP"],
    }
    assert seen["BOTH"] == f"a in {space.name}, not $(UNKNOWN) and $(NAME)"


def test_a_pod_waits_for_its_config_map(space: Space) -> None:
    volume = {"name": "config", "configMap": {"name": "late"}}
    mount = {"name": "config", "mountPath": "/etc/late/deep", "readOnly": True}
    space.create("a", {"volumeMounts": [mount]}, volumes=[volume])
    space.wait("a", lambda pod: bool(space.events("FailedMount")))
    assert not is_ready(space.get("a"))
    metadata = {"name": "late", "namespace": space.name}
    space.api.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"key": "value"}})
    space.wait("a")
    assert space.exec("a", "cat", "/etc/late/deep/key").stdout == "value"
    assert space.exec("a", "touch", "/etc/late/deep/other").exit_code != 0


def test_an_empty_dir_is_shared_by_the_containers_of_a_pod(space: Space) -> None:
    mount = {"volumeMounts": [{"name": "shared", "mountPath": "/shared"}]}
    two = [{"name": name, "image": "test", "command": ["sleep", "1000"], **mount} for name in ("first", "second")]
    space.create("a", containers=two, volumes=[{"name": "shared", "emptyDir": {}}])
    space.wait("a")
    space.exec("a", "sh", "-c", "echo here > /shared/file", container="first")
    assert space.exec("a", "cat", "/shared/file", container="second").stdout == "here\n"


def test_a_folder_of_the_machine_is_mounted_read_only(space: Space, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("the machine's")
    volume = {"name": "machine", "hostPath": {"path": str(tmp_path)}}
    space.create("a", {"volumeMounts": [{"name": "machine", "mountPath": "/machine"}]}, volumes=[volume])
    space.wait("a")
    assert space.exec("a", "cat", "/machine/file").stdout == "the machine's"
    assert space.exec("a", "sh", "-c", "echo mine > /machine/file").exit_code != 0
    assert (tmp_path / "file").read_text() == "the machine's"


def test_init_containers_run_one_after_the_other_before_the_others(space: Space) -> None:
    mount = {"volumeMounts": [{"name": "shared", "mountPath": "/shared"}]}
    init = [
        {"name": name, "image": "test", "command": ["sh", "-c", f"echo {name} >> /shared/order"], **mount}
        for name in ("one", "two")
    ]
    space.create("a", mount, initContainers=init, volumes=[{"name": "shared", "emptyDir": {}}])
    space.wait("a")
    assert space.exec("a", "cat", "/shared/order").stdout == "one\ntwo\n"


@pytest.mark.parametrize(("code", "phase"), [(0, "Succeeded"), (3, "Failed")])
def test_a_pod_that_never_restarts_ends_with_its_exit_code(space: Space, code: int, phase: str) -> None:
    space.create("a", {"command": ["sh", "-c", f"echo said; exit {code}"]}, restartPolicy="Never")
    pod = space.wait("a", lambda pod: pod["status"].get("phase") == phase)
    ended = pod["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (code, "Completed" if code == 0 else "Error")
    assert not is_ready(pod)


def test_a_signal_counts_128_in_the_exit_code(space: Space) -> None:
    space.create("a", {"command": ["sh", "-c", "sh -c 'kill -TERM $$$$'"]}, restartPolicy="Never")
    pod = space.wait("a", lambda pod: "terminated" in state(pod))
    assert state(pod)["terminated"]["exitCode"] == 143


def test_a_failing_container_restarts_at_once_and_then_backs_off(space: Space) -> None:
    space.create("a", {"command": ["sh", "-c", "exit 1"]})
    pod = space.wait("a", lambda pod: "CrashLoopBackOff" in str(pod["status"]))
    (container,) = pod["status"]["containerStatuses"]
    assert container["restartCount"] == 1
    assert container["lastState"]["terminated"]["exitCode"] == 1
    assert space.events("BackOff")


def test_a_restarted_container_keeps_the_address_of_its_pod(space: Space) -> None:
    container = {
        "command": ["sh", "-c", "while [ ! -e /tmp/end ]; do sleep 0.02; done"],
        "livenessProbe": {"exec": {"command": ["true"]}},
    }
    space.create("a", container)
    before = addresses(space.wait("a"))
    space.exec("a", "touch", "/tmp/end")
    after = space.wait("a", lambda pod: restarts(pod) == 1 and is_ready(pod))
    assert addresses(after) == before


def test_a_failed_liveness_probe_restarts_the_container(space: Space) -> None:
    probe = {"exec": {"command": ["test", "-e", "/tmp/alive"]}, "periodSeconds": 1, "failureThreshold": 2}
    space.create("a", {"command": ["sh", "-c", "touch /tmp/alive; sleep 1000"], "livenessProbe": probe})
    space.wait("a")
    space.exec("a", "rm", "/tmp/alive")
    space.wait("a", lambda pod: restarts(pod) == 1)
    assert any("liveness" in message for message in space.events("Killing"))


@pytest.mark.parametrize(
    "probe",
    [
        {"tcpSocket": {"port": "web"}},
        {"httpGet": {"path": "/ok", "port": "web"}},
        {"exec": {"command": ["test", "-e", "/tmp/ok"]}},
    ],
    ids=lambda probe: next(iter(probe)),
)
def test_a_pod_becomes_ready_when_its_probe_succeeds(space: Space, probe: dict[str, object]) -> None:
    program = "while [ ! -e /tmp/ok ]; do sleep 0.02; done; cd /tmp; exec python3 -m http.server 8000 --bind ::"
    ports = [{"name": "web", "containerPort": 8000}]
    space.create("a", {"command": ["sh", "-c", program], "ports": ports, "readinessProbe": probe})
    pod = space.wait("a", lambda pod: "running" in state(pod))
    assert not is_ready(pod)
    space.exec("a", "touch", "/tmp/ok")
    space.wait("a")


def test_a_command_that_is_not_there_is_a_start_error(space: Space) -> None:
    space.create("a", {"command": ["no-such-program"]}, restartPolicy="Never")
    pod = space.wait("a", lambda pod: pod["status"].get("phase") == "Failed")
    ended = pod["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (128, "StartError")
    assert "executable file not found" in ended["message"]


@pytest.mark.parametrize("image", ["registry.example/does-not-exist:1", "does-not-exist"])
def test_an_image_that_cannot_be_pulled_backs_off(space: Space, image: str) -> None:
    space.create("a", {"image": image})
    pod = space.wait("a", lambda pod: "ImagePullBackOff" in str(pod["status"]))
    assert pod["status"]["phase"] == "Pending"
    space.delete("a")


def test_a_pod_that_ignores_sigterm_is_killed_after_its_grace_period(space: Space) -> None:
    space.create("a", {"command": ["sh", "-c", "trap '' TERM; sleep 1000"]}, terminationGracePeriodSeconds=1)
    space.wait("a")
    began = time.monotonic()
    space.delete("a")
    assert 0.9 < time.monotonic() - began < 4


def test_a_forced_deletion_ends_the_program_although_it_had_more_time(space: Space) -> None:
    space.server("a", "node-3", host_port=9090, terminationGracePeriodSeconds=30)
    space.server("b", "node-2")
    space.api.delete("v1", "Pod", "a", space.name)
    assert space.ask("b", "10.200.0.3", 9090).startswith("a "), "process 1 of a container does not heed SIGTERM"
    space.delete("a", grace=0)
    deadline = time.monotonic() + 3
    while space.ask("b", "10.200.0.3", 9090) != "ConnectionRefusedError":
        assert time.monotonic() < deadline


def test_a_pod_that_heeds_sigterm_is_gone_at_once(space: Space) -> None:
    command = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit()); signal.pause()"
    space.create("a", {"command": ["python3", "-c", command]}, terminationGracePeriodSeconds=8)
    space.wait("a")
    time.sleep(0.1)
    began = time.monotonic()
    space.delete("a")
    assert time.monotonic() - began < 3
