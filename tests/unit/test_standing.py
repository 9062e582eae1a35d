"""What the owner of a named cluster says is what its user hears."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pytest_k8snet import rundir, standing
from pytest_k8snet.errors import K8sNetError, PreflightError, UsageError
from pytest_k8snet.rundir import RunDir
from pytest_k8snet.standing import About

ABOUT = About("default", os.getpid(), 3, "dual", 1.5, "/k", "routed")


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return rundir.parent()


def test_a_cluster_that_is_ready_is_described() -> None:
    assert standing.heard(f"a warning\n{standing.tell_ready(ABOUT)}\n") == ABOUT


@pytest.mark.parametrize("kind", [UsageError, PreflightError])
def test_a_machine_that_cannot_is_told_with_the_next_step(kind: type[K8sNetError]) -> None:
    with pytest.raises(kind, match="no user namespaces") as refused:
        standing.heard(standing.tell_error(kind("no user namespaces", hint="Use kind.")))
    assert refused.value.hint == "Use kind."


@pytest.mark.parametrize("said", ["", "Traceback\nKeyError: 1\n"])
def test_an_owner_that_dies_while_starting_is_told_with_its_last_words(said: str) -> None:
    with pytest.raises(PreflightError, match="ended while starting") as refused:
        standing.heard(said)
    assert said.strip() in refused.value.message


def test_a_cluster_that_is_starting_is_not_taken_for_a_dead_one(base: Path) -> None:
    folder = RunDir(base, "cluster-slow")
    seen = standing.look("slow")
    assert seen == standing.Standing("slow", alive=True, about=None)
    with pytest.raises(PreflightError, match="just starting"):
        standing.end(seen)
    assert folder.path.is_dir()
    folder.remove()


def test_a_folder_without_an_owner_is_a_dead_cluster_and_can_be_ended(base: Path) -> None:
    RunDir(base, "cluster-old").keep()
    (dead,) = standing.every()
    assert (dead.name, dead.alive) == ("old", False)
    standing.end(dead)
    assert not base.exists()


def test_only_the_kubeconfig_of_an_ended_named_cluster_is_known_to_be_gone(base: Path, tmp_path: Path) -> None:
    assert standing.is_gone(str(base / "cluster-x" / "embedded" / "kubeconfig"))
    assert not standing.is_gone(str(tmp_path / "cluster-x" / "embedded" / "kubeconfig"))
    folder = RunDir(base, "cluster-y")
    (folder.path / "embedded").mkdir()
    (folder.path / "embedded" / "kubeconfig").touch()
    assert not standing.is_gone(str(folder.path / "embedded" / "kubeconfig"))
    folder.remove()


def test_what_is_not_a_clusters_folder_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "embedded").mkdir()
    began = time.monotonic()
    standing.wait_until_ended(tmp_path)
    assert time.monotonic() - began < 1
