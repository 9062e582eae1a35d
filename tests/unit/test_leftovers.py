"""What runs that died have left behind goes; what lives, or is not ours, stays."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from pytest_k8snet import rundir
from pytest_k8snet.kube import labels
from pytest_k8snet.kube.access import Access
from pytest_k8snet.kube.restore import BEFORE
from pytest_k8snet.leftovers import Wanted, note_access, sweep_cluster, sweep_machine
from pytest_k8snet.rundir import RunDir

DEAD, EVERYTHING = Wanted(), Wanted(everything=True)


class Namespaces:
    """The namespaces of the API server; those in ``stuck`` do not go."""

    def __init__(self, api_server: Any) -> None:
        self._answers = api_server.answers
        self._answers["GET /api/v1/namespaces"] = self._list
        self._answers["GET /api/v1/configmaps"] = lambda handler: _answer(handler, {"items": self.changed})
        self.there: dict[str, dict[str, Any]] = {}
        self.changed: list[dict[str, Any]] = []
        self.stuck: set[str] = set()

    def add(self, name: str, run: str, *, lives: bool = False) -> None:
        until = str(int(time.time()) + (60 if lives else -60))
        metadata = {"name": name, "labels": {labels.RUN: run}, "annotations": {labels.ALIVE_UNTIL: until}}
        self.there[name] = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        self._answers[f"DELETE /api/v1/namespaces/{name}/pods"] = {}
        self._answers[f"DELETE /api/v1/namespaces/{name}"] = lambda handler: self._delete(name, handler)
        self._answers[f"GET /api/v1/namespaces/{name}"] = self.there[name]

    def _list(self, handler: BaseHTTPRequestHandler) -> None:
        _, equals, run = handler.path.partition("%3D")
        items = [obj for obj in self.there.values() if not equals or obj["metadata"]["labels"][labels.RUN] == run]
        _answer(handler, {"items": items})

    def _delete(self, name: str, handler: BaseHTTPRequestHandler) -> None:
        if name not in self.stuck:
            del self.there[name], self._answers[f"GET /api/v1/namespaces/{name}"]
        _answer(handler, {})


def _answer(handler: BaseHTTPRequestHandler, body: object) -> None:
    content = json.dumps(body).encode()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


@pytest.fixture
def namespaces(api_server: Any) -> Namespaces:
    return Namespaces(api_server)


@pytest.fixture
def base(runtime_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of all runs, the tests' own."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime_dir))
    return rundir.parent()


@pytest.fixture
def live(base: Path) -> Iterator[RunDir]:
    run = RunDir()
    yield run
    run.remove()


@pytest.fixture
def dead(base: Path, access: Access) -> Callable[..., Path]:
    """Make the folder of a run that died, which used the provider on the API server."""

    def make(run_id: str, provider: str = "existing") -> Path:
        base.mkdir(mode=0o700, exist_ok=True)
        folder = base / run_id
        folder.mkdir()
        (folder / rundir.LOCK).touch()
        if provider:
            note_access(folder, provider, access)
        return folder

    return make


def test_a_dead_run_goes_with_its_namespaces(
    dead: Callable[..., Path], namespaces: Namespaces, base: Path, said: list[str]
) -> None:
    folder = dead("aaaa")
    namespaces.add("k8snet-aaaa-1", "aaaa", lives=True)
    namespaces.add("k8snet-bbbb-1", "bbbb")
    assert sweep_machine(DEAD, said.append) == 0
    assert [*namespaces.there] == ["k8snet-bbbb-1"]
    assert said == ["removed the namespace k8snet-aaaa-1", f"removed {folder}"]
    assert not base.exists()


def test_a_run_that_lives_is_left_alone(live: RunDir, base: Path, said: list[str]) -> None:
    assert sweep_machine(DEAD, said.append) == 0
    assert sweep_machine(EVERYTHING, said.append) == 0
    assert sweep_machine(Wanted(live.run_id), said.append) == 0
    assert live.path.is_dir()
    assert said == []


@pytest.mark.parametrize("provider", ["", "embedded"])
def test_a_run_that_used_no_cluster_of_others_leaves_only_a_folder(
    dead: Callable[..., Path], base: Path, said: list[str], provider: str
) -> None:
    folder = dead("aaaa", provider)
    assert sweep_machine(DEAD, said.append) == 0
    assert said == [f"removed {folder}"]
    assert not base.exists()


def test_only_the_run_that_was_named_goes(dead: Callable[..., Path], base: Path, said: list[str]) -> None:
    dead("aaaa", "")
    other = dead("bbbb", "")
    assert sweep_machine(Wanted("aaaa"), said.append) == 0
    assert [*base.iterdir()] == [other]


def test_a_run_whose_namespaces_do_not_go_is_kept_for_the_next_sweep(
    dead: Callable[..., Path], namespaces: Namespaces, said: list[str]
) -> None:
    folder = dead("aaaa")
    namespaces.add("k8snet-aaaa-1", "aaaa")
    namespaces.stuck = {"k8snet-aaaa-1"}
    assert sweep_machine(DEAD, said.append, seconds=0.05) == 1
    assert said == ["NOT removed the namespace k8snet-aaaa-1"]
    namespaces.stuck = set()
    assert sweep_machine(DEAD, said.append) == 0
    assert not folder.exists()


def test_a_cluster_that_cannot_be_reached_keeps_its_run_and_hinders_no_other(
    dead: Callable[..., Path], access: Access, said: list[str]
) -> None:
    unreachable, other = dead("aaaa"), dead("bbbb", "")
    Path(access.kubeconfig).unlink()
    assert sweep_machine(DEAD, said.append) == 1
    assert unreachable.exists()
    assert not other.exists()
    assert said[0].startswith("run aaaa is not removed: the kubeconfig ")


def test_a_kind_cluster_of_a_dead_run_is_deleted(
    dead: Callable[..., Path], tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = dead("aaaa", "")
    (folder / "kind.yaml").touch()
    (tmp_path / "kind").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    (tmp_path / "kind").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert sweep_machine(DEAD, said.append) == 0
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[0] == f"delete cluster --name k8snet-aaaa --kubeconfig {folder}/kubeconfig"
    assert said == ["removed the kind cluster k8snet-aaaa", f"removed {folder}"]


def test_a_kind_cluster_that_cannot_be_deleted_keeps_its_run(
    dead: Callable[..., Path], tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = dead("aaaa", "kind")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert sweep_machine(DEAD, said.append) == 1
    assert folder.exists()
    assert said[0].startswith("run aaaa is not removed: 'kind delete cluster' cannot be run")


def test_in_a_cluster_the_runs_go_that_have_not_said_for_a_while_that_they_live(
    namespaces: Namespaces, access: Access, base: Path, said: list[str]
) -> None:
    namespaces.add("k8snet-aaaa-1", "aaaa")
    namespaces.add("k8snet-bbbb-1", "bbbb", lives=True)
    assert sweep_cluster(access.kubeconfig, "", DEAD, said.append) == 0
    assert [*namespaces.there] == ["k8snet-bbbb-1"]


def test_all_namespaces_of_a_run_live_as_long_as_one_of_them(
    namespaces: Namespaces, access: Access, base: Path, said: list[str]
) -> None:
    namespaces.add("k8snet-aaaa-fleet", "aaaa", lives=True)
    namespaces.add("k8snet-aaaa-of-a-long-module", "aaaa")
    assert sweep_cluster(access.kubeconfig, "", DEAD, said.append) == 0
    assert len(namespaces.there) == 2


def test_all_runs_of_a_cluster_go_but_for_those_that_live_here(
    namespaces: Namespaces, access: Access, live: RunDir, said: list[str]
) -> None:
    namespaces.add("k8snet-here", live.run_id)
    namespaces.add("k8snet-elsewhere", "bbbb", lives=True)
    assert sweep_cluster(access.kubeconfig, "", EVERYTHING, said.append) == 0
    assert [*namespaces.there] == ["k8snet-here"]


def test_a_run_of_a_cluster_that_was_named_goes_also_when_it_may_still_live_elsewhere(
    namespaces: Namespaces, access: Access, base: Path, said: list[str]
) -> None:
    namespaces.add("k8snet-aaaa-1", "aaaa", lives=True)
    namespaces.add("k8snet-bbbb-1", "bbbb")
    assert sweep_cluster(access.kubeconfig, "", Wanted("aaaa"), said.append) == 0
    assert [*namespaces.there] == ["k8snet-bbbb-1"]


def test_what_is_left_in_a_cluster_is_counted(
    namespaces: Namespaces, access: Access, base: Path, said: list[str]
) -> None:
    namespaces.add("k8snet-aaaa-1", "aaaa")
    namespaces.add("k8snet-aaaa-2", "aaaa")
    namespaces.stuck = {"k8snet-aaaa-2"}
    assert sweep_cluster(access.kubeconfig, "", DEAD, said.append, seconds=0.05) == 1
    assert said == ["removed the namespace k8snet-aaaa-1", "NOT removed the namespace k8snet-aaaa-2"]


@pytest.mark.parametrize(("lives", "put_back"), [(False, True), (True, False)])
def test_what_a_drill_has_changed_is_put_back_when_its_run_is_dead(
    namespaces: Namespaces, access: Access, api_server: Any, said: list[str], lives: bool, put_back: bool
) -> None:
    annotations = {BEFORE: json.dumps({"Corefile": "as it was"})}
    metadata = {"namespace": "kube-system", "name": "coredns", "labels": {labels.RUN: "aaaa"}}
    namespaces.changed.append({"metadata": metadata | {"annotations": annotations}, "data": {"Corefile": "drill"}})
    namespaces.add("k8snet-aaaa-1", "aaaa", lives=lives)
    place = "PATCH /api/v1/namespaces/kube-system/configmaps/coredns"
    api_server.answers[place] = {}
    assert sweep_cluster(access.kubeconfig, access.context, DEAD, said.append) == 0
    assert [one["data"] for one in api_server.bodies(place)] == ([{"Corefile": "as it was"}] if put_back else [])
    assert ("put back the ConfigMap kube-system/coredns" in said) is put_back
