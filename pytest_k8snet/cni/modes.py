"""How Services and tunnels are made here, read from the settings of kube-proxy and Cilium. No check looks at it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from pytest_k8snet.errors import ApiError
from pytest_k8snet.kube.client import KubeApi

NAMESPACE = "kube-system"
WITHOUT_A_MODE = "iptables"
"""What kube-proxy does on Linux when its configuration says nothing."""


def proxy_mode(api: KubeApi) -> str:
    """Return how Services are made: a mode of kube-proxy, "Cilium", or "" when that is not known."""
    try:
        settings = yaml.safe_load(_settings(api, "kube-proxy").get("config.conf", ""))
    except yaml.YAMLError:
        return ""
    if isinstance(settings, dict):
        return str(settings.get("mode") or WITHOUT_A_MODE)
    return "Cilium" if _settings(api, "cilium-config").get("kube-proxy-replacement") == "true" else ""


def cilium_mode(api: KubeApi) -> str:
    """Return how Cilium brings packets to other nodes, such as "tunnel vxlan"; "" when that is not known."""
    settings = _settings(api, "cilium-config")
    routing = settings.get("routing-mode", "")
    return f"{routing} {settings.get('tunnel-protocol', '')}".strip() if routing == "tunnel" else routing


def _settings(api: KubeApi, name: str) -> Mapping[str, str]:
    """Return a ConfigMap's data; nothing of one that is not there or that we may not read: then it is not known."""
    try:
        found: dict[str, Any] = api.get("v1", "ConfigMap", name, NAMESPACE)
    except ApiError:
        return {}
    return found.get("data") or {}
