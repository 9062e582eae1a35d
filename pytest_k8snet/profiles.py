"""Profiles: which levels run, and with how much patience."""

from __future__ import annotations

from dataclasses import dataclass

LEVELS = {
    "core": "what every cluster must do",
    "extended": "what most clusters do and the specification describes",
    "performance": "measurements of bandwidth, latency and speed",
    "drill": "failures caused on purpose; never without being asked for",
}


@dataclass(frozen=True)
class Profile:
    """Levels and patience, in seconds.

    ``timeout`` is that of one probe; a table must be right within ``converge`` and then stay right for ``hold``.
    """

    levels: frozenset[str]
    timeout: float = 1.0
    converge: float = 15.0
    hold: float = 0.2


PROFILES = {
    "smoke": Profile(frozenset({"core"})),
    "standard": Profile(frozenset({"core", "extended"})),
    "nightly": Profile(frozenset({"core", "extended", "performance"}), hold=2.0),
    "acceptance": Profile(frozenset({"core", "extended", "performance"}), converge=30.0, hold=5.0),
}

# The embedded cluster is quick, and under a fault every expectation that it breaks is waited for in vain.
CALIBRATION = Profile(frozenset({"core", "extended"}), timeout=0.5, converge=1.5, hold=0.0)
