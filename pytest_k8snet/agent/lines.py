"""The line that client and server exchange: one JSON object, padded with spaces to the size that was asked for."""

from __future__ import annotations

import json
from typing import Any

LONGEST = 1 << 24
"""The longest line in bytes that a server reads; a longer one is a client gone wrong."""


def encode(message: dict[str, Any], size: int = 0) -> bytes:
    """Return a message as a line of ``size`` bytes, its newline included, or longer when it does not fit."""
    text = json.dumps(message, separators=(",", ":")).encode()
    return text.ljust(size - 1) + b"\n"


def decode(line: bytes) -> dict[str, Any] | None:
    """Return the message in a line, or None when it is not one: something else than an agent sent it."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None
