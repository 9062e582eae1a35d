"""A whole run, from its start to its end or its death, leaves the kernel as it was."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_k8snet.embedded.network.netns import TOOL_PATH
from tests.kernel_state import inside
from tests.runs import LINGERS
from tests.users import REPOSITORY, User, as_nobody, as_ourselves

ROOT, ROOTLESS = "root" if os.geteuid() == 0 else "user", "rootless"
needs_bird = pytest.mark.skipif(
    shutil.which("bird", path=TOOL_PATH) is None, reason="bird is not installed: install the package bird2"
)
WAYS = pytest.mark.parametrize(
    ("user", "network"),
    [
        pytest.param(as_ourselves, "routed", id=f"{ROOT}-routed"),
        pytest.param(as_ourselves, "vxlan", id=f"{ROOT}-vxlan", marks=pytest.mark.slow),
        pytest.param(as_ourselves, "bgp", id=f"{ROOT}-bgp", marks=[needs_bird, pytest.mark.slow]),
        pytest.param(as_nobody, "routed", id=f"{ROOTLESS}-routed", marks=pytest.mark.slow),
        pytest.param(as_nobody, "vxlan", id=f"{ROOTLESS}-vxlan"),
        pytest.param(as_nobody, "bgp", id=f"{ROOTLESS}-bgp", marks=needs_bird),
    ],
)
BETWEEN_NODES = "test_pods_of_different_nodes_reach_each_other"
LEAKS = {
    "link": "ip link add left type veth peer name behind",
    "address": "ip address add 10.9.9.9/32 dev lo",
    "route": "ip route add 10.9.9.0/24 dev lo",
    "packet rule": "nft add table inet left",
    "queue": "tc qdisc add dev lo root pfifo",
    "mount": "mount -t tmpfs left /mnt",
    "process": "sleep 60 >/dev/null 2>&1 &",
    "namespace": "unshare --ipc sleep 60 >/dev/null 2>&1 &",
}


def compare(user: User, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a user in a machine of its own; the exit code is 0 when the kernel is as before."""
    tools = {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    return subprocess.run(
        inside(*command), cwd=REPOSITORY, env=user.env | tools, capture_output=True, text=True, check=False, timeout=300
    )


def pytest_as(user: User, folder: Path, *arguments: str) -> list[str]:
    options = [f"--rootdir={folder}", "-pno:cacheprovider", f"--basetemp={folder}/tmp", f"--k8snet-report={folder}/out"]
    (folder / "pytest.ini").write_text("[pytest]\n")
    env = [f"TMPDIR={folder}", "XDG_RUNTIME_DIR="]
    return ["env", *env, *user.argv, "-m", "pytest", "--k8snet", "-c", f"{folder}/pytest.ini", *options, *arguments]


@WAYS
def test_a_run_leaves_the_kernel_as_it_was(folder: Path, user: Callable[[], User], network: str) -> None:
    who = user()
    done = compare(who, *pytest_as(who, folder, f"--k8snet-embedded-network={network}", "-k", BETWEEN_NODES))
    assert "8 passed" in done.stdout, done
    assert done.stdout.endswith("the kernel is as before\n"), done
    assert done.returncode == 0


@WAYS
def test_a_run_that_is_killed_leaves_the_kernel_as_it_was(folder: Path, user: Callable[[], User], network: str) -> None:
    who = user()
    test = folder / "test_it.py"
    test.write_text(LINGERS.replace('Path("lingering")', f'Path("{folder}/lingering")'))
    run = pytest_as(who, folder, f"--k8snet-embedded-network={network}", str(test))
    done = compare(who, "--kill-when", f"{folder}/lingering", *run)
    assert "positive control connected" in done.stdout, done
    assert done.stdout.endswith("the kernel is as before\n"), done
    assert done.returncode == 0


def test_what_a_command_leaves_is_found() -> None:
    """Otherwise the tests above would prove nothing."""
    done = compare(as_ourselves(), "--patience=0", "sh", "-c", "\n".join(LEAKS.values()))
    for what in LEAKS:
        assert f"left: {what} " in done.stdout, done
    assert done.returncode == 1


def test_what_a_command_takes_away_is_found() -> None:
    done = compare(as_ourselves(), "--patience=0", "ip", "address", "del", "127.0.0.1/8", "dev", "lo")
    assert "gone: address 1: lo    inet 127.0.0.1/8" in done.stdout, done
    assert done.returncode == 1
