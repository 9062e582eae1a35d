"""What must be the same for two runs to be comparable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_k8snet.errors import UsageError
from pytest_k8snet.report.record import Environment, Report

OF_TOOLS = {"k8snet": "pytest-k8snet", "kubernetes": "Kubernetes", "iperf3": "iperf3"}


def fingerprint_of(environment: Environment) -> dict[str, str]:
    """Return what decides how fast a cluster's network is and how it is measured; names of nodes do not."""
    nodes, cni = environment.nodes, environment.cni
    found = {meaning: environment.versions.get(name, "") for name, meaning in OF_TOOLS.items()}
    return found | {
        "provider": environment.provider,
        "CNI": cni.name,
        "CNI mode": cni.mode,
        "proxy mode": environment.proxy_mode,
        "families": ", ".join(environment.families),
        "MTU": str(environment.mtu or ""),
        "nodes": str(len(nodes) or ""),
        "kernels": _all(node.kernel for node in nodes),
        "systems": _all(node.os for node in nodes),
        "runtimes": _all(node.runtime for node in nodes),
        "kubelets": _all(node.kubelet for node in nodes),
    }


def differing(now: Mapping[str, str], before: Mapping[str, str]) -> list[str]:
    """Return what differs, in words: "MTU is 1500 and was 1450"."""
    return [
        f"{key} is {value or 'not known'} and was {before.get(key) or 'not known'}"
        for key, value in now.items()
        if value != before.get(key, "")
    ]


def demand_comparable(now: Environment, before: Report, force: str) -> None:
    """See that a run is on the same cluster, with the same tools, as a former one; ``force`` says how to do without.

    Raises:
        UsageError: it is not, with what differs.

    """
    if found := differing(fingerprint_of(now), fingerprint_of(before.environment)):
        raise UsageError(
            f"the runs cannot be compared, because they are not of the same: {'; '.join(found)}",
            hint=f"What was measured would differ for that reason. To compare nevertheless: {force}",
        )


def _all(values: Iterable[str]) -> str:
    return ", ".join(sorted({*filter(None, values)}))
