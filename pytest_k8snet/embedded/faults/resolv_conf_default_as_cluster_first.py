"""A pod with dnsPolicy Default is told the cluster's name server."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_k8snet.embedded.altered_files import AlteredFiles
from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.kubelet.resolv_conf import CLUSTER_DNS


def fault() -> Fault:
    """Return the fault."""
    return AlteredFiles("resolv-conf-default-as-cluster-first", "dnsPolicy Default", _as_cluster_first)


def _as_cluster_first(spec: Obj, file: str, lines: Sequence[str]) -> Sequence[str]:
    if file != "resolv.conf" or spec.get("dnsPolicy") != "Default":
        return lines
    return [f"nameserver {address}" for address in CLUSTER_DNS.values()]
