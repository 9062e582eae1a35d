"""How the control loops of Services hear of changes in the store: as it should be, and where faults tamper with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from pytest_k8snet.embedded.api.store import Change

Receiver: TypeAlias = Callable[[Change], None]
Deliver: TypeAlias = Callable[[Change, Receiver], None]
"""Hands a change to who follows the store."""


def at_once(change: Change, receive: Receiver) -> None:
    """Deliver every change once, in order, without delay."""
    receive(change)
