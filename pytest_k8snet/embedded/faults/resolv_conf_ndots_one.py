"""Pods are told ndots:1 where they should be told ndots:5."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_k8snet.embedded.altered_files import AlteredFiles
from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    return AlteredFiles("resolv-conf-ndots-one", "the option ndots of pods", _one)


def _one(spec: Obj, file: str, lines: Sequence[str]) -> Sequence[str]:
    return [line.replace("ndots:5", "ndots:1") for line in lines] if file == "resolv.conf" else lines
