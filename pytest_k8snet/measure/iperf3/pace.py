"""How many bytes a run must move to last as long as was asked: iperf3 itself counts whole seconds only."""

from __future__ import annotations

from collections.abc import Callable

from pytest_k8snet.measure.iperf3.failures import NothingArrived
from pytest_k8snet.measure.iperf3.results import Throughput
from pytest_k8snet.measure.iperf3.transfer import Amount, Manner

FIRST_BYTES = 1_000_000
GROWTH = 32
"""By how much at most the next try is larger: the rate of a very short run says little."""
LONG_ENOUGH = 1 / 3
LARGE_BYTES = 100_000_000
"""More than the buffers of both ends hold: of this much something has arrived when it is sent."""
SHORTEST_SECONDS = 0.001


def find_amount(seconds: float, manner: Manner, run: Callable[[Amount], Throughput]) -> Amount:
    """Return what takes about ``seconds``, found by runs that grow until one takes a third of it.

    A path that is too slow for that gets a whole second: so few bytes would lie in the sender's buffer when iperf3
    ends, and it would be measured how fast that is filled. Nothing is tried for whole seconds, and for a known rate.
    """
    if seconds >= 1 or manner.udp_rate:
        return Amount.lasting(seconds, manner.udp_rate)
    tried = FIRST_BYTES
    while True:
        wanted = max(1, round(tried * seconds / _seconds(tried, run)))
        if wanted * LONG_ENOUGH > tried:
            tried = min(wanted, tried * GROWTH)
        elif wanted < tried * LONG_ENOUGH:
            return Amount(seconds=1)
        else:
            return Amount(bytes=wanted)


def _seconds(tried: int, run: Callable[[Amount], Throughput]) -> float:
    """Return how long a run took; hardly any time when it was over before anything had arrived."""
    try:
        return run(Amount(bytes=tried)).seconds
    except NothingArrived:
        if tried > LARGE_BYTES:
            raise
        return SHORTEST_SECONDS
