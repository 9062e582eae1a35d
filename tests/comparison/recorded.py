"""The outcomes of a real cluster, kept beside the scenario, so that a comparison needs none."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from tests.comparison.runner import Outcomes

FOLDER = Path(__file__).parent / "golden"
HEADING = "# Kubernetes {version}; made by 'python -m tests.comparison record'.\n"


def write(outcomes: Outcomes, version: str, folder: Path = FOLDER) -> None:
    """Write one file for each chapter, and remove those of chapters that are no more."""
    folder.mkdir(exist_ok=True)
    for file in folder.glob("*.yaml"):
        file.unlink()
    for chapter, steps in outcomes.items():
        text = yaml.dump(steps, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
        (folder / f"{chapter}.yaml").write_text(HEADING.format(version=version) + text)


def read(folder: Path = FOLDER) -> Outcomes:
    """Return what was written."""
    return {file.stem: yaml.load(file.read_text(), yaml.CSafeLoader) for file in sorted(folder.glob("*.yaml"))}


def version(folder: Path = FOLDER) -> str:
    """Return the version of the cluster that was recorded, such as "v1.34.4"."""
    found = re.match(r"# Kubernetes (\S+);", next(iter(sorted(folder.glob("*.yaml")))).read_text())
    if not found:
        raise ValueError(f"the outcomes in {folder} do not say of which cluster they are: record them anew")
    return found[1]


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)


_Dumper.add_representer(str, _text)
