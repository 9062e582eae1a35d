"""A table follows what is wanted of it, also when the kernel refuses something in between."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from pytest_k8snet.embedded.network.netns import NetNs, NetworkCommandError
from pytest_k8snet.embedded.nftables import table as module
from pytest_k8snet.embedded.nftables.content import Content, size
from pytest_k8snet.embedded.nftables.table import Table

SKELETON = Content(
    sets={"m": "map { type ifname : verdict; }"},
    chains={"base": ("type filter hook forward priority 0", "iifname vmap @m")},
)


class Kernel:
    """Takes transactions, and refuses those that contain what is in ``refused``."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.refused = "nothing at all"

    async def nft(self, text: str) -> None:
        if self.refused in text:
            raise NetworkCommandError("refused")
        self.taken.append(text)


def pod(name: str, rules: int = 1) -> Content:
    """A chain of some rules, and who is sent there."""
    return Content(
        chains={f"c-{name}": tuple(f"tcp dport {number} accept" for number in range(rules))},
        elements={("m", name): f"jump c-{name}"},
    )


def made(kernel: Kernel) -> Table:
    return Table(cast(NetNs, kernel), "test", SKELETON)


def test_the_first_change_brings_the_skeleton_too() -> None:
    kernel = Kernel()
    asyncio.run(made(kernel).change({"a": pod("a")}))
    (text,) = kernel.taken
    assert "add chain inet k8snet-test-1 base { type filter hook forward priority 0; }" in text
    assert "add element inet k8snet-test-1 m { a : jump c-a }" in text


def test_what_goes_leaves_its_keys_to_what_comes_at_the_same_time() -> None:
    kernel = Kernel()
    heir = Content(chains={"c-b": ("accept",)}, elements={("m", "a"): "jump c-b"})

    async def course() -> None:
        table = made(kernel)
        await table.change({"a": pod("a")})
        await table.change({"b": heir, "a": Content()})

    asyncio.run(course())
    text = kernel.taken[1]
    assert text.index("delete element inet k8snet-test-1 m { a }") < text.index("m { a : jump c-b }")


def test_later_changes_are_told_alone() -> None:
    kernel = Kernel()

    async def course() -> None:
        table = made(kernel)
        await table.change({"a": pod("a"), "b": pod("b")})
        await table.change({"a": pod("a"), "b": pod("b", 2)})
        await table.change({"a": Content()})
        await table.change({"a": Content()})

    asyncio.run(course())
    assert len(kernel.taken) == 3
    assert "c-a" not in kernel.taken[1]
    assert "delete element inet k8snet-test-1 m { a }" in kernel.taken[2]
    assert "c-b" not in kernel.taken[2]


def test_after_a_refusal_the_whole_table_comes_anew() -> None:
    kernel = Kernel()

    async def course() -> None:
        table = made(kernel)
        await table.change({"a": pod("a")})
        kernel.refused = "c-b"
        with pytest.raises(NetworkCommandError):
            await table.change({"b": pod("b")})
        kernel.refused = "nothing at all"
        await table.change({"b": pod("b")})

    asyncio.run(course())
    told = "".join(kernel.taken[1:])
    assert "add element inet k8snet-test-2 m { a : jump c-a }" in told
    assert "add element inet k8snet-test-2 m { b : jump c-b }" in told
    assert told.endswith("delete table inet k8snet-test-1\n"), "the old rules hold until the new ones are complete"


def test_a_part_that_is_too_large_comes_with_a_new_generation() -> None:
    kernel = Kernel()

    async def course() -> None:
        table = made(kernel)
        await table.change({"a": pod("a")})
        await table.change({"b": pod("b", 2000)})

    asyncio.run(course())
    new = kernel.taken[1:]
    assert len(new) > 1
    assert all(size(text.splitlines()) <= module.LIMIT for text in new)
    assert not any("delete table inet k8snet-test-1\n" in text for text in new[:-1])
    assert new[-1].endswith("delete table inet k8snet-test-1\n")


def test_parts_share_transactions_up_to_the_limit() -> None:
    kernel = Kernel()

    async def course() -> None:
        table = made(kernel)
        await table.change({"a": pod("a")})
        await table.change({f"p{number}": pod(f"p{number}", 100) for number in range(20)})

    asyncio.run(course())
    assert 2 <= len(kernel.taken) - 1 < 20
    for number in range(20):
        (text,) = (text for text in kernel.taken if f"c-p{number} " in text)
        assert text.count(f"add rule inet k8snet-test-1 c-p{number} ") == 100, "a part is in one transaction"
