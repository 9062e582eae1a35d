"""When a container runs again, and how long after: the kubelet's restart policy and back-off."""

from __future__ import annotations

FIRST_PAUSE = 10.0
LONGEST_PAUSE = 300.0
FORGIVEN_AFTER = 600.0


def restarts(policy: str, code: int, *, init: bool) -> bool:
    """Return whether a container that ended with ``code`` runs again (spec.restartPolicy)."""
    if policy == "Never":
        return False
    return code != 0 if init or policy == "OnFailure" else True


class Backoff:
    """The pauses before restarts: none, 10 s, 20 s ... 5 min; from the beginning after ten minutes of running."""

    def __init__(self) -> None:
        self._next = 0.0

    def next(self, ran: float) -> float:
        """Return the seconds to wait after a run of ``ran`` seconds."""
        if ran >= FORGIVEN_AFTER:
            self._next = 0.0
        pause, self._next = self._next, min(max(self._next * 2, FIRST_PAUSE), LONGEST_PAUSE)
        return pause
