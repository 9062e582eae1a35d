"""The search for the longest packet that arrives, several sizes at a time. Pure."""

from __future__ import annotations

from dataclasses import dataclass

AT_ONCE = 6
"""Sizes in one round: a router answers six packets that are too long at once, then one a second (icmp_ratelimit)."""


@dataclass
class Search:
    """The longest that arrives has at least ``arrives`` bytes (0 as long as nothing has) and less than ``fails``.

    ``smallest`` is the first size that is tried; nobody wants to know of paths that do not carry even that.
    """

    smallest: int
    fails: int
    arrives: int = 0

    def sizes(self) -> list[int]:
        """Return the sizes to try next, none when the answer is known; the largest that may arrive is among them."""
        lowest = self.arrives + 1 if self.arrives else min(self.smallest, self.fails - 1)
        highest = self.fails - 1
        if lowest > highest or self.fails <= self.smallest:
            return []
        steps = min(AT_ONCE - 1, highest - lowest)
        return sorted({lowest + (highest - lowest) * step // steps for step in range(steps + 1)} if steps else {lowest})

    def learn(self, size: int, *, arrived: bool) -> None:
        """Take in what became of one size."""
        if arrived:
            self.arrives = max(self.arrives, size)
        elif size > self.arrives:
            self.fails = min(self.fails, size)
