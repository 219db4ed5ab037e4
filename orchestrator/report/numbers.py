"""How numbers are spelled for people: few digits, no false precision, units beside them."""

from __future__ import annotations

import math


def spell(value: float | None, unit: str = "", *, digits: int = 4) -> str:
    """A number with its unit: 0.9731, 3.1e-05, 12,040, 1.5 K; 'unknown' where there is none."""
    if value is None or math.isnan(value):
        return "unknown"
    return f"{_plain(value, digits)}{f' {unit}' if unit and unit != '1' else ''}"


def spell_interval(interval: tuple[float, float] | None) -> str:
    """An interval as two numbers; empty where there is none."""
    return f"{spell(interval[0])} to {spell(interval[1])}" if interval else ""


def spell_bytes(size: int) -> str:
    """A size in the unit that leaves one to three digits before the point."""
    amount = float(size)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def spell_seconds(value: float) -> str:
    """A duration: 0.42 s, 12.3 s, 4 min 05 s."""
    if value < 1:
        return f"{value:.2f} s"
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest:02d} s"


def _plain(value: float, digits: int) -> str:
    if math.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    if value == int(value) and abs(value) < 1e9:
        return f"{int(value):,}"
    if 1e-3 <= abs(value) < 1e6:
        return f"{value:.{digits}g}" if abs(value) < 10**digits else f"{value:.0f}"
    return f"{value:.{max(digits - 1, 1)}g}"
