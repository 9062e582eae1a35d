"""Programs in containers: their streams, their ends, and that one of them does not disturb the others."""

from __future__ import annotations

import json
import ssl
import time
import urllib.request
from typing import Any

import aiohttp
import pytest
import yaml

from tests.embedded.conftest import SECONDS, Space

V5 = ("v5.channel.k8s.io",)


@pytest.fixture
def pod(space: Space) -> Space:
    space.create("a")
    space.wait("a")
    return space


def log(space: Space, pod: str, query: str = "") -> str:
    config = yaml.safe_load(space.running.kubeconfig.read_text())
    server, token = config["clusters"][0]["cluster"]["server"], config["users"][0]["user"]["token"]
    url = f"{server}/api/v1/namespaces/{space.name}/pods/{pod}/log?{query}"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    trusting = ssl._create_unverified_context()
    with urllib.request.urlopen(request, context=trusting, timeout=10) as answer:
        text: str = answer.read().decode()
    return text


async def on_terminal(space: Space, argv: list[str], said: bytes) -> tuple[bytes, dict[str, Any]]:
    """Run a command on a terminal, type ``said``; what it wrote, and the final status."""
    endpoint = space.api.endpoint()
    query = [("command", word) for word in argv] + [(name, "true") for name in ("stdin", "stdout", "tty")]
    url = f"{endpoint.server}/api/v1/namespaces/{space.name}/pods/a/exec"
    written, status = b"", {}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, params=query, ssl=endpoint.ssl, headers=endpoint.headers(), protocols=V5) as stream,
    ):
        await stream.send_bytes(b"\x04" + json.dumps({"Width": 132, "Height": 43}).encode())
        await stream.send_bytes(b"\x00" + said)
        async for message in stream:
            if message.data[0] == 1:
                written += message.data[1:]
            elif message.data[0] == 3:
                status = json.loads(message.data[1:])
    return written, status


def test_a_command_gives_its_output_errors_and_exit_code(pod: Space) -> None:
    done = pod.exec("a", "sh", "-c", "echo out; echo err >&2; exit 3")
    assert done == ("out\n", "err\n", 3)


def test_a_command_that_is_not_there_ends_with_127(pod: Space) -> None:
    done = pod.exec("a", "no-such-program")
    assert done.exit_code == 127
    assert done.stderr == 'exec: "no-such-program": executable file not found in $PATH\n'


def test_a_command_that_may_not_be_run_ends_with_126(pod: Space) -> None:
    done = pod.exec("a", "/etc/hostname")
    assert done.exit_code == 126
    assert "permission denied" in done.stderr


@pytest.mark.parametrize(
    "argv", [["echo", "null\0byte"], ["python3", "-c", "print('\ud800')".encode("utf-8", "replace").decode()]]
)
def test_a_strange_argument_does_no_harm(pod: Space, argv: list[str]) -> None:
    pod.exec("a", *argv)
    assert pod.exec("a", "echo", "alive").stdout == "alive\n"


def test_large_output_arrives_whole(pod: Space) -> None:
    done = pod.exec("a", "sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x")
    assert len(done.stdout) == 3_000_000


def test_a_command_on_a_terminal_has_its_size_and_its_input(pod: Space) -> None:
    wait_for_size = "while [ $(stty size | cut -d' ' -f1) != 43 ]; do sleep 0.02; done"
    script = f"{wait_for_size}; read word; echo got $word; stty size; exit 5"
    written, status = pod.loop.run(on_terminal(pod, ["sh", "-c", script], b"sesame\n"), 10)
    assert b"got sesame\r\n43 132\r\n" in written
    assert status["details"]["causes"] == [{"reason": "ExitCode", "message": "5"}]


def test_a_command_ends_when_its_client_goes(pod: Space) -> None:
    async def begin() -> tuple[aiohttp.ClientSession, Any]:
        endpoint = pod.api.endpoint()
        query = [("command", word) for word in ("sleep", "1234")] + [("stdout", "true")]
        url = f"{endpoint.server}/api/v1/namespaces/{pod.name}/pods/a/exec"
        session = aiohttp.ClientSession()
        headers = endpoint.headers()
        return session, await session.ws_connect(url, params=query, ssl=endpoint.ssl, headers=headers, protocols=V5)

    def runs() -> bool:
        return "1234" in pod.exec("a", "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '").stdout

    session, stream = pod.loop.run(begin(), 10)
    wait_for(runs)
    pod.loop.run(stream.close(), 10)
    pod.loop.run(session.close(), 10)
    wait_for(lambda: not runs())


def test_a_command_runs_in_the_pod_that_has_the_name_now(space: Space) -> None:
    for number in range(15):
        space.create("a", {"env": [{"name": "NUMBER", "value": str(number)}]})
        space.wait("a")
        assert space.exec("a", "printenv", "NUMBER").stdout.strip() == str(number)
        space.delete("a", grace=0)


def test_commands_end_with_the_container(pod: Space) -> None:
    """The processes of a container are in a PID namespace that ends with its first."""
    pod.create("b", {"command": ["sh", "-c", "while [ ! -e /tmp/end ]; do sleep 0.02; done"]}, restartPolicy="Never")
    pod.wait("b")
    began = time.monotonic()
    done = pod.exec("b", "sh", "-c", "touch /tmp/end; sleep 100")
    assert done.exit_code == 137
    assert time.monotonic() - began < 5


def test_the_log_has_both_outputs_in_order(space: Space) -> None:
    space.create("a", {"command": ["sh", "-c", "echo one; echo two >&2; echo three; exit 1"]}, restartPolicy="Never")
    space.wait("a", lambda pod: pod["status"].get("phase") == "Failed")
    assert log(space, "a") == "one\ntwo\nthree\n"
    assert log(space, "a", "tailLines=1") == "three\n"
    assert log(space, "a", "timestamps=true").splitlines()[0].split()[0].endswith("Z")


def test_the_log_is_followed_to_the_end_of_the_container(space: Space) -> None:
    space.create("a", {"command": ["sh", "-c", "echo one; sleep 0.3; printf two"]}, restartPolicy="Never")
    space.wait("a", lambda pod: "running" in str(pod["status"].get("containerStatuses")))
    assert log(space, "a", "follow=true") == "one\ntwo\n"


def test_the_log_of_the_run_before_is_kept(space: Space) -> None:
    space.create("a", {"command": ["sh", "-c", "echo run; exit 1"]})
    space.wait("a", lambda pod: "CrashLoopBackOff" in str(pod["status"]))
    assert log(space, "a", "previous=true") == "run\n"


def test_a_container_that_floods_its_output_disturbs_nobody(space: Space) -> None:
    space.create("flood", {"command": ["sh", "-c", "yes"]})
    space.create("a")
    space.wait("flood")
    space.wait("a")
    began = time.monotonic()
    assert space.exec("a", "echo", "alive").stdout == "alive\n"
    assert time.monotonic() - began < 3
    assert len(log(space, "flood")) <= 1 << 20
    space.delete("flood", grace=0)


def test_a_container_cannot_fill_the_memory_of_the_machine_with_files(pod: Space) -> None:
    done = pod.exec("a", "sh", "-c", "head -c 200000000 /dev/zero > /tmp/full; echo $?")
    assert done.stdout == "1\n"
    assert "No space left on device" in done.stderr


def test_a_full_disk_holds_up_new_pods_until_there_is_room_and_no_others(space: Space) -> None:
    mount = {"volumeMounts": [{"name": "room", "mountPath": "/room"}]}
    space.create("greedy", mount, volumes=[{"name": "room", "emptyDir": {}}])
    space.create("other")
    for name in ("greedy", "other"):
        space.wait(name)
    done = space.exec("greedy", "sh", "-c", "cat /dev/zero > /room/full")
    assert "No space left on device" in done.stderr
    space.create("late")
    deadline = time.monotonic() + SECONDS
    while not any("No space left on device" in said for said in space.events("FailedCreatePodSandBox")):
        assert time.monotonic() < deadline, space.get("late")["status"]
    assert space.exec("other", "sh", "-c", "echo fine > /tmp/file; cat /tmp/file").stdout == "fine\n"
    space.delete("greedy")
    space.wait("late")


def test_a_container_without_memory_ends_and_no_other(space: Space) -> None:
    hungry = "ulimit -v 200000; exec python3 -S -c 'bytearray(1 << 30)'"
    space.create("hungry", {"command": ["bash", "-c", hungry]}, restartPolicy="Never")
    space.create("other")
    ended = space.wait("hungry", lambda pod: pod["status"]["phase"] == "Failed")
    assert ended["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 1
    assert "MemoryError" in log(space, "hungry")
    space.wait("other")
    assert space.exec("other", "echo", "fine").stdout == "fine\n"


def test_an_environment_that_is_too_large_fails_that_pod_only(space: Space) -> None:
    env = [{"name": f"V{number}", "value": "x" * 50_000} for number in range(4)]
    space.create("a", {"env": env}, restartPolicy="Never")
    pod = space.wait("a", lambda pod: pod["status"].get("phase") == "Failed")
    assert "more than" in pod["status"]["containerStatuses"][0]["state"]["terminated"]["message"]
    space.create("b")
    space.wait("b")


def wait_for(condition: Any, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
