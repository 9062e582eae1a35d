"""``k8snet cluster``: clusters that stand until they are told to end, and of which nothing is left then."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_k8snet.kube import labels
from pytest_k8snet.kube.access import Access
from pytest_k8snet.leftovers import note_access
from pytest_k8snet.rundir import RunDir

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of all runs, the test's own."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    return tmp_path / "k8snet"


@pytest.fixture
def k8snet(base: Path) -> Iterator[Run]:
    """Run the program. Its clusters end with the test."""

    def run(*arguments: str, status: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "import sys; from pytest_k8snet.cli import main; sys.exit(main())", *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **more}
        )
        if "cannot be started on this machine" in done.stderr:
            pytest.skip(done.stderr)
        assert done.returncode == status, f"k8snet {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done

    yield run
    run("cluster", "down", "--all")


def about(base: Path, name: str = "default") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((base / f"cluster-{name}" / "about.json").read_text())
    return found


def launcher_of(owner: int) -> int:
    (child,) = Path(f"/proc/{owner}/task/{owner}/children").read_text().split()
    return int(child)


def has_ended(pid: int, within: float = 0.0) -> bool:
    """Whether a process that is not ours ends within some seconds; init may reap it later."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    ended = bool(select.select([process], [], [], within)[0])
    os.close(process)
    return ended


def test_a_cluster_stands_until_it_is_told_to_end_and_leaves_nothing(k8snet: Run, base: Path) -> None:
    told = k8snet("cluster", "up", "--nodes", "1").stdout
    kubeconfig = k8snet("cluster", "kubeconfig").stdout.strip()
    assert f"export KUBECONFIG={kubeconfig}" in told
    assert Path(kubeconfig).stat().st_mode & 0o077 == 0
    owner = about(base)["owner"]
    launcher = launcher_of(owner)

    assert k8snet("cluster", "down").stdout == 'the cluster "default" has ended\n'

    assert has_ended(owner)
    assert has_ended(launcher)
    assert not base.exists()


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kubectl_finds_the_nodes_that_were_asked_for(k8snet: Run) -> None:
    k8snet("cluster", "up", "--nodes", "2", "--family", "ipv6", "--name", "six")
    kubeconfig = k8snet("cluster", "kubeconfig", "--name", "six").stdout.strip()
    wanted = "-o=jsonpath={.items[*].spec.podCIDRs}"
    command = ["kubectl", "--kubeconfig", kubeconfig, "get", "nodes", wanted]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert found == '["fd00:10:244:1::/64"] ["fd00:10:244:2::/64"]'


def test_faults_are_listed_put_in_and_taken_out(k8snet: Run, tmp_path: Path) -> None:
    folder = tmp_path / "faults"
    folder.mkdir()
    (folder / "mine.py").write_text(
        "from pytest_k8snet.embedded.packet_rules import FORWARD, PacketRules\n"
        "def fault():\n"
        "    return PacketRules('my-own', 'everything', lambda node, cluster: {FORWARD: ['drop']})\n"
    )
    k8snet("cluster", "up", "--nodes", "1", "--faults-from", str(folder))

    def listed() -> dict[str, str]:
        header, *rows = k8snet("cluster", "faults").stdout.splitlines()
        assert header.split() == ["FAULT", "LAYER", "STATE", "BREAKS", "CAUGHT", "BY"]
        return {row.split()[0]: " ".join(row.split()[1:]) for row in rows}

    assert listed()["my-own"] == "data path everything"
    assert listed()["hairpin-self-dropped"] == "data path a pod to its own address MODEL-006"
    assert k8snet("cluster", "inject", "my-own", "udp-dropped").stdout == "my-own is in\nudp-dropped is in\n"
    assert listed()["my-own"] == "data path in everything"
    assert "is in already" in k8snet("cluster", "inject", "my-own", status=4).stderr
    assert k8snet("cluster", "restore", "my-own").stdout == "my-own is out\n"
    assert listed()["my-own"] == "data path everything"
    assert "there is no fault 'nothing'" in k8snet("cluster", "inject", "nothing", status=4).stderr

    (folder / "mine.py").write_text("fault = None\n")
    refused = k8snet("cluster", "up", "--nodes", "1", "--name", "two", "--faults-from", str(folder), status=4)
    assert f"k8snet: {folder}/mine.py:1: there is no function fault()" in refused.stderr


def test_clusters_of_different_names_stand_side_by_side(k8snet: Run, base: Path) -> None:
    k8snet("cluster", "up", "--nodes", "1", "--name", "one")
    k8snet("cluster", "up", "--nodes", "1", "--family", "ipv4", "--network", "vxlan", "--name", "two")
    k8snet("cluster", "down", "--name", "one")
    header, row = k8snet("cluster", "status").stdout.splitlines()
    assert header.split() == ["NAME", "STATE", "NODES", "FAMILY", "NETWORK", "AGE", "KUBECONFIG"]
    assert row.split()[:5] == ["two", "up", "1", "ipv4", "vxlan"]
    assert row.split()[6] == about(base, "two")["kubeconfig"]


def test_a_sweep_takes_a_dead_cluster_and_no_living_one(k8snet: Run, base: Path) -> None:
    k8snet("cluster", "up", "--nodes", "1", "--name", "lives")
    k8snet("cluster", "up", "--nodes", "1", "--name", "dies")
    owner = about(base, "dies")["owner"]
    launcher = launcher_of(owner)
    os.kill(owner, signal.SIGKILL)
    assert has_ended(launcher, 10)
    assert "dies    dead" in k8snet("cluster", "status").stdout

    assert k8snet("sweep").stdout == f"removed {base / 'cluster-dies'}\n"

    assert [path.name for path in base.iterdir()] == ["cluster-lives"]
    k8snet("cluster", "kubeconfig", "--name", "lives")


def test_a_dead_cluster_is_no_obstacle_to_a_new_one_of_its_name(k8snet: Run, base: Path) -> None:
    k8snet("cluster", "up", "--nodes", "1")
    first = about(base)["owner"]
    os.kill(first, signal.SIGKILL)
    assert has_ended(first, 10)
    assert "is dead" in k8snet("cluster", "kubeconfig", status=4).stderr
    k8snet("cluster", "up", "--nodes", "1")
    assert about(base)["owner"] != first


def test_an_owner_ends_when_its_cluster_has_ended_by_itself(k8snet: Run, base: Path) -> None:
    k8snet("cluster", "up", "--nodes", "1")
    owner = about(base)["owner"]
    os.kill(launcher_of(owner), signal.SIGKILL)
    assert has_ended(owner, 10)
    assert k8snet("cluster", "status").stdout == "there is no cluster; start one: k8snet cluster up\n"
    assert not base.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("down",), 'there is no cluster "default"\nStart it: k8snet cluster up'),
        (("kubeconfig", "--name", "x"), 'there is no cluster "x"'),
        (("up", "--name", "../x"), "cannot be the name of a cluster"),
        (("up", "--nodes", "0"), "has 1 to 200 nodes, not 0"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_next_step(
    k8snet: Run, base: Path, arguments: tuple[str, ...], says: str
) -> None:
    assert says in k8snet("cluster", *arguments, status=4).stderr
    assert not base.exists()


def test_a_name_that_is_taken_is_refused(k8snet: Run, base: Path) -> None:
    k8snet("cluster", "up", "--nodes", "1")
    owner = about(base)["owner"]
    assert "is there already" in k8snet("cluster", "up", status=4).stderr
    assert about(base)["owner"] == owner


def test_a_sweep_knows_that_what_was_in_an_ended_cluster_is_gone(k8snet: Run, base: Path) -> None:
    k8snet("cluster", "up", "--nodes", "1")
    kubeconfig = about(base)["kubeconfig"]
    run = RunDir()
    note_access(run.path, "existing", Access(kubeconfig, "", run.path))
    run.keep()
    k8snet("cluster", "down")

    assert k8snet("sweep", KUBECONFIG=kubeconfig).stdout == f"removed {run.path}\n"


def test_the_suites_run_on_it_and_say_that_this_machine_is_not_beside_its_nodes(
    k8snet: Run, base: Path, pytester: pytest.Pytester
) -> None:
    k8snet("cluster", "up", "--nodes", "2", "--family", "ipv4")
    kubeconfig = about(base)["kubeconfig"]
    selected = ("-m", "model", "-k", "undeclared or declares_nothing")
    command = [sys.executable, "-m", "pytest", "--k8snet", f"--k8snet-kubeconfig={kubeconfig}", "-rs", *selected]
    done = subprocess.run(command, capture_output=True, text=True, cwd=pytester.path, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
    assert "the host outside does not reach node" in done.stdout
    listed = ["kubectl", "--kubeconfig", kubeconfig, "get", "namespaces", "-l", labels.RUN, "-o=name"]
    if shutil.which("kubectl"):
        assert subprocess.run(listed, capture_output=True, text=True, check=True).stdout == ""
