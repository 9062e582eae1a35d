"""How the processors of this machine have spent their time, by ``/proc/stat``: a pod sees those of its node."""

from __future__ import annotations

from typing import Dict

_STAT = "/proc/stat"
_IDLE, _WAITING, _INTERRUPTS = 3, 4, 6
_COUNTED = 8
"""Fields: what guests use is in the first of them already."""


def processors(stat: str = _STAT) -> Dict[str, Dict[str, int]]:
    """Return for each processor the ticks (proc(5)) since the machine was started: all, idle, and in soft interrupts.

    Packets are received in soft interrupts, which count for no process. What has no such file has no processors here.
    """
    try:
        with open(stat) as file:
            lines = [line.split() for line in file]
    except FileNotFoundError:
        return {}
    return {name: _spent([int(field) for field in fields]) for name, *fields in lines if _is_processor(name)}


def _is_processor(name: str) -> bool:
    return name.startswith("cpu") and name != "cpu"


def _spent(ticks: list[int]) -> Dict[str, int]:
    return {
        "all": sum(ticks[:_COUNTED]),
        "idle": ticks[_IDLE] + ticks[_WAITING],
        "interrupts": ticks[_INTERRUPTS],
    }
