"""Random cases: the same for the same seed, valid, of every form, and neither all open nor all closed."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_k8snet.policy import fuzz
from pytest_k8snet.policy.case_files import load
from pytest_k8snet.policy.case_writer import written
from pytest_k8snet.policy.cases import Apply, Case
from pytest_k8snet.policy.fuzz import Dice, Drawn, draw, draw_all, is_mixed

SEED = 7


@cache
def drawn() -> tuple[Drawn, ...]:
    return draw_all(SEED, 60)


def policies(case: Case) -> list[Any]:
    return [action.policy for step in case.steps for action in step.actions if isinstance(action, Apply)]


def parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield every field below a value with what it holds."""
    if isinstance(value, list):
        for item in value:
            yield from parts(item)
    elif isinstance(value, dict):
        for name, field in value.items():
            yield name, field
            yield from parts(field)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**63), number=st.integers(1, 10_000))
def test_every_case_is_read_again_as_it_was_written(seed: int, number: int) -> None:
    case = replace(draw(seed, number).case, id="POLICY-900")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cases.yaml"
        file.write_text(written(case))
        [again] = load(file)
    assert replace(again, file=Path(), line=0) == case


def test_a_seed_gives_the_same_cases_on_any_machine() -> None:
    text = json.dumps([policies(one.case) for one in draw_all(SEED, 5)])
    # Whoever changes what is drawn changes this, and what people have noted as a seed is of no use any more.
    assert (
        hashlib.sha256(text.encode()).hexdigest() == "06b0f9dc937e72fb701b4e0cdebaf0b059fb2a45e6331802389c3be8381dd71f"
    )


def test_a_case_does_not_depend_on_how_many_are_drawn() -> None:
    assert draw(SEED, 3) == draw_all(SEED, 5)[2]


def test_another_seed_or_number_gives_another_case() -> None:
    assert len({written(draw(seed, number).case) for seed in (1, 12) for number in (2, 22)}) == 4


def test_cases_are_named_by_their_number() -> None:
    assert [str(one) for one in drawn()[:3]] == ["fuzz-1", "fuzz-2", "fuzz-3"]


def test_a_table_is_neither_all_open_nor_all_closed() -> None:
    assert all(is_mixed(one.case) for one in drawn())


def test_a_table_that_shows_one_verdict_only_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Case] = []

    def third_time(case: Case) -> bool:
        asked.append(case)
        return len(asked) == 3

    monkeypatch.setattr(fuzz, "is_mixed", third_time)
    assert draw(SEED, 1).case is asked[2]


def test_drawing_again_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "is_mixed", lambda case: False)
    assert len(policies(draw(SEED, 1).case)) in range(1, fuzz.MOST_POLICIES + 1)


def test_every_form_that_the_api_has_is_drawn() -> None:
    specs = [policy["spec"] for one in drawn() for policy in policies(one.case)]
    fields = [field for spec in specs for field in parts(spec)]
    assert {len(policies(one.case)) for one in drawn()} == set(range(1, fuzz.MOST_POLICIES + 1))
    assert {value for name, value in fields if name == "operator"} == {"In", "NotIn", "Exists", "DoesNotExist"}
    assert {value for name, value in fields if name == "protocol"} == {"TCP", "UDP", "SCTP"}
    assert {tuple(spec.get("policyTypes", ())) for spec in specs} == {
        (),
        ("Ingress",),
        ("Egress",),
        ("Ingress", "Egress"),
    }
    assert {"matchLabels", "matchExpressions", "endPort", "except", "ipBlock"} <= {name for name, _ in fields}
    assert {name for name, value in fields if value == []} >= {"ingress", "egress", "ports", "from", "to"}
    peers = [tuple(peer) for name, value in fields if name in ("from", "to") for peer in value]
    assert set(peers) == {("ipBlock",), ("podSelector",), ("namespaceSelector",), ("namespaceSelector", "podSelector")}
    assert {type(value) for name, value in fields if name == "port"} == {int, str}
    cidrs = {str(value).partition(" ")[0] for name, value in fields if name == "cidr"}
    assert cidrs == {"${any}", "${pod", "${net", "0.0.0.0/0", "::/0"}


@given(seed=st.text(), low=st.integers(0, 3), more=st.integers(0, 3))
def test_dice_keep_bounds_and_order(seed: str, low: int, more: int) -> None:
    dice = Dice(seed)
    things = "abcde"
    chosen = dice.some(things, low, low + more)
    assert low <= len(chosen) <= min(low + more, len(things))
    assert chosen == sorted(set(chosen))
    assert dice.one(things) in things
    assert low <= dice.number(low, low + more) <= low + more
