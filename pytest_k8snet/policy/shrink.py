"""A case that fails, made smaller as long as it still fails: fewer policies, rules, peers, ports, simpler selectors.

Pure: whether a case fails is for the caller to say. What is smaller is found by the shape of a policy alone, by leaving
out fields and items of lists, so that nothing has to be added here for a new field.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pytest_k8snet.policy.case_steps import described
from pytest_k8snet.policy.cases import Action, Apply, Case, Step

# What makes no policy when it is left out, and lists that must not become empty.
NEEDED = {"cidr", "key", "operator", "values"}
NEVER_EMPTY = {"values", "policyTypes"}
PEERS = {"from", "to"}

Test = Callable[[Case], bool]


@dataclass(frozen=True)
class Shrunk:
    """The smallest case that was found. ``finished``: no smaller one fails, instead of no time being left."""

    case: Case
    tries: int
    finished: bool


@dataclass(frozen=True)
class Bounds:
    """How many cases are tried, and for how many seconds new tries are begun."""

    tries: int = 40
    seconds: float = 60.0
    clock: Callable[[], float] = time.monotonic


def shrink(case: Case, fails: Test, *, may_fail: Test = lambda case: True, bounds: Bounds | None = None) -> Shrunk:
    """Return the smallest case that is found to fail, by always going on with the first smaller one that does.

    ``fails`` is the costly question, which the bounds count; a case of which ``may_fail`` is false is left aside.
    """
    limits = bounds or Bounds()
    until = limits.clock() + limits.seconds
    asked: set[str] = set()
    while True:
        for smaller in smaller_cases(case):
            if (key := _key(smaller)) in asked or not may_fail(smaller):
                continue
            if len(asked) >= limits.tries or limits.clock() >= until:
                return Shrunk(case, len(asked), finished=False)
            asked.add(key)
            if fails(smaller):
                case = smaller
                break
        else:
            return Shrunk(case, len(asked), finished=True)


def smaller_cases(case: Case) -> Iterator[Case]:
    """Yield the cases that are one step smaller, those that lack most first."""
    for place, step in enumerate(case.steps):
        for actions in _smaller_actions(step.actions):
            made = replace(step, title=", ".join(map(described, actions)), actions=actions)
            yield replace(case, steps=(*case.steps[:place], made, *case.steps[place + 1 :]))


def narrowed(step: Step, port: int, protocol: str) -> Step:
    """Return a step that asks only at one port by one protocol."""
    return replace(step, ports=(port,), protocols=(protocol,))


def _smaller_actions(actions: tuple[Action, ...]) -> Iterator[tuple[Action, ...]]:
    yield from map(tuple, _shorter([*actions], may_be_empty=False))
    for place, action in enumerate(actions):
        if isinstance(action, Apply):
            for spec in _smaller(action.policy["spec"], "spec"):
                made = Apply(dict(action.policy) | {"spec": spec})
                yield (*actions[:place], made, *actions[place + 1 :])


def _smaller(value: Any, where: str) -> Iterator[Any]:
    """Yield what is one step smaller than a part of a policy. ``where`` is the field that it stands in."""
    if isinstance(value, list):
        yield from _shorter(value, may_be_empty=where not in NEVER_EMPTY)
        for place, item in enumerate(value):
            for made in _smaller(item, f"item of {where}"):
                yield [*value[:place], made, *value[place + 1 :]]
    elif isinstance(value, dict):
        yield from _with_fewer_fields(value, where)
        for name, field in value.items():
            for made in _smaller(field, name):
                yield value | {name: made}


def _with_fewer_fields(fields: dict[str, Any], where: str) -> Iterator[dict[str, Any]]:
    last_of_peer = len(fields) == 1 and where.removeprefix("item of ") in PEERS
    for name, value in fields.items():
        if name == "podSelector" and where == "spec":
            if value:
                yield fields | {name: {}}
        elif name not in NEEDED and not last_of_peer:
            without = {"port", "endPort"} if name == "port" else {name}  # a range has its first port
            yield {other: field for other, field in fields.items() if other not in without}


def _shorter(items: list[Any], *, may_be_empty: bool) -> Iterator[list[Any]]:
    """Yield a list with none of its items, with each alone, and without each."""
    if items and may_be_empty:
        yield []
    if len(items) > 1:
        yield from ([item] for item in items)
    if len(items) > 2:
        yield from (items[:place] + items[place + 1 :] for place in range(len(items)))


def _key(case: Case) -> str:
    return repr([step.actions for step in case.steps])
