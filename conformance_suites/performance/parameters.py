"""The parameters of the checks of bandwidth: a path and what is sent on it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pytest_k8snet.measure.iperf3.loads import Load
from pytest_k8snet.measure.iperf3.paths import Path

BETWEEN_NODES = ("two_nodes", "host_network")
"""What a path between nodes needs, and the nodes' own beside it."""


@dataclass(frozen=True)
class Carried:
    """What a path carries of a load."""

    path: Path
    load: Load

    def __str__(self) -> str:
        return f"{self.load}, {self.path}"


def carrying(load: Load, path: Path) -> pytest.MarkDecorator:
    """Give a check the fixture ``carried``: what is judged of a path with a load."""
    return pytest.mark.parametrize("carried", [Carried(path, load)], ids=[path.name.lower()], indirect=True)
