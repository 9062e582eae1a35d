"""A limited link is as slow as was asked, in both directions, and as before when the limit is gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.embedded.limited_network import RATE

REPOSITORY = Path(__file__).resolve().parents[2]
NAMESPACES = ["unshare", "--net", "--mount", *(() if os.geteuid() == 0 else ("--user", "--map-root-user"))]


def play(scenario: str) -> dict[str, Any]:
    command = [*NAMESPACES, sys.executable, "-m", "tests.embedded.limited_network", scenario]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def see_limited(rates: list[float], wanted: float, free: float) -> None:
    """See that streams are about as slow as asked, as a ratio to one without a limit.

    No stream may be faster. A busy machine makes single ones slower, so the fastest of them tells what the link lets
    through: some 95 % of its bits are data of the stream, the rest are headers; what is more than that is the burst.
    """
    assert max(rates) / free < 1.1 * wanted / free, (rates, free)
    assert max(rates) / free > 0.8 * wanted / free, (rates, free)


def test_a_limited_link_is_as_slow_as_asked() -> None:
    seen = play("rates")
    assert seen["free"] > 10 * RATE, "too slow a machine to see a difference"
    for of in ("b1", "node-2"):
        for direction in ("to", "from"):
            see_limited(seen[of][direction], RATE, seen["free"])
        assert seen[of]["beside"] > 3 * RATE, (of, seen)
    assert seen["after"] > 3 * RATE, seen
    assert seen["restored"]


def test_a_second_limit_takes_the_place_of_the_first() -> None:
    seen = play("other-rate")
    see_limited(seen["rates"], 4 * RATE, seen["free"])


def test_a_link_is_delayed_or_it_is_said_why_not() -> None:
    seen = play("delay")
    assert seen["restored"]
    if "error" in seen:
        assert "this kernel has no netem" in seen["error"]
        assert "sch_netem" in seen["error"]
    else:
        assert 0.1 <= seen["took"] < 0.5
