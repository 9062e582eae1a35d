"""The options in a pod's dnsConfig get lost where they are all that there is: with dnsPolicy None."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_k8snet.embedded.altered_files import AlteredFiles
from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    return AlteredFiles("resolv-conf-options-lost", "the options of a pod with dnsPolicy None", _without)


def _without(spec: Obj, file: str, lines: Sequence[str]) -> Sequence[str]:
    if file != "resolv.conf" or spec.get("dnsPolicy") != "None":
        return lines
    return [line for line in lines if not line.startswith("options")]
