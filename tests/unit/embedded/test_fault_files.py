"""Faults from a folder of the author's own: what is wrong in a file is told with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_k8snet.embedded.fault_files import FaultFileError, faults_of_folder

GOOD = """
class Nothing:
    name = "nothing-at-all"
    breaks = "nothing"
    layer = "data path"

    async def apply(self, cluster):
        pass

    async def revert(self, cluster):
        pass


def fault():
    return Nothing()
"""


def test_each_file_of_the_folder_gives_a_fault(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(GOOD)
    (tmp_path / "two.py").write_text(GOOD.replace("nothing-at-all", "other"))
    (tmp_path / "notes.txt").write_text("not a fault")
    assert [fault.name for fault in faults_of_folder(str(tmp_path), {"udp-dropped"})] == ["nothing-at-all", "other"]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("x = 1\ndef fault(:\n", 2, "invalid syntax"),
        ("x = 1\n\nimport no_such_module\n", 3, "ModuleNotFoundError: No module named 'no_such_module'"),
        ("x = 1\n", 1, "there is no function fault()"),
        ("fault = 1\n", 1, "there is no function fault()"),
        ("def fault():\n    return 1 / 0\n", 2, "ZeroDivisionError: division by zero"),
        ("\ndef fault():\n    return None\n", 2, "fault() returned None, which has no text 'name'"),
        (GOOD.replace('breaks = "nothing"', 'breaks = ""'), 14, "which has no text 'breaks'"),
        (GOOD.replace("nothing-at-all", "Nothing/All"), 14, "a name that is not made of lower-case letters"),
        (GOOD.replace("async def revert", "def revert"), 14, "has no method 'async def revert(self, cluster)'"),
        (GOOD.replace("nothing-at-all", "udp-dropped"), 14, "udp-dropped is that of a fault of pytest_k8snet already"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(tmp_path: Path, text: str, line: int, reason: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text)
    with pytest.raises(FaultFileError) as caught:
        faults_of_folder(str(tmp_path), {"udp-dropped"})
    assert str(caught.value).startswith(f"{file}:{line}: ")
    assert reason in str(caught.value)


def test_two_files_cannot_have_one_name(tmp_path: Path) -> None:
    for name in ("one.py", "two.py"):
        (tmp_path / name).write_text(GOOD)
    with pytest.raises(FaultFileError, match=r"two\.py:14: the name nothing-at-all is that of a fault of one\.py"):
        faults_of_folder(str(tmp_path), ())


def test_a_folder_that_is_not_there_or_has_no_faults_is_told(tmp_path: Path) -> None:
    with pytest.raises(FaultFileError, match=r"nowhere cannot be read: No such file or directory"):
        faults_of_folder(str(tmp_path / "nowhere"), ())
    with pytest.raises(FaultFileError, match=r"has no file with a name that ends in \.py"):
        faults_of_folder(str(tmp_path), ())
