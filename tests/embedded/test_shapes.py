"""Clusters of other shapes: one family, one node, many nodes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_k8snet.embedded import CannotStart, ClusterOptions, launch
from pytest_k8snet.embedded.faults_client import FaultError
from pytest_k8snet.kube.access import Access
from pytest_k8snet.kube.client import KubeApi
from pytest_k8snet.kube.exec import IoLoop
from tests.embedded.conftest import Space, made


@contextmanager
def cluster(options: ClusterOptions, folder: Path) -> Iterator[Space]:
    try:
        running = launch(options, folder / "run")
    except CannotStart as error:
        pytest.skip(str(error))
    with running:
        api = KubeApi(Access(str(running.kubeconfig), "", folder))
        loop = IoLoop("shapes")
        try:
            with made(running, (api, loop), "shape") as space:
                yield space
        finally:
            loop.close()
            api.close()


@pytest.mark.parametrize(("family", "prefix"), [("ipv4", "10.244.1."), ("ipv6", "fd00:10:244:1::")])
def test_a_cluster_may_have_one_family(tmp_path: Path, family: str, prefix: str) -> None:
    options = ClusterOptions.from_json(f'{{"nodes": 2, "family": "{family}"}}')
    with cluster(options, tmp_path) as space:
        (address,) = (entry["ip"] for entry in space.server("a", "node-1")["status"]["podIPs"])
        (other,) = (entry["ip"] for entry in space.server("b", "node-2")["status"]["podIPs"])
        assert address.startswith(prefix)
        assert space.ask("b", address) == f"a {other}"
        with pytest.raises(FaultError, match="not possible here: the cluster is not dual-stack"):
            space.running.inject("second-family-missing")


def test_a_cluster_may_have_one_node(tmp_path: Path) -> None:
    with cluster(ClusterOptions(nodes=1, outside_hosts=0), tmp_path) as space:
        assert [node["metadata"]["name"] for node in space.api.objects("v1", "Node")] == ["node-1"]
        assert space.api.objects("v1", "Pod", "k8snet-outside") == []
        with pytest.raises(FaultError, match="the cluster has one node only"):
            space.running.inject("missing-route")
        assert not [fault for fault in space.running.faults().known() if fault.name == "no-such-fault"]


def test_a_cluster_may_have_ten_nodes(tmp_path: Path) -> None:
    with cluster(ClusterOptions(nodes=10, outside_hosts=2), tmp_path) as space:
        first, last = space.server("a", "node-1"), space.server("b", "node-10")
        assert space.ask("a", last["status"]["podIP"]) == f"b {first['status']['podIP']}"
        assert len(space.api.objects("v1", "Pod", "k8snet-outside")) == 2
