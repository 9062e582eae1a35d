"""The Corefile of a drill: what is added to the cluster's own, and whose turn it is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.corefile import parse_corefile
from pytest_k8snet.dns.drill import DISABLED, VERIFIED, ZONE, another_corefile, changed_corefile, with_drill
from pytest_k8snet.dns.servers import NameServers
from pytest_k8snet.errors import ApiError

OWN = ".:53 {\n    errors\n}\n"
SERVERS = NameServers("cluster.local", "kube-system", "kube-dns", (), ())


class Api:
    """Remembers the Corefile, and who has changed it."""

    def __init__(self) -> None:
        self.text = OWN
        self.before = ""
        self.conflicts = 0

    def get(self, *_: str) -> dict[str, Any]:
        marks = {"labels": {"k8snet.io/run": "aaaa"}, "annotations": {"k8snet.io/before": self.before}}
        metadata = {"name": "coredns", "namespace": "kube-system", "resourceVersion": "1"} | (
            marks if self.before else {}
        )
        return {"metadata": metadata, "data": {"Corefile": self.text}}

    def objects(self, *_: str, labels: str) -> list[dict[str, Any]]:
        return [self.get()] if self.before else []

    def patch(self, api_version: str, kind: str, name: str, body: dict[str, Any], namespace: str) -> None:
        if self.conflicts:
            self.conflicts -= 1
            raise ApiError("somebody else has changed it", status=409)
        self.text = body["data"]["Corefile"]
        self.before = body["metadata"]["annotations"]["k8snet.io/before"] or ""


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def cluster(api: Api) -> Cluster:
    made = SimpleNamespace(api=api, attachment=SimpleNamespace(state=SimpleNamespace(run_id="aaaa")))
    return cast("Cluster", made)


def test_the_corefile_of_a_drill_can_be_read_and_keeps_the_clusters_own() -> None:
    (own,) = parse_corefile(OWN)
    first, *added = parse_corefile(with_drill(OWN, "10.1.0.9"))
    assert first == own
    assert [block.zones for block in added] == [(ZONE,), (VERIFIED,), (DISABLED,)]


def test_what_was_there_comes_back(cluster: Cluster, api: Api) -> None:
    with changed_corefile(cluster, SERVERS, "drill"):
        assert api.text == "drill"
        with another_corefile(cluster, SERVERS, "broken", afterwards="drill"):
            assert api.text == "broken"
        assert (api.text, bool(api.before)) == ("drill", True)
    assert (api.text, api.before) == (OWN, "")


def test_a_change_that_meets_somebody_elses_is_tried_again(
    cluster: Cluster, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("pytest_k8snet.dns.drill.time.sleep", waited.append)
    api.conflicts = 2
    with changed_corefile(cluster, SERVERS, "drill"):
        assert (api.text, len(waited)) == ("drill", 2)


def test_another_process_of_the_run_has_its_turn_first(
    cluster: Cluster, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end_of_the_other(seconds: float) -> None:
        api.before, api.text = "", OWN

    monkeypatch.setattr("pytest_k8snet.dns.drill.time.sleep", end_of_the_other)
    api.before, api.text = '{"Corefile": "as it was"}', "that of the other"
    with changed_corefile(cluster, SERVERS, "drill"):
        assert api.text == "drill"
    assert api.text == OWN
