"""The log of a cluster's processes in its run directory."""

from __future__ import annotations

from pathlib import Path

NAME = "cluster.log"


def last_words(run_dir: Path) -> str:
    """Return a sentence with the last lines of the log, for a cluster that ended too early."""
    path = run_dir / NAME
    lines = path.read_text(errors="replace").splitlines()[-5:] if path.exists() else []
    return "the embedded cluster ended while starting: " + (" | ".join(lines) or "it said nothing")
