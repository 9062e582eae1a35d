"""Faults of an author's own: Python files in a folder, each with a function ``fault()`` as those of ``faults`` have."""

from __future__ import annotations

import importlib.util
import inspect
import re
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_k8snet.embedded.injection import Fault

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
WORDS = ("name", "breaks", "layer")
ACTIONS = ("apply", "revert")


class FaultFileError(ValueError):
    """A file with a fault cannot be used; the message names it, the line and what is wrong."""


def faults_of_folder(folder: str, taken: Iterable[str]) -> list[Fault]:
    """Return the fault of each ``*.py`` file of a folder. Raises FaultFileError, also for a name of ``taken``."""
    try:
        files = sorted(file for file in Path(folder).iterdir() if file.suffix == ".py")
    except OSError as error:
        raise FaultFileError(f"the folder of faults {folder} cannot be read: {error.strerror}") from error
    if not files:
        raise FaultFileError(f"the folder of faults {folder} has no file with a name that ends in .py")
    owners = dict.fromkeys(taken, "pytest_k8snet")
    found = []
    for file in files:
        made, line = _made_by(_load(file), file)
        if made.name in owners:
            raise FaultFileError(
                f"{file}:{line}: the name {made.name} is that of a fault of {owners[made.name]} already"
            )
        owners[made.name] = file.name
        found.append(made)
    return found


def _load(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"k8snet_fault_file_{file.stem}", file)
    assert spec is not None, "a file that ends in .py has a loader"
    assert spec.loader is not None, "as above"
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise FaultFileError(f"{file}:{error.lineno}: {error.msg}") from error
    except Exception as error:
        raise _raised(file, error) from error
    return module


def _made_by(module: ModuleType, file: Path) -> tuple[Any, int]:
    """The fault of a file, and the line of the function that returns it."""
    function = getattr(module, "fault", None)
    if not inspect.isfunction(function):
        raise FaultFileError(f"{file}:1: there is no function fault() that returns the fault")
    line = function.__code__.co_firstlineno
    try:
        made = function()
    except Exception as error:
        raise _raised(file, error) from error
    if wrong := _lacking(made):
        raise FaultFileError(f"{file}:{line}: fault() returned {made!r}, which {wrong}")
    return made, line


def _lacking(made: object) -> str:
    for word in WORDS:
        if not isinstance(text := getattr(made, word, None), str) or not text:
            return f"has no text {word!r}"
    if not NAME.fullmatch(str(getattr(made, "name", ""))):
        return "has a name that is not made of lower-case letters, digits and hyphens between them"
    for action in ACTIONS:
        if not inspect.iscoroutinefunction(getattr(made, action, None)):
            return f"has no method 'async def {action}(self, cluster)'"
    return ""


def _raised(file: Path, error: Exception) -> FaultFileError:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return FaultFileError(f"{file}:{lines[-1] if lines else 1}: {type(error).__name__}: {error}")
