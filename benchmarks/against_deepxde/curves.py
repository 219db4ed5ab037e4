"""From runs to numbers: the best of several curves at each time, the time to an error, medians over seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

Curve = list[tuple[float, float]]  # (seconds, lowest error so far), both strictly monotonic
CLOSE = 1.1  # the peer has arrived when it is so near its own final error; the last per cent would cost it more time
MISSING = 1e299


def envelope(points: Iterable[Sequence[float]]) -> Curve:
    """The lowest error reached by each time, all runs started at once."""
    found: Curve = []
    for seconds, error in sorted((float(point[0]), float(point[1])) for point in points):
        if error < MISSING and (not found or error < found[-1][1]):
            found.append((seconds, error))
    return found


def time_to(curve: Curve, error: float) -> float:
    """The first time with an error that small; inf where it was never reached."""
    return next((seconds for seconds, reached in curve if reached <= error), math.inf)


def error_at(curve: Curve, seconds: float) -> float:
    """The lowest error by that time; inf where nothing was ready."""
    return min((reached for at, reached in curve if at <= seconds), default=math.inf)


def compared(peer: Curve, ours: Curve) -> dict[str, float]:
    """One seed. `time_ratio`: our time to the peer's final error over the peer's; `error_ratio`: the peer's final error
    over ours at half of the peer's time."""
    final = peer[-1][1]
    arrival = time_to(peer, CLOSE * final)
    reached, half = time_to(ours, final), error_at(ours, arrival / 2)
    return {
        "peer_error": final, "peer_s": arrival, "peer_last_s": peer[-1][0], "our_s": reached,
        "our_error_at_half": half, "our_best_error": ours[-1][1] if ours else math.inf,
        "our_best_s": ours[-1][0] if ours else math.inf, "time_ratio": reached / arrival, "error_ratio": final / half,
        "time_ratio_to_last": reached / peer[-1][0],
    }  # fmt: skip


def over_seeds(parts: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Median, lowest and highest of each number; None stands for what was never reached."""
    names = parts[0] if parts else {}
    spread = {name: sorted(part[name] for part in parts) for name in names}
    return {
        name: {"median": _told(statistics.median(values)), "low": _told(values[0]), "high": _told(values[-1])}
        for name, values in spread.items()
    }


def _told(value: float) -> float | None:
    return float(f"{value:.4g}") if math.isfinite(value) else None


def thinned(curve: Curve, most: int = 40) -> list[list[float]]:
    """At most so many points of a curve, its ends among them."""
    step = max(1, math.ceil(len(curve) / most))
    kept = curve[::step] + ([curve[-1]] if curve and (len(curve) - 1) % step else [])
    return [[float(f"{a:.4g}"), float(f"{b:.4g}")] for a, b in kept]
