"""Resampling of test rows: by row, by group, or by blocks of neighbours in time."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from skills.runtime.scoring.weights import Drawn

Array = NDArray[np.float64]

RESAMPLES = 2000
LEVEL = 0.95
CELLS_AT_ONCE = 4_000_000
MOST_UNITS = 20_000  # beyond it, single rows are drawn in fixed bundles of equal size
LEAST_SHARE = 0.9  # an interval rests on at least this share of resamples that could show the metric


def interval(
    statistic: Callable[[Array], Array], units: NDArray[np.int64], *, seed: int, resamples: int = RESAMPLES
) -> tuple[float, float] | None:
    """The percentile interval at 95 % of a statistic of row weights (b, n) -> (b,); whole units are drawn.

    None where too few resamples can show the statistic, or one unit is all there is.
    Efron, B. (1979) Bootstrap methods: another look at the jackknife. doi:10.1214/aos/1176344552
    """
    values = resampled(statistic, units, seed=seed, resamples=resamples)
    return None if values is None else ends(values)


def ends(values: Array) -> tuple[float, float] | None:
    """The percentile interval at 95 % of what the resamples show; None where too few of them show it."""
    shown = values[np.isfinite(values)]
    if len(shown) < LEAST_SHARE * len(values):
        return None
    low, high = np.quantile(shown, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def draw(units: NDArray[np.int64], *, seed: int, resamples: int = RESAMPLES) -> Drawn | None:
    """The resamples of `interval`, for statistics of `Weights`; None where one unit is all there is."""
    count = int(units.max()) + 1 if len(units) else 0
    return Drawn(_counts(count, seed, resamples), units) if count > 1 else None


def resampled(
    statistic: Callable[[Array], Array], units: NDArray[np.int64], *, seed: int, resamples: int = RESAMPLES
) -> Array | None:
    """The statistic of every resample, (resamples, …), where it maps row weights (b, n) to (b, …).

    None where one unit is all there is.
    """
    count = int(units.max()) + 1 if len(units) else 0
    if count < 2:
        return None
    counts = _counts(count, seed, resamples)
    at_once = max(1, CELLS_AT_ONCE // len(units))
    drawn = [
        statistic(counts[start : start + at_once][:, units].astype(np.float64))
        for start in range(0, resamples, at_once)
    ]
    return np.concatenate(drawn)


@lru_cache(maxsize=2)
def _counts(count: int, seed: int, resamples: int) -> NDArray[np.uint16]:
    """How often each unit is drawn in each resample; shared, because all metrics of a job are drawn alike."""
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1.0 / count), size=resamples)
    return drawn.astype(np.uint16)


def units_of(rows: int, groups: NDArray[np.str_] | None, times: Array | None) -> tuple[NDArray[np.int64], str]:
    """The unit of every row, and how to name the resampling: groups, blocks in time, or single rows.

    Neighbours in time are alike, so blocks of about n^(1/3) of them are drawn whole (Künsch 1989,
    doi:10.1214/aos/1176347265; here without overlap). A block length by rule of thumb: too short for slow seasons.
    """
    if groups is not None:
        return np.unique(groups, return_inverse=True)[1].astype(np.int64), "groups"
    if times is not None:
        length = max(1, round(rows ** (1 / 3)))
        place = np.empty(rows, dtype=np.int64)
        place[np.argsort(times, kind="stable")] = np.arange(rows)
        return place // length, f"blocks of {length} in time"
    return np.arange(rows, dtype=np.int64) % MOST_UNITS, "rows"
