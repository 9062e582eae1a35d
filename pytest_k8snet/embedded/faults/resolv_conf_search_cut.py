"""Pods are told six names of a search list at most, as many as old resolvers take."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_k8snet.embedded.altered_files import AlteredFiles
from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault

OLD_LIMIT = 6


def fault() -> Fault:
    """Return the fault."""
    return AlteredFiles("resolv-conf-search-cut", "search lists of more than six names", _cut)


def _cut(spec: Obj, file: str, lines: Sequence[str]) -> Sequence[str]:
    if file != "resolv.conf":
        return lines
    return [" ".join(line.split()[: 1 + OLD_LIMIT]) if line.startswith("search ") else line for line in lines]
