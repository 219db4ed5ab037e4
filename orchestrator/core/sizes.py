"""How large and how small the numbers of a problem may be, so that squares and powers of them stay within float64."""

from __future__ import annotations

import math

LARGEST = 1e50  # its sixth power is still finite: the square of a cubic term
SMALLEST = 1e-50  # of lengths, by whose powers derivatives are divided
REMEDY = f"Use units in which it lies nearer to one (between {SMALLEST:g} and {LARGEST:g} in size)."


def size_fault(value: float, *, small: bool = False) -> str:
    """What makes a number unusable, as "is …"; "" where nothing does. `small` looks at tiny ones too."""
    if not math.isfinite(value):
        return "is not finite"
    if abs(value) > LARGEST:
        return f"is larger than {LARGEST:g} in size, so that its powers overflow"
    if small and 0.0 < abs(value) < SMALLEST:
        return f"is smaller than {SMALLEST:g} in size, so that quotients by its powers overflow"
    return ""
