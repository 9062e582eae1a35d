"""One table of nftables in a network namespace, kept as it is wanted."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_k8snet.embedded.network.netns import NetNs
from pytest_k8snet.embedded.nftables.content import EMPTY, Content, commands, packed, size

LIMIT = 150_000
"""Bytes of one transaction. Without root nft's messages must fit into the default send buffer of a socket (212,992)."""


class Table:
    """A table of the family inet. ``skeleton`` is in it always; the rest comes in parts, by any key.

    A part changes in one transaction. One that is too large for that comes with a new generation of the whole table:
    the old one stays in force until the new one is complete. Call ``change`` again only when it has ended.
    """

    def __init__(self, netns: NetNs, name: str, skeleton: Content) -> None:
        self._netns = netns
        self._name = name
        self._skeleton = skeleton
        self._generation = 0
        self._present: dict[str, Content] = {}
        self._sound = False

    async def change(self, parts: Mapping[str, Content]) -> None:
        """Make the named parts as they are given; an empty one is gone. Raises NetworkCommandError or OSError.

        After an error the next call loads the whole table anew.
        """
        wanted = {key: part for key, part in {**self._present, **parts}.items() if part != EMPTY}
        # What goes comes first: its keys may be those of something new, such as an address that was given again.
        ordered = sorted(parts.items(), key=lambda entry: entry[1] != EMPTY)
        changes = [commands(self._table, self._present.get(key, EMPTY), part) for key, part in ordered]
        fits = self._sound and all(size(change) <= LIMIT for change in changes)
        self._sound = False
        if fits:
            await self._load(changes)
        else:
            await self._load_anew(wanted)
        self._present = wanted
        self._sound = True

    @property
    def _table(self) -> str:
        return f"inet k8snet-{self._name}-{self._generation}"

    async def _load_anew(self, wanted: Mapping[str, Content]) -> None:
        old = self._table
        self._generation += 1
        new = self._table
        parts = (commands(new, EMPTY, part) for part in (self._skeleton, *wanted.values()))
        remove_old = [f"add table {old}", f"delete table {old}"]
        await self._load([[f"add table {new}", f"delete table {new}", f"add table {new}"], *parts, remove_old])

    async def _load(self, changes: list[list[str]]) -> None:
        for transaction in packed(changes, LIMIT):
            await self._netns.nft("\n".join(transaction) + "\n")
