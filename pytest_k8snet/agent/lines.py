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


ECHO = b"echo "
"""How a line begins that a server sends back as it is."""


def echo(number: int, size: int = 0) -> bytes:
    """Return a line that comes back, of ``size`` bytes or longer."""
    return (ECHO + b"%d " % number).ljust(size - 1) + b"\n"


def echoed(line: bytes) -> int:
    """Return the number in a line that came back, -1 for another line."""
    words = line.split(None, 2)
    return int(words[1]) if line.startswith(ECHO) and len(words) > 1 and words[1].isdigit() else -1
