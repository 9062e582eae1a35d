"""What a kubelet writes into a pod's resolv.conf. Pure.

https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-s-dns-policy
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_k8snet.embedded.api.objects import Obj

CLUSTER_DNS = {4: "10.96.0.10", 6: "fd00:10:96::a"}

MAX_NAMESERVERS = 3
MAX_SEARCHES = 32
MAX_SEARCH_CHARACTERS = 2048


def cluster_dns(versions: Sequence[int]) -> tuple[str, ...]:
    """The addresses of the Service kube-dns; pods are told the first."""
    return tuple(CLUSTER_DNS[version] for version in versions)


def resolv_conf(spec: Obj, namespace: str, domain: str, cluster_server: str, node_servers: Sequence[str]) -> list[str]:
    """Return the lines of a pod's resolv.conf.

    ``domain`` is the cluster domain; ``node_servers`` are those that its node asks itself.
    """
    servers, searches, options = _by_policy(spec, namespace, domain, cluster_server, node_servers)
    config = spec.get("dnsConfig") or {}
    servers = _merged(servers, config.get("nameservers") or ())[:MAX_NAMESERVERS]
    searches = _fitting(_merged(searches, config.get("searches") or ()))
    options = {**options, **{entry["name"]: entry.get("value") for entry in config.get("options") or ()}}
    lines = [f"search {' '.join(searches)}"] if searches else []
    lines += [f"nameserver {server}" for server in servers]
    words = [name if value in (None, "") else f"{name}:{value}" for name, value in options.items()]
    return [*lines, f"options {' '.join(words)}"] if words else lines


def _by_policy(
    spec: Obj, namespace: str, domain: str, cluster_server: str, node_servers: Sequence[str]
) -> tuple[list[str], list[str], dict[str, str | None]]:
    """Name servers, search list and options of a dnsPolicy alone."""
    policy = spec.get("dnsPolicy") or "ClusterFirst"
    if policy == "None":
        return [], [], {}
    if policy == "Default" or (policy == "ClusterFirst" and spec.get("hostNetwork")):
        return list(node_servers), [], {}
    return [cluster_server], [f"{namespace}.svc.{domain}", f"svc.{domain}", domain], {"ndots": "5"}


def _merged(first: Sequence[str], second: Sequence[str]) -> list[str]:
    return list(dict.fromkeys((*first, *second)))


def _fitting(searches: Sequence[str]) -> list[str]:
    """As many as resolvers take: the kubelet cuts the list and says so."""
    kept = list(searches[:MAX_SEARCHES])
    while len(" ".join(kept)) > MAX_SEARCH_CHARACTERS:
        kept.pop()
    return kept
