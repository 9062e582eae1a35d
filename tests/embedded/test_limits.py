"""A limited link is as slow as was asked, in both directions, and as before when the limit is gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.embedded.limited_network import RATE

REPOSITORY = Path(__file__).resolve().parents[2]
NAMESPACES = ["unshare", "--net", "--mount", *(() if os.geteuid() == 0 else ("--user", "--map-root-user"))]


def play(scenario: str) -> dict[str, Any]:
    command = [*NAMESPACES, sys.executable, "-m", "tests.embedded.limited_network", scenario]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def test_a_limited_link_is_as_slow_as_asked() -> None:
    """A TCP stream has some 95 % of the link's bits for its data; the rest are headers. What is faster is the burst."""
    seen = play("rates")
    wanted = RATE / seen["free"]
    assert wanted < 0.1, "too slow a machine to see a difference"
    for of in ("b1", "node-2"):
        for direction in ("to", "from"):
            assert 0.8 * wanted < seen[of][direction] / seen["free"] < 1.1 * wanted, (of, direction, seen)
        assert seen[of]["beside"] > 3 * RATE, (of, seen)
    assert seen["after"] > 3 * RATE, seen
    assert seen["restored"]


def test_a_second_limit_takes_the_place_of_the_first() -> None:
    assert play("other-rate")["rate"] == pytest.approx(4 * RATE, rel=0.2)


def test_a_link_is_delayed_or_it_is_said_why_not() -> None:
    seen = play("delay")
    assert seen["restored"]
    if "error" in seen:
        assert "this kernel has no netem" in seen["error"]
        assert "sch_netem" in seen["error"]
    else:
        assert 0.1 <= seen["took"] < 0.5
