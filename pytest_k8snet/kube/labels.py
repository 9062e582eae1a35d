"""How our objects are recognised, and how a live run is told from what one left behind."""

from __future__ import annotations

import hashlib
import secrets
import time
from typing import Any

RUN = "k8snet.io/run"
PURPOSE = "k8snet.io/purpose"
ALIVE_UNTIL = "k8snet.io/alive-until"

LEASE_SECONDS = 180.0


def namespace_name(run_id: str, purpose: str) -> str:
    """Return ``k8snet-<run>-<hash>``, a new one each time: two workers may have the same purpose side by side.

    The purpose itself stands in an annotation, whatever its length or letters.
    """
    unique = f"{purpose} {secrets.token_hex(8)}"
    return f"k8snet-{run_id}-{hashlib.sha256(unique.encode()).hexdigest()[:8]}"


def lease(now: float | None = None) -> str:
    """Return the value of ALIVE_UNTIL for a run that lives now: seconds since the epoch."""
    return str(int((time.time() if now is None else now) + LEASE_SECONDS))


def expired(namespace: dict[str, Any], now: float | None = None) -> bool:
    """Tell whether the run that owns a namespace has not said for a while that it lives."""
    until = (namespace["metadata"].get("annotations") or {}).get(ALIVE_UNTIL, "0")
    return not until.isdecimal() or int(until) < (time.time() if now is None else now)
