"""What is in a table of nftables, and the commands that lead from one content to another. Pure."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

ELEMENTS_AT_ONCE = 50
HOOK = "type "
WORDS_TO_NAME = 5
SET = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True)
class Content:
    """A table, or a part of one that no other part has to do with.

    ``sets`` declares sets and maps by name: ``set { type ipv4_addr; }``; what is declared differently must have another
    name. ``chains`` are rules by name; a base chain has its hook as the first line. ``elements`` are keyed by set and
    key; the value is empty but in maps.
    """

    sets: Mapping[str, str] = field(default_factory=dict)
    chains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    elements: Mapping[tuple[str, str], str] = field(default_factory=dict)


EMPTY = Content()


def name_for(prefix: str, *parts: object) -> str:
    """Return the name of a set or chain that is known by ``parts``: equal parts, equal name."""
    return f"{prefix}-{hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest()}"


def commands(table: str, old: Content, new: Content) -> list[str]:
    """Return what to tell nft, in one transaction, to make ``new`` of the part of ``table`` that is ``old``."""
    return [
        *_declare_sets(table, old, new),
        *_fill_chains(table, old, new),
        *_set_elements(table, old, new),
        *_drop(table, old, new),
    ]


def _declare_sets(table: str, old: Content, new: Content) -> Iterator[str]:
    for name, declaration in new.sets.items():
        if name not in old.sets:
            kind, _, body = declaration.partition(" ")
            yield f"add {kind} {table} {name} {body}"


def _fill_chains(table: str, old: Content, new: Content) -> Iterator[str]:
    """Chains may name each other: all are there before the first rule is."""
    changed = {name: rules for name, rules in new.chains.items() if old.chains.get(name) != rules}
    for name, rules in changed.items():
        if name in old.chains:
            yield f"flush chain {table} {name}"
        else:
            yield f"add chain {table} {name}" + "".join(f" {{ {hook}; }}" for hook in rules[: _hooks(rules)])
    for name, rules in changed.items():
        for rule in rules[_hooks(rules) :]:
            yield f"add rule {table} {name} {rule}"


def _hooks(rules: tuple[str, ...]) -> int:
    return int(bool(rules) and rules[0].startswith(HOOK))


def _set_elements(table: str, old: Content, new: Content) -> Iterator[str]:
    """A key of a map that is to have another value goes before it comes again."""
    dropped = old.sets.keys() - new.sets.keys()
    gone = [(name, key) for (name, key), value in old.elements.items() if new.elements.get((name, key)) != value]
    yield from _grouped("delete", table, ((name, key) for name, key in gone if name not in dropped))
    come = [(entry, value) for entry, value in new.elements.items() if old.elements.get(entry) != value]
    yield from _grouped("add", table, ((name, f"{key} : {value}" if value else key) for (name, key), value in come))


def _grouped(verb: str, table: str, entries: Iterable[tuple[str, str]]) -> Iterator[str]:
    by_set: dict[str, list[str]] = {}
    for name, element in entries:
        by_set.setdefault(name, []).append(element)
    for name, elements in by_set.items():
        for start in range(0, len(elements), ELEMENTS_AT_ONCE):
            some = ", ".join(elements[start : start + ELEMENTS_AT_ONCE])
            yield f"{verb} element {table} {name} {{ {some} }}"


def _drop(table: str, old: Content, new: Content) -> Iterator[str]:
    """Chains may name each other and sets, so they are empty before anything goes."""
    chains = [name for name in old.chains if name not in new.chains]
    yield from (f"flush chain {table} {name}" for name in chains)
    yield from (f"delete chain {table} {name}" for name in chains)
    yield from (f"delete set {table} {name}" for name in old.sets if name not in new.sets)


def size(change: Iterable[str]) -> int:
    """Return about how many bytes nft makes of commands for the kernel, rather too many.

    A word beyond the name is an expression; braces make a set, elsewhere or on the spot, with elements between commas.
    """
    return sum(map(_size, change))


def _size(command: str) -> int:
    sets: list[str] = SET.findall(command)
    expressions = max(0, len(SET.sub("", command).split()) - WORDS_TO_NAME)
    return 60 + 60 * expressions + sum(200 + 80 * (1 + text.count(",") + text.count("-")) for text in sets)


def packed(changes: Iterable[list[str]], limit: int) -> Iterator[list[str]]:
    """Join changes to transactions of up to ``limit`` bytes, without cutting any that is not larger itself."""
    transaction: list[str] = []
    filled = 0
    for change in changes:
        for piece in [change] if size(change) <= limit else [[command] for command in change]:
            needed = size(piece)
            if transaction and filled + needed > limit:
                yield transaction
                transaction, filled = [], 0
            transaction += piece
            filled += needed
    if transaction:
        yield transaction


def joined(parts: Iterable[Content]) -> Content:
    """Return the content of all parts together."""
    listed = list(parts)
    return Content(
        dict(itertools.chain.from_iterable(part.sets.items() for part in listed)),
        dict(itertools.chain.from_iterable(part.chains.items() for part in listed)),
        dict(itertools.chain.from_iterable(part.elements.items() for part in listed)),
    )
