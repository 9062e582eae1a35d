"""What a drill changes carries what was there before, and only its own run or a sweep puts it back."""

from __future__ import annotations

from typing import Any, cast

import pytest

from pytest_k8snet.errors import ApiError
from pytest_k8snet.kube import labels
from pytest_k8snet.kube.client import KubeApi
from pytest_k8snet.kube.restore import change_config_map, changed_config_maps, restore_config_map, run_of

Object = dict[str, Any]
PLACE = ("kube-system", "coredns")


class FakeApi:
    """One ConfigMap, patched as RFC 7386 says."""

    def __init__(self, data: Object, status: int = 0) -> None:
        self.there: Object = {
            "metadata": {"name": "coredns", "namespace": "kube-system", "resourceVersion": "7"},
            "data": data,
        }
        self.status = status

    def get(self, api_version: str, kind: str, name: str, namespace: str) -> Object:
        return self.there

    def objects(self, api_version: str, kind: str, *, labels: str) -> list[Object]:
        if self.status:
            raise ApiError("list ConfigMap", status=self.status)
        key, equals, value = labels.partition("=")
        found = self.there["metadata"].get("labels", {})
        return [self.there] if key in found and (not equals or found[key] == value) else []

    def patch(self, api_version: str, kind: str, name: str, body: Object, namespace: str) -> None:
        self.there = _merged(self.there, body)


def _merged(old: Object, new: Object) -> Object:
    made = {key: value for key, value in old.items() if new.get(key, "") is not None}
    for key, value in new.items():
        if value is not None:
            made[key] = _merged(old.get(key, {}), value) if isinstance(value, dict) else value
    return made


def changed(api: FakeApi, *, run: str = "aaaa", **data: str) -> None:
    change_config_map(cast("KubeApi", api), run, *PLACE, data)


def restore(api: FakeApi) -> None:
    for found in changed_config_maps(cast("KubeApi", api)):
        restore_config_map(cast("KubeApi", api), found)


def test_what_was_there_is_put_back_and_nothing_of_the_change_is_left() -> None:
    api = FakeApi({"Corefile": "as it was"})
    changed(api, Corefile="drill", more="of the drill")
    assert api.there["data"] == {"Corefile": "drill", "more": "of the drill"}
    assert [run_of(found) for found in changed_config_maps(cast("KubeApi", api), "aaaa")] == ["aaaa"]
    restore(api)
    assert api.there["data"] == {"Corefile": "as it was"}
    assert api.there["metadata"]["labels"] == api.there["metadata"]["annotations"] == {}
    assert [*changed_config_maps(cast("KubeApi", api))] == []


def test_a_second_change_of_the_same_run_keeps_what_was_there_first() -> None:
    api = FakeApi({"Corefile": "as it was"})
    changed(api, Corefile="one")
    changed(api, Corefile="two")
    restore(api)
    assert api.there["data"] == {"Corefile": "as it was"}


def test_what_another_run_has_changed_is_not_changed_again() -> None:
    api = FakeApi({"Corefile": "as it was"})
    changed(api, Corefile="one")
    with pytest.raises(ApiError, match=r"changed by the run aaaa\n.*k8snet sweep --run aaaa"):
        changed(api, run="bbbb", Corefile="two")
    assert api.there["data"] == {"Corefile": "one"}


def test_a_config_map_that_only_belongs_to_a_run_is_not_put_back() -> None:
    api = FakeApi({})
    api.there["metadata"]["labels"] = {labels.RUN: "aaaa"}
    assert [*changed_config_maps(cast("KubeApi", api))] == []


def test_who_may_not_list_config_maps_has_changed_none_and_other_refusals_are_told() -> None:
    assert [*changed_config_maps(cast("KubeApi", FakeApi({}, status=403)))] == []
    with pytest.raises(ApiError):
        [*changed_config_maps(cast("KubeApi", FakeApi({}, status=500)))]
