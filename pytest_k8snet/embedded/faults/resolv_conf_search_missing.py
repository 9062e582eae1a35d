"""Pods are not told the search list of the cluster domain: short names lead nowhere."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_k8snet.embedded.altered_files import AlteredFiles
from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    return AlteredFiles("resolv-conf-search-missing", "the search list of the cluster domain", _without)


def _without(spec: Obj, file: str, lines: Sequence[str]) -> Sequence[str]:
    if file != "resolv.conf":
        return lines
    kept = (_without_cluster_domain(line) if line.startswith("search ") else line for line in lines)
    return [line for line in kept if line != "search"]


def _without_cluster_domain(line: str) -> str:
    return " ".join(word for word in line.split() if not word.endswith("cluster.local"))
