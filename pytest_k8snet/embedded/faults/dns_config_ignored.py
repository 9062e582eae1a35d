"""What dnsConfig adds to a dnsPolicy is left out."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_k8snet.embedded.altered_files import AlteredFiles
from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    return AlteredFiles("dns-config-ignored", "what dnsConfig adds to a pod's resolv.conf", _without)


def _without(spec: Obj, file: str, lines: Sequence[str]) -> Sequence[str]:
    config = spec.get("dnsConfig") or {}
    if file != "resolv.conf" or spec.get("dnsPolicy") == "None":
        return lines
    added = {*(config.get("nameservers") or ()), *(config.get("searches") or ())}
    for option in config.get("options") or ():
        added.add(f"{option['name']}:{option['value']}" if option.get("value") else option["name"])
    return [" ".join(word for word in line.split() if word not in added) for line in lines]
