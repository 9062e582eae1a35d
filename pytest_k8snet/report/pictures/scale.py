"""Numbers as people read them, and where they lie on an axis. Pure."""

from __future__ import annotations

import math

PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
PREFIXED = ("bit/s", "byte/s", "1/s")
STEPS = (1.0, 2.0, 5.0)


def unit_for(largest: float, unit: str) -> tuple[float, str]:
    """Return by what to divide the numbers of a picture, and the unit they then have: "Gbit/s" for many bit/s."""
    if unit not in PREFIXED:
        return 1.0, unit
    divisor, prefix = next(((size, name) for size, name in PREFIXES if largest >= size), PREFIXES[-1])
    return divisor, f"{prefix}{unit}" if unit != "1/s" else f"{prefix}/s" if prefix else unit


def short(value: float) -> str:
    """Return a number with three digits that matter, never with an exponent."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    decimals = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{decimals}f}"


def readable(value: float, unit: str) -> str:
    """Return a number with the unit that suits it, such as "9.41 Gbit/s"."""
    divisor, named = unit_for(abs(value), unit)
    return f"{short(value / divisor)} {named}".rstrip()


def even_ticks(largest: float, most: int = 5) -> list[float]:
    """Return round numbers from 0 to about the largest."""
    if not largest > 0:
        return [0.0]
    decade = 10.0 ** math.floor(math.log10(largest))
    steps = [step * size for size in (decade / 10, decade) for step in STEPS]
    step = next((one for one in steps if largest / one <= most), decade * STEPS[-1])
    return [step * place for place in range(math.floor(largest / step + 1e-9) + 1)]


def decade_ticks(low: float, high: float, most: int = 8) -> list[float]:
    """Return round numbers between two positive ones for a logarithmic axis."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in (STEPS, STEPS[:1]):
        found = [step * 10.0**decade for decade in decades for step in steps if low <= step * 10.0**decade <= high]
        if len(found) <= most:
            break
    return found
