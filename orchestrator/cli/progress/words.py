"""Short words for the values of events: seconds, losses, sparklines."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

BARS = "▁▂▃▄▅▆▇█"


def seconds(value: float) -> str:
    """A duration in at most six characters: 0.4 s, 12 s, 3:05."""
    if value < 9.95:
        return f"{value:.1f} s"
    if value < 60:
        return f"{value:.0f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes}:{rest:02d}"


def spark(values: Sequence[float], width: int = 12) -> str:
    """The last `width` values as bars, on a log scale where all are positive."""
    shown = [value for value in values if math.isfinite(value)][-width:]
    if len(shown) < 2:
        return ""
    scaled = [math.log10(value) for value in shown] if min(shown) > 0 else shown
    low, high = min(scaled), max(scaled)
    span = (high - low) or 1.0
    return "".join(BARS[min(int((value - low) / span * len(BARS)), len(BARS) - 1)] for value in scaled)


def number(data: Mapping[str, JsonValue], key: str) -> float | None:
    """The number under a key of an event's data, or None."""
    value = data.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def word(data: Mapping[str, JsonValue], key: str) -> str:
    """The text under a key of an event's data; lists joined by commas; empty where there is none."""
    value = data.get(key)
    if isinstance(value, list):
        return ", ".join(str(item.get("id", item)) if isinstance(item, dict) else str(item) for item in value)
    return "" if value is None else str(value)
