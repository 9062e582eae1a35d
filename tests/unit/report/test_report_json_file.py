"""Writing report.json."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_k8snet.report.json_file import write_atomically, write_json
from pytest_k8snet.report.record import Report, decode_report


def test_the_report_is_written_into_a_directory_that_is_made(
    tmp_path: Path, make_report: Callable[..., Report]
) -> None:
    path = write_json(tmp_path / "new" / "k8snet-report", make_report())

    assert path == tmp_path / "new" / "k8snet-report" / "report.json"
    assert decode_report(path.read_bytes()) == make_report()


def test_a_report_that_cannot_be_written_leaves_the_last_one_whole(
    tmp_path: Path, make_report: Callable[..., Report]
) -> None:
    path = write_json(tmp_path, make_report())
    before = path.read_bytes()
    broken = make_report()
    broken.environment.context = object()  # type: ignore[assignment]

    with pytest.raises(TypeError):
        write_json(tmp_path, broken)

    assert path.read_bytes() == before


def test_nothing_but_the_file_is_left_when_writing_fails_in_the_middle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    write_atomically(tmp_path / "report.json", b"old")
    monkeypatch.setattr(Path, "replace", full)

    with pytest.raises(OSError, match="No space left"):
        write_atomically(tmp_path / "report.json", b"new")

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"report.json": b"old"}
