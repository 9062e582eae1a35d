"""Every change of a NetworkPolicy takes hold some time after it; for new pods, what holds already holds at once."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.policy.controller import Rewrite
from pytest_k8snet.embedded.policy.rewritten import RewrittenWorld
from pytest_k8snet.embedded.policy.world import World

LATE_SECONDS = 0.9
"""Longer than a calibration lets a change take, and shorter than it waits for a table: only what measures notices."""


def fault() -> Fault:
    """Return the fault."""
    return RewrittenWorld("policy-late", f"the first {LATE_SECONDS:g} s of every change of a NetworkPolicy", _delayed)


def _delayed(cluster: Target) -> Rewrite:
    loop = asyncio.get_running_loop()
    history: list[tuple[float, tuple[Obj, ...]]] = []

    def rewrite(world: World) -> World:
        now = loop.time()
        if not history:
            history.append((-math.inf, world.policies))
        elif history[-1][1] != world.policies:
            history.append((now, world.policies))
            loop.call_later(LATE_SECONDS, cluster.policies.need)
        while len(history) > 1 and history[1][0] + LATE_SECONDS <= now:
            del history[0]
        return replace(world, policies=history[0][1])

    return rewrite
