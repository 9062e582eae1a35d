"""How busy processors were: what /proc/stat says, what travels, and what two looks make of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.agent.processors import processors
from pytest_k8snet.errors import AgentLost
from pytest_k8snet.probe import wire
from pytest_k8snet.probe.processors import FEWEST_TICKS, Busy, Processor, busiest

STAT = """\
cpu  30 0 30 300 40 0 20 0 7 0
cpu0 10 0 10 100 20 0 10 5 7 0
cpu1 20 0 20 200 20 0 10 0 0 0
intr 12345 0 9
ctxt 99
"""
TICKS = st.integers(0, 1_000_000)
PROCESSORS = st.dictionaries(st.sampled_from(["cpu0", "cpu1"]), st.builds(Processor, TICKS, TICKS, TICKS))


def test_each_processor_is_read_and_time_of_guests_counts_once(tmp_path: Path) -> None:
    (tmp_path / "stat").write_text(STAT)
    read = wire.processors({"processors": processors(str(tmp_path / "stat"))})
    assert read == {"cpu0": Processor(155, 120, 10), "cpu1": Processor(270, 220, 10)}


def test_this_machine_has_some() -> None:
    assert all(one["all"] > 0 for one in processors().values())
    assert "cpu" not in processors()


def test_a_pod_without_the_file_knows_of_no_processor(tmp_path: Path) -> None:
    assert processors(str(tmp_path / "none")) == {}


@pytest.mark.parametrize("answer", [{}, {"processors": None}, {"processors": {"cpu0": {"all": "many"}}}])
def test_an_answer_of_another_agent_is_refused(answer: dict[str, object]) -> None:
    with pytest.raises(AgentLost, match="processors"):
        wire.processors(answer)


def test_the_busiest_counts() -> None:
    before = {"cpu0": Processor(100, 50, 0), "cpu1": Processor(100, 50, 0)}
    after = {"cpu0": Processor(200, 140, 0), "cpu1": Processor(200, 55, 60)}
    assert busiest(before, after) == Busy(0.95, 0.6)


def test_a_short_look_or_an_unknown_processor_says_nothing() -> None:
    before = {"cpu0": Processor(100, 50, 0)}
    assert busiest(before, {"cpu0": Processor(100 + FEWEST_TICKS - 1, 50, 0)}) is None
    assert busiest(before, {"cpu7": Processor(900, 50, 0)}) is None


@given(PROCESSORS, PROCESSORS)
def test_shares_are_shares(before: dict[str, Processor], after: dict[str, Processor]) -> None:
    found = busiest(before, after)
    assert found is None or (0 <= found.share <= 1 and 0 <= found.interrupts <= 1)
