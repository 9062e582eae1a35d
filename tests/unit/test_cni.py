"""Naming the CNI, and how it works, from objects of the API."""

from __future__ import annotations

from typing import Any, cast

import pytest

from pytest_k8snet.cni.detect import detect
from pytest_k8snet.cni.modes import proxy_mode
from pytest_k8snet.errors import ApiError
from pytest_k8snet.kube.client import KubeApi
from pytest_k8snet.state import Cni


class Objects:
    """An API with these pods and nodes."""

    def __init__(self, pods: list[str], runtime: str = "containerd://2", **annotations: str) -> None:
        info = {"nodeInfo": {"containerRuntimeVersion": runtime}}
        self.settings: dict[str, dict[str, str]] = {}
        self._by_kind: dict[str, list[dict[str, Any]]] = {
            "Pod": [{"metadata": {"name": name}} for name in pods],
            "Node": [{"metadata": {"name": "node-1", "annotations": annotations}, "status": info}],
        }

    def objects(self, version: str, kind: str) -> list[dict[str, Any]]:
        return self._by_kind[kind]

    def get(self, version: str, kind: str, name: str, namespace: str) -> dict[str, Any]:
        if name not in self.settings:
            raise ApiError("not found", status=404)
        return {"data": self.settings[name]}


def found(objects: Objects) -> Cni:
    return detect(cast(KubeApi, objects))


def test_a_cni_is_named_by_its_pods() -> None:
    assert found(Objects(["coredns-1", "kindnet-x2z"])) == Cni("kindnet")


def test_the_embedded_cluster_tells_its_pod_network() -> None:
    objects = Objects([], "k8snet://1", **{"k8snet.io/pod-network": "vxlan"})
    assert found(objects) == Cni("embedded reference network", "vxlan")


def test_a_cni_that_is_not_known_is_told_by_the_pod_that_looks_like_one() -> None:
    assert found(Objects(["my-cni-abc"])) == Cni("unknown (my-cni)")
    assert found(Objects(["web-1"])) == Cni("unknown")


@pytest.mark.parametrize(
    ("settings", "mode"),
    [({"routing-mode": "tunnel", "tunnel-protocol": "vxlan"}, "tunnel vxlan"), ({"routing-mode": "native"}, "native")],
)
def test_cilium_tells_how_it_brings_packets_to_other_nodes(settings: dict[str, str], mode: str) -> None:
    objects = Objects(["cilium-x2z"])
    objects.settings["cilium-config"] = settings
    assert found(objects) == Cni("Cilium", mode)


@pytest.mark.parametrize(
    ("settings", "mode"),
    [
        ({"kube-proxy": {"config.conf": "mode: nftables"}}, "nftables"),
        ({"kube-proxy": {"config.conf": "mode: ''"}}, "iptables"),
        ({"kube-proxy": {"config.conf": "{"}}, ""),
        ({"cilium-config": {"kube-proxy-replacement": "true"}}, "Cilium"),
        ({"cilium-config": {"kube-proxy-replacement": "false"}}, ""),
        ({}, ""),
    ],
)
def test_how_services_are_made_is_read_from_settings_and_otherwise_not_known(
    settings: dict[str, dict[str, str]], mode: str
) -> None:
    objects = Objects([])
    objects.settings.update(settings)
    assert proxy_mode(cast(KubeApi, objects)) == mode
