"""A pod with dnsPolicy None gets the search list of the cluster domain beside its own."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_k8snet.embedded.altered_files import AlteredFiles
from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.options import CLUSTER_DOMAIN


def fault() -> Fault:
    """Return the fault."""
    return AlteredFiles("dns-policy-none-ignored", "dnsPolicy None", _with_search)


def _with_search(spec: Obj, file: str, lines: Sequence[str]) -> Sequence[str]:
    if file != "resolv.conf" or spec.get("dnsPolicy") != "None":
        return lines
    return [f"{line} svc.{CLUSTER_DOMAIN}" if line.startswith("search ") else line for line in lines]
