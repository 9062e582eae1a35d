"""Each fault of NetworkPolicy breaks one thing and leaves no trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.embedded.conftest import Space, addresses
from tests.embedded.policy_pods import DENY, DROPPED, out_of, pod, policies, reached, settled, start_servers, to


@pytest.fixture(scope="module")
def pods(module_space: Space) -> Space:
    return start_servers(module_space)


@contextmanager
def fault(space: Space, name: str) -> Iterator[None]:
    before = rules(space)
    space.running.inject(name)
    try:
        yield
    finally:
        space.running.restore(name)
    assert rules(space) == before


def rules(space: Space) -> list[str]:
    """The rules of the node of host, as nft tells them."""
    return space.exec("host", "nft", "list", "ruleset").stdout.splitlines()


def test_ignored_policies_let_everything_through(pods: Space) -> None:
    with policies(pods, DENY):
        settled(pods, "b", "a", DROPPED)
        with fault(pods, "policy-ignored"):
            assert reached(pods, "b", "a") == ["a", "a"]
        assert reached(pods, "b", "a") == [DROPPED, DROPPED]


def test_with_ingress_only_egress_is_open(pods: Space) -> None:
    with policies(pods, out_of("b"), to("c")):
        settled(pods, "b", "a", DROPPED)
        settled(pods, "a", "c", DROPPED)
        with fault(pods, "policy-ingress-only"):
            assert reached(pods, "b", "a") == ["a", "a"]
            assert reached(pods, "a", "c") == [DROPPED, DROPPED]
        assert reached(pods, "b", "a") == [DROPPED, DROPPED]


def test_with_ipv6_unenforced_only_ipv4_is_dropped(pods: Space) -> None:
    with policies(pods, out_of("b"), to("c")):
        settled(pods, "b", "a", DROPPED)
        with fault(pods, "policy-ipv6-unenforced"):
            assert reached(pods, "b", "a") == [DROPPED, "a"]
            assert reached(pods, "a", "c") == [DROPPED, "c"]
        assert reached(pods, "b", "a") == [DROPPED, DROPPED]


def test_late_policies_hold_for_new_pods_after_a_while(pods: Space) -> None:
    with policies(pods, to("new"), out_of("b")):
        settled(pods, "b", "a", DROPPED)
        with fault(pods, "policy-late-for-new-pods"):
            pod(pods, "new", "node-2")
            pods.wait("new")
            assert pods.ask("a", addresses(pods.get("new"))[0]).startswith("new ")
            assert reached(pods, "b", "a") == [DROPPED, DROPPED]
            settled(pods, "a", "new", DROPPED)
            pods.delete("new", grace=0)
