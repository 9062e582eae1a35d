"""The twin of a name server is as the replica, but nobody selects it, and it goes with the run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.dns.servers import NameServers, Server
from pytest_k8snet.dns.twin import twin_of_a_replica
from pytest_k8snet.errors import ApiError
from pytest_k8snet.kube.client import KubeApi
from tests.unit.dns.test_drill import SERVERS

Object = dict[str, Any]
REPLICA: Object = {
    "metadata": {"name": "coredns-1", "namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}, "uid": "r"},
    "spec": {"nodeName": "node-2", "containers": [{"name": "coredns"}]},
}
ADDRESSES = [{"ip": "10.1.0.9"}, {"ip": "fd00::9"}]


class Api:
    """Has a replica and the namespace of a run; what is created is Ready at once."""

    def __init__(self, refuses: int = 0) -> None:
        self.refuses = refuses
        self.made: list[Object] = []
        self.deleted: list[tuple[str, str, int | None]] = []

    def get(self, api_version: str, kind: str, name: str, namespace: str = "") -> Object:
        return REPLICA if kind == "Pod" else {"metadata": {"name": name, "uid": "n"}}

    def create(self, obj: Object) -> None:
        if self.refuses:
            raise ApiError("no", status=self.refuses)
        self.made.append(obj)

    def delete(self, api_version: str, kind: str, name: str, namespace: str, *, grace: int | None = None) -> None:
        self.deleted.append((name, namespace, grace))


@pytest.fixture
def servers() -> NameServers:
    return NameServers(
        SERVERS.domain, SERVERS.namespace, SERVERS.service, (), (Server("coredns-1", "fd00::2", "node-2"),)
    )


def cluster(api: Api) -> Cluster:
    state = SimpleNamespace(run_id="aaaa", namespace="k8snet-aaaa-fleet")
    return cast("Cluster", SimpleNamespace(api=cast("KubeApi", api), attachment=SimpleNamespace(state=state)))


def test_a_twin_is_as_its_replica_and_belongs_to_the_run(monkeypatch: pytest.MonkeyPatch, servers: NameServers) -> None:
    ready = {"status": {"podIPs": ADDRESSES}}
    monkeypatch.setattr("pytest_k8snet.dns.twin.wait_for_pods", lambda *_: [ready])
    api = Api()
    with twin_of_a_replica(cluster(api), servers) as twin:
        (pod,) = api.made
        assert pod["spec"] == REPLICA["spec"]
        assert pod["metadata"]["labels"] == {"k8snet.io/run": "aaaa"}
        assert [(owner["kind"], owner["uid"]) for owner in pod["metadata"]["ownerReferences"]] == [("Namespace", "n")]
        assert (twin.server.address, twin.server.node, twin.server.label) == ("fd00::9", "node-2", twin.name)
        twin.end()
        assert api.deleted == [(twin.name, "kube-system", 30)]
    assert api.deleted[1:] == [(twin.name, "kube-system", 0)]


def test_where_no_twin_may_be_made_the_check_is_skipped_with_the_reason(servers: NameServers) -> None:
    with (
        pytest.raises(pytest.skip.Exception, match="no twin of coredns-1 can be made beside it: no"),
        twin_of_a_replica(cluster(Api(refuses=403)), servers),
    ):
        pass


def test_that_the_api_does_not_answer_is_no_skip(servers: NameServers) -> None:
    with pytest.raises(ApiError), twin_of_a_replica(cluster(Api(refuses=500)), servers):
        pass
