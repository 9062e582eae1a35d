"""When containers run again."""

from __future__ import annotations

import pytest

from pytest_k8snet.embedded.kubelet.restart import Backoff, restarts


@pytest.mark.parametrize(
    ("policy", "code", "init", "again"),
    [
        ("Always", 0, False, True),
        ("Always", 1, False, True),
        ("OnFailure", 0, False, False),
        ("OnFailure", 1, False, True),
        ("Never", 1, False, False),
        ("Always", 0, True, False),
        ("Always", 1, True, True),
        ("Never", 1, True, False),
    ],
)
def test_the_policy_decides(policy: str, code: int, init: bool, again: bool) -> None:
    assert restarts(policy, code, init=init) is again


def test_the_pauses_grow_to_five_minutes() -> None:
    backoff = Backoff()
    assert [backoff.next(1.0) for _ in range(8)] == [0, 10, 20, 40, 80, 160, 300, 300]


def test_a_container_that_ran_for_ten_minutes_is_forgiven() -> None:
    backoff = Backoff()
    for _ in range(4):
        backoff.next(1.0)
    assert backoff.next(600.0) == 0
