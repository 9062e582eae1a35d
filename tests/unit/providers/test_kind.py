"""A cluster made by kind: a script takes the place of the binary, on a PATH of its own."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_k8snet.errors import PreflightError, UsageError
from pytest_k8snet.options import Settings
from pytest_k8snet.providers.kind import CONFIG, Kind, KindProvider

MakeSettings = Callable[..., Settings]
VERSION = "if [ $1 = version ]; then echo 'kind v0.31.0 go1.25.5 linux/amd64'; exit; fi\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "bin"
    made.mkdir()
    return made


@pytest.fixture
def install(folder: Path) -> Callable[[str], Kind]:
    """Install a shell script as kind. It notes what it was asked in the file ``asked`` beside it."""

    def install(script: str) -> Kind:
        file = folder / "kind"
        file.write_text(f'#!/bin/sh\necho "$@" >> {shlex.quote(str(folder))}/asked\n{script}')
        file.chmod(0o755)
        return Kind({"PATH": str(folder)})

    return install


def _asked(folder: Path) -> list[str]:
    return (folder / "asked").read_text().splitlines()


def test_the_version_is_read(install: Callable[[str], Kind]) -> None:
    assert install(VERSION).version() == "v0.31.0"


def test_a_missing_binary_is_said_with_two_ways_out(folder: Path) -> None:
    with pytest.raises(PreflightError, match="no 'kind' on the PATH") as refused:
        Kind({"PATH": str(folder)}).version()
    assert "Install it" in refused.value.hint
    assert "--k8snet-provider embedded" in refused.value.hint


def test_a_binary_that_is_gone_when_the_cluster_is_to_be_deleted_is_said(folder: Path) -> None:
    with pytest.raises(PreflightError, match=r"'kind delete cluster' cannot be run: .*No such file"):
        Kind({"PATH": str(folder)}).delete("k8snet-1", folder / "kubeconfig")


@pytest.mark.parametrize("version", ["v0.23.0", "v0.9.0", "v0.0.1-alpha"])
def test_a_binary_that_is_too_old_is_refused(install: Callable[[str], Kind], version: str) -> None:
    with pytest.raises(PreflightError, match=f"{version} is too old: 0.24 or newer"):
        install(f"echo 'kind {version} go1.20 linux/amd64'").version()


@pytest.mark.parametrize("version", ["v0.24.0", "v0.30.0-alpha+1f2e", "v1.0.0"])
def test_the_oldest_version_and_newer_ones_are_taken(install: Callable[[str], Kind], version: str) -> None:
    assert install(f"echo 'kind {version} go1.20 linux/amd64'").version() == version


def test_another_program_of_that_name_is_noticed(install: Callable[[str], Kind]) -> None:
    with pytest.raises(PreflightError, match="said 'friendly', which names no version"):
        install("echo friendly").version()


def test_a_failure_is_shown_with_its_last_lines_and_status(install: Callable[[str], Kind]) -> None:
    kind = install("i=0; while [ $i -lt 20 ]; do i=$((i+1)); echo line $i; done; echo 'ERROR: no docker' >&2; exit 3")
    with pytest.raises(PreflightError, match="'kind create cluster' failed with status 3:") as refused:
        kind.run("create", "cluster", "--name", "x")
    lines = refused.value.message.splitlines()[1:]
    assert lines[-1] == "  ERROR: no docker"
    assert len(lines) == 8
    assert "inotify" in refused.value.hint


def test_output_that_is_no_utf8_hides_no_failure(install: Callable[[str], Kind]) -> None:
    with pytest.raises(PreflightError, match="failed with status 1"):
        install(r"printf '\377'; exit 1").run("get", "clusters")


def test_a_binary_that_hangs_is_ended_and_said(install: Callable[[str], Kind]) -> None:
    began = time.monotonic()
    with pytest.raises(PreflightError, match=r"'kind version' did not end in 0\.1 s") as refused:
        install("exec /bin/sleep 60").version(seconds=0.1)
    assert time.monotonic() - began < 10
    assert "docker ps" in refused.value.hint


def test_a_cluster_is_made_with_a_kubeconfig_of_its_own(
    install: Callable[[str], Kind], folder: Path, settings: Settings, tmp_path: Path, said: list[str]
) -> None:
    provider = KindProvider(settings, install(VERSION))
    access = provider.start(tmp_path, "1a2b", said.append)
    assert (access.kubeconfig, access.context) == (f"{tmp_path}/kubeconfig", "kind-k8snet-1a2b")
    assert (tmp_path / "kind.yaml").read_text() == CONFIG
    made = "create cluster --name k8snet-1a2b --config {0}/kind.yaml --wait 0s --kubeconfig {0}/kubeconfig"
    assert _asked(folder) == ["version", made.format(tmp_path)]
    assert said == ["kind v0.31.0 makes the cluster k8snet-1a2b (some minutes where images must be pulled)"]


def test_node_image_and_configuration_are_the_users(
    install: Callable[[str], Kind], folder: Path, make_settings: MakeSettings, tmp_path: Path, said: list[str]
) -> None:
    (tmp_path / "own.yaml").write_text("kind: Cluster # mine\n")
    settings = make_settings(kind_image="kindest/node:v1.34.0", kind_config=str(tmp_path / "own.yaml"))
    KindProvider(settings, install(VERSION)).start(tmp_path, "1a2b", said.append)
    assert (tmp_path / "kind.yaml").read_text() == "kind: Cluster # mine\n"
    assert "--image kindest/node:v1.34.0" in _asked(folder)[-1]


def test_a_configuration_that_cannot_be_read_is_refused_before_anything_is_made(
    install: Callable[[str], Kind], folder: Path, make_settings: MakeSettings, tmp_path: Path, said: list[str]
) -> None:
    provider = KindProvider(make_settings(kind_config=str(tmp_path / "nope.yaml")), install(VERSION))
    with pytest.raises(UsageError, match=r"--k8snet-kind-config: .*nope\.yaml cannot be read: .*No such file"):
        provider.start(tmp_path, "1a2b", said.append)
    provider.stop(said.append)
    assert _asked(folder) == ["version"]


def test_a_cluster_is_deleted_after_the_run(
    install: Callable[[str], Kind], folder: Path, settings: Settings, tmp_path: Path, said: list[str]
) -> None:
    provider = KindProvider(settings, install(VERSION))
    provider.start(tmp_path, "1a2b", said.append)
    provider.stop(said.append)
    delete = f"delete cluster --name k8snet-1a2b --kubeconfig {tmp_path}/kubeconfig"
    assert _asked(folder)[-2:] == [delete, "get nodes --name k8snet-1a2b"]


def test_a_node_that_docker_finishes_after_the_deletion_is_deleted_too(
    install: Callable[[str], Kind], folder: Path, tmp_path: Path
) -> None:
    late = f"case $1 in get) if [ -e {folder}/gone ]; then exit; fi; echo node-1; : > {folder}/gone;; esac"
    install(late).delete("k8snet-1a2b", tmp_path / "kubeconfig")
    assert [line.split()[0] for line in _asked(folder)] == ["delete", "get", "delete", "get"]


def test_ctrl_c_in_the_terminal_does_not_reach_kind(install: Callable[[str], Kind]) -> None:
    session = int(install("read -r _ _ _ _ _ session _ < /proc/$$/stat; echo $session").run("delete", "cluster"))
    assert session != os.getsid(0)


def test_what_an_interrupted_creation_began_is_deleted_too(
    install: Callable[[str], Kind], folder: Path, settings: Settings, tmp_path: Path, said: list[str]
) -> None:
    provider = KindProvider(settings, install(VERSION + "[ $1 = create ] && exit 1"))
    with pytest.raises(PreflightError, match="'kind create cluster' failed with status 1"):
        provider.start(tmp_path, "1a2b", said.append)
    install("exit 0")
    provider.stop(said.append)
    assert _asked(folder)[-2].startswith("delete cluster --name k8snet-1a2b ")


def test_half_a_cluster_is_not_kept(
    install: Callable[[str], Kind], folder: Path, make_settings: MakeSettings, tmp_path: Path, said: list[str]
) -> None:
    provider = KindProvider(make_settings(kind_keep=True), install(VERSION + "[ $1 = create ] && exit 1"))
    with pytest.raises(PreflightError):
        provider.start(tmp_path, "1a2b", said.append)
    install("exit 0")
    provider.stop(said.append)
    assert any(line.startswith("delete") for line in _asked(folder))


def test_a_kept_cluster_is_left_with_the_commands_to_use_and_to_remove_it(
    install: Callable[[str], Kind], folder: Path, make_settings: MakeSettings, tmp_path: Path, said: list[str]
) -> None:
    provider = KindProvider(make_settings(kind_keep=True), install(VERSION))
    provider.start(tmp_path, "1a2b", said.append)
    provider.stop(said.append)
    assert not any(line.startswith("delete") for line in _asked(folder))
    assert "kind get kubeconfig --name k8snet-1a2b" in said[-1]
    assert "kind delete cluster --name k8snet-1a2b" in said[-1]


def test_a_cluster_that_cannot_be_deleted_is_an_error_and_remains(
    install: Callable[[str], Kind], settings: Settings, tmp_path: Path, said: list[str]
) -> None:
    provider = KindProvider(settings, install(VERSION + "[ $1 = delete ] && { echo busy; exit 1; }; exit 0"))
    assert provider.remains() == ""
    provider.start(tmp_path, "1a2b", said.append)
    with pytest.raises(PreflightError, match="'kind delete cluster' failed with status 1:\n  busy"):
        provider.stop(said.append)
    assert provider.remains() == "the kind cluster k8snet-1a2b"


def test_nothing_is_deleted_that_was_not_made(folder: Path, settings: Settings, said: list[str]) -> None:
    KindProvider(settings, Kind({"PATH": str(folder)})).stop(said.append)
    assert said == []


def test_a_kind_cluster_is_probed_from_this_machine_and_has_no_faults(settings: Settings) -> None:
    provider = KindProvider(settings)
    assert provider.outside()[0] is not None
    assert provider.faults() is None
