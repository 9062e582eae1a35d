"""The scenario as data: chapters of steps, from the files in ``scenario/``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import yaml

FOLDER = Path(__file__).parent / "scenario"


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that is done to a cluster, and what of its outcome counts. Exactly one of the first three is given.

    ``kubectl`` is a command line without the program. ``request`` is "METHOD PATH?QUERY" to the API. ``events`` is
    "Kind/name": the events about that object. ``input`` is what the command or the request gets: a manifest, a list of
    manifests, or text as it is. ``type`` and ``accept`` are the media types of a request. ``until`` repeats the step
    until each path that it names has the value, or a list that contains it. ``show`` names the paths of the outcome
    that are compared, all of it when empty. The lines of an ``unordered`` command may come in any order. In all texts
    ``{namespace}``, ``{image}``, ``{node}`` and ``{other-node}`` stand for those of the cluster.
    """

    name: str
    kubectl: str = ""
    request: str = ""
    events: str = ""
    input: Any = None
    type: str = "application/json"
    accept: str = "application/json"
    until: dict[str, Any] = {}
    show: list[str] = []
    unordered: bool = False

    def __post_init__(self) -> None:
        if sum(map(bool, (self.kubectl, self.request, self.events))) != 1:
            raise ValueError(f'the step "{self.name}" must be one of kubectl, request and events')


class Chapter(msgspec.Struct, frozen=True):
    """Steps that follow each other in a namespace of their own."""

    name: str
    steps: list[Step]


def load(folder: Path = FOLDER) -> list[Chapter]:
    """Return the chapters by name. Raises ValueError for what is no step, and for two of the same name."""
    return [Chapter(file.stem, _steps(file)) for file in sorted(folder.glob("*.yaml"))]


def _steps(file: Path) -> list[Step]:
    document = yaml.load(file.read_text(), yaml.CSafeLoader)
    try:
        steps = msgspec.convert(document["steps"], list[Step])
    except msgspec.ValidationError as error:
        raise ValueError(f"{file.name}: {error}") from error
    names = [step.name for step in steps]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{file.name}: two steps have the name {sorted(twice)}")
    return steps
