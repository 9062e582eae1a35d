"""The names of hostAliases do not stand in a pod's /etc/hosts."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_k8snet.embedded.altered_files import AlteredFiles
from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    return AlteredFiles("host-aliases-missing", "hostAliases", _without)


def _without(spec: Obj, file: str, lines: Sequence[str]) -> Sequence[str]:
    aliases = {alias["ip"] for alias in spec.get("hostAliases") or ()}
    return [line for line in lines if line.split("\t")[0] not in aliases] if file == "hosts" else lines
