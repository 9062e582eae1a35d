"""The command k8snet."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_k8snet import leftovers
from pytest_k8snet.catalogue import as_markdown
from pytest_k8snet.cli import main
from pytest_k8snet.errors import UsageError
from pytest_k8snet.leftovers import Wanted


class Swept:
    """Takes the place of the sweeps; ``machine`` and ``cluster`` are how much could not be removed."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.machine = 0
        self.cluster = 0

    def sweep_machine(self, wanted: Wanted, say: Callable[[str], None]) -> int:
        self.asked.append(("machine", wanted))
        say("swept")
        return self.machine

    def sweep_cluster(self, kubeconfig: str, context: str, wanted: Wanted, say: Callable[[str], None]) -> int:
        self.asked.append(("cluster", kubeconfig, context, wanted))
        return self.cluster


@pytest.fixture
def swept(monkeypatch: pytest.MonkeyPatch) -> Swept:
    made = Swept()
    monkeypatch.setattr(leftovers, "sweep_machine", made.sweep_machine)
    monkeypatch.setattr(leftovers, "sweep_cluster", made.sweep_cluster)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    return made


def test_without_a_name_only_this_machine_is_swept(swept: Swept, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep"]) == 0
    assert swept.asked == [("machine", Wanted())]
    assert capsys.readouterr().out == "swept\n"


@pytest.mark.parametrize(
    ("arguments", "variable", "cluster"),
    [
        (["--kubeconfig", "/f"], "", ("/f", "")),
        (["--kubeconfig", "/f", "--context", "lab"], "/k", ("/f", "lab")),
        (["--context", "lab"], "/k", ("/k", "lab")),
        (["--context", "lab"], "", (os.path.expanduser("~/.kube/config"), "lab")),
        ([], "/k", ("/k", "")),
    ],
)
def test_a_cluster_that_is_named_is_swept_too(
    swept: Swept, monkeypatch: pytest.MonkeyPatch, arguments: list[str], variable: str, cluster: tuple[str, str]
) -> None:
    monkeypatch.setenv("KUBECONFIG", variable)
    assert main(["sweep", *arguments]) == 0
    assert swept.asked[-1] == ("cluster", *cluster, Wanted())


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [(["--run", "1a2b"], Wanted("1a2b")), (["--all"], Wanted(everything=True))],
)
def test_which_runs_go_can_be_said(swept: Swept, arguments: list[str], wanted: Wanted) -> None:
    main(["sweep", *arguments])
    assert swept.asked == [("machine", wanted)]


@pytest.mark.parametrize("where", ["machine", "cluster"])
def test_what_is_left_makes_the_status_1(swept: Swept, where: str) -> None:
    setattr(swept, where, 2)
    assert main(["sweep", "--context", "lab"]) == 1


def test_one_run_and_all_runs_exclude_each_other(swept: Swept, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["sweep", "--run", "1a2b", "--all"])
    assert ended.value.code == 2
    assert "not allowed with" in capsys.readouterr().err
    assert swept.asked == []


def test_what_cannot_begin_says_why_and_has_the_status_4(
    swept: Swept, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*given: object) -> int:
        raise UsageError("the kubeconfig /f cannot be used", hint="Name another.")

    monkeypatch.setattr(leftovers, "sweep_cluster", refuse)
    assert main(["sweep", "--kubeconfig", "/f"]) == 4
    assert capsys.readouterr().err == "k8snet: the kubeconfig /f cannot be used\nName another.\n"


def test_the_checks_are_listed_as_in_the_documentation(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["checks"]) == 0
    assert capsys.readouterr().out == as_markdown() + "\n"


@pytest.mark.parametrize("arguments", [[], ["polish"]])
def test_an_unknown_command_is_refused_with_the_known_ones(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: k8snet" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; from pytest_k8snet.cli import main; sys.exit(main(['checks']))"]
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")
