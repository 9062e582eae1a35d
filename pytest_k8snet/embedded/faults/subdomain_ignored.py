"""A pod with a hostname and a subdomain does not know its own full name."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_k8snet.embedded.altered_files import AlteredFiles
from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    return AlteredFiles("subdomain-ignored", "the full name of a pod with a subdomain, inside the pod", _short)


def _short(spec: Obj, file: str, lines: Sequence[str]) -> Sequence[str]:
    if file != "hosts" or not spec.get("subdomain"):
        return lines
    return ["\t".join(word for word in line.split("\t") if f".{spec['subdomain']}." not in word) for line in lines]
