"""Whether clients leave the endpoint that session affinity gave them once they were silent for long enough."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable

from pytest_k8snet.probe.observation import Family, Pod, Probe
from pytest_k8snet.probing import Probing
from pytest_k8snet.services.questions import through
from pytest_k8snet.services.served import Served

SLACK_SECONDS = 1.0
"""What forgets a client may look only now and then."""
TURNS = 5


def moved_after(probing: Probing, served: Served, clients: Collection[Pod], family: Family, *, seconds: int) -> int:
    """Ask, be silent for longer than ``seconds``, ask again; return how many client and port pairs have moved by then.

    Each pair finds its former endpoint again by chance once in as many times as there are endpoints, so that none moves
    in all TURNS only where nobody is ever forgotten. Raises AssertionError when connections fail.
    """
    before = _servers(probing, served, clients, family)
    for _ in range(TURNS):
        # The clause is about time that passes: there is nothing whose coming could be looked for.
        time.sleep(seconds + SLACK_SECONDS)
        after = _servers(probing, served, clients, family)
        if moved := sum(before[probe] != pod for probe, pod in after.items()):
            return moved
    return 0


def never_moved(served: Served, clients: Collection[Pod], ports: Iterable[int]) -> str:
    """Return the message for a Service that never forgets."""
    seconds = served.spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"]
    pairs = len(clients) * len(list(ports))
    return (
        f"not one of {pairs} pairs of a client and a port was sent to another of {len(served.endpoints)} endpoints, "
        f"though each was silent {TURNS} times for {seconds + SLACK_SECONDS:g} s and timeoutSeconds is {seconds}"
    )


def _servers(probing: Probing, served: Served, clients: Collection[Pod], family: Family) -> dict[Probe, str]:
    expected = through("by whom", served, clients, served.inside(family))
    table = probing(expected)
    assert table == expected
    return {probe: seen.server.pod for probe, seen in table.seen.items() if seen.server is not None}
