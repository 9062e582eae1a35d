"""Services that come and go in the background: as often as was asked for, and nothing is left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from pytest_k8snet.errors import ApiError
from pytest_k8snet.kube.client import KubeApi
from pytest_k8snet.measure.programming.churn import Churn

PATIENCE = 5.0


class FakeApi:
    """Keeps Services by name; ``most`` changes are let in."""

    def __init__(self, most: int = 10**6) -> None:
        self.services: set[str] = set()
        self.changes = 0
        self.closed = False
        self._most = most

    def _count(self) -> None:
        self.changes += 1
        if self.changes > self._most:
            raise ApiError("quota exceeded", status=403)

    def create(self, wanted: dict[str, Any]) -> None:
        self._count()
        self.services.add(wanted["metadata"]["name"])

    def delete(self, version: str, kind: str, name: str, namespace: str) -> None:
        self._count()
        self.services.discard(name)

    def close(self) -> None:
        self.closed = True


@contextmanager
def churning(api: FakeApi, rate: float) -> Iterator[Churn]:
    made = Churn(cast(KubeApi, api), "run", "space", {"a": "b"}, rate)
    made.start()
    yield made
    made.stop()


def wait_for(api: FakeApi, changes: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while api.changes < changes:
        assert time.monotonic() < deadline, f"{api.changes} changes"
        time.sleep(0.001)


def test_services_come_and_go_and_none_is_left() -> None:
    api = FakeApi()
    with churning(api, 200) as background:
        wait_for(api, 9)
        said = background.told()
    assert said.startswith("beside ")
    assert "(of 200 wanted)" in said
    assert (api.services, api.closed) == (set(), True)


def test_none_is_made_where_none_is_wanted() -> None:
    api = FakeApi()
    with churning(api, 0) as background:
        assert background.told() == "beside no other changes, as it was asked for"
    assert (api.changes, api.closed) == (0, True)


def test_an_api_that_refuses_is_told() -> None:
    api = FakeApi(most=4)
    with churning(api, 1000) as background:
        wait_for(api, 5)
    assert "until the API refused: quota exceeded" in background.told()
    assert background.changes == 4
