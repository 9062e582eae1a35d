"""Work in every pod while pods come and go."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_k8snet.embedded.network.link import PodLink
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.network.topology import Network
from pytest_k8snet.embedded.options import ClusterOptions


def network(*links: str) -> Network:
    made = Network(ClusterOptions(), Path("unused"))
    made.nodes = cast(dict[str, Node], {"node-1": SimpleNamespace(links=list(links))})
    return made


def test_a_pod_that_is_cut_off_meanwhile_does_not_stop_the_work_in_the_others() -> None:
    done = []

    async def work(node: Node, link: PodLink) -> None:
        done.append(link)
        if link == cast(Any, "second"):
            node.links[:] = cast(list[PodLink], ["first", "last"])
            raise OSError("Bad file descriptor")

    asyncio.run(network("first", "second", "third", "last").in_each_pod(work))
    assert done == ["first", "second", "last"]


def test_what_fails_in_a_pod_that_is_there_is_told() -> None:
    async def work(node: Node, link: PodLink) -> None:
        raise OSError("refused")

    with pytest.raises(OSError, match="refused"):
        asyncio.run(network("first").in_each_pod(work))
