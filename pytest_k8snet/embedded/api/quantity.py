"""Amounts of resources: ``100m``, ``1.5``, ``64Mi``, ``1e3`` (k8s.io/apimachinery ``resource.Quantity``)."""

from __future__ import annotations

import re
from fractions import Fraction

_QUANTITY = re.compile(
    r"([+-]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40}))(m|u|n|k|M|G|T|P|E|[KMGTPE]i|[eE][+-]?\d{1,3})?", re.ASCII
)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


def parse_quantity(value: str | int | float) -> Fraction | None:
    """The amount, exactly; None when ``value`` is not a quantity."""
    match = _QUANTITY.fullmatch(str(value))
    if not match:
        return None
    number, suffix = Fraction(match[1]), match[2] or ""
    if suffix in _BINARY:
        return number * (1 << _BINARY[suffix])
    if suffix in _DECIMAL:
        return number * _power(_DECIMAL[suffix])
    return number * _power(int(suffix[1:]))


def _power(exponent: int) -> Fraction:
    return Fraction(10**exponent) if exponent >= 0 else Fraction(1, 10**-exponent)


def same_quantity(left: str | int | float, right: str | int | float) -> bool:
    """Whether two quantities are the same amount: ``1`` and ``1000m`` are."""
    amount = parse_quantity(left)
    return amount is not None and amount == parse_quantity(right)
