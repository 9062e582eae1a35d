"""What a limit of a link means for the kernel."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.embedded.network.limits import Limit


def test_a_rate_is_held_by_a_token_bucket() -> None:
    assert Limit(rate=10_000_000).queue() == "tbf rate 10000000bit burst 12500 latency 100ms"


def test_a_delay_needs_netem_which_holds_the_rate_as_well() -> None:
    assert Limit(delay=0.02).queue() == "netem delay 20000us"
    assert Limit(rate=1_000_000, delay=0.0005).queue() == "netem delay 500us rate 1000000bit"


@given(st.integers(1, 10**11))
def test_a_bucket_holds_the_largest_packet_whatever_the_rate(rate: int) -> None:
    words = Limit(rate=rate).queue().split()
    assert int(words[words.index("burst") + 1]) >= 5000


@pytest.mark.parametrize(
    ("rate", "delay", "message"),
    [
        (0, 0.0, "a limit needs a rate or a delay"),
        (-1, 0.0, "a link cannot have -1 bits per second"),
        (1, -0.5, "-0.5 s of delay"),
    ],
)
def test_a_limit_that_limits_nothing_is_refused(rate: int, delay: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Limit(rate, delay)
