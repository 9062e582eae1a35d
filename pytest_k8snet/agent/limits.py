"""How many probes may run at once: as many as there are file descriptors for."""

from __future__ import annotations

import resource

_KEPT_BACK = 64
"""Descriptors for all that is not a probe: the standard streams, the event loop, listeners, netlink, resolvers."""


def raise_open_files() -> int:
    """Raise the soft limit of open files to the hard one and return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 1 << 20


def concurrent_probes(open_files: int) -> int:
    """Return how many sockets of probes may be open at once under a limit of open files."""
    return max(1, open_files - _KEPT_BACK)
