"""How the benchmarks print what they measured: beside a figure its bound, when it has one, and whether that is kept."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence


def show(title: str, value: float, unit: str, bound: float | None = None, *, places: int = 2) -> None:
    """Print one figure. ``bound`` is what it must stay below, in the same unit."""
    print(f"{title:<38} {value:9.{places}f} {unit}{_verdict(value, unit, bound)}")


def show_latencies(title: str, values: Sequence[float], bound: float) -> None:
    """Print median and largest value in milliseconds. The bound is for every change, so the largest must keep it."""
    largest = max(values)
    print(f"{title:<38} {statistics.median(values):9.1f} ms, at most {largest:6.1f}{_verdict(largest, 'ms', bound)}")


def show_load() -> None:
    """Print how busy the machine is: figures of a busy one are no measure."""
    print(f"load of {os.cpu_count()} cores before: {os.getloadavg()[0]:.1f}")


def _verdict(value: float, unit: str, bound: float | None) -> str:
    return "" if bound is None else f"   bound {bound:g} {unit}: {'kept' if value < bound else 'MISSED'}"
