"""Resampling of a series in blocks as long as its own dependence asks for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from skills.runtime.scoring.bootstrap import CELLS_AT_ONCE, LEAST_SHARE, LEVEL, RESAMPLES

Array = NDArray[np.float64]

BOUND = 1.96  # autocorrelations within so many standard errors of 0 count as none
LEAST_STEPS = 6


def block_length(values: Array) -> int:
    """How many neighbours (n,) are to be drawn together, for a circular block bootstrap of their mean.

    Politis & White (2004), doi:10.1081/ETC-120028836, as corrected by Patton, Politis & White (2009),
    doi:10.1080/07474930802459016; at least n^(1/3), at most a third of them.
    """
    n = len(values)
    least, most = max(1, round(n ** (1 / 3))), max(1, n // 3)
    centred = values - values.mean()
    spread = float(centred @ centred) / n
    if n < LEAST_STEPS or spread <= 0:
        return min(least, most)
    few = max(5, int(np.ceil(np.sqrt(np.log10(n)))))
    farthest = min(n - 1, int(np.ceil(np.sqrt(n))) + few)
    covariances = np.array([float(centred[lag:] @ centred[: n - lag]) / n for lag in range(farthest + 1)])
    small = np.abs(covariances[1:]) < BOUND * np.sqrt(np.log10(n) / n) * spread
    run = next((at for at in range(len(small) - few + 1) if small[at : at + few].all()), None)
    last = run if run is not None else int(np.flatnonzero(~small)[-1]) + 1
    reach = min(2 * max(1, last), farthest)
    lags = np.arange(-reach, reach + 1)
    weights = np.minimum(1.0, 2 * (1 - np.abs(lags) / reach))
    around = covariances[np.abs(lags)]
    slope, level = float((weights * np.abs(lags) * around).sum()), float((weights * around).sum())
    if level == 0:
        return least
    length = (2 * slope**2 / (4 / 3 * level**2)) ** (1 / 3) * n ** (1 / 3)
    return int(np.clip(np.ceil(length), least, most))


def block_weights(n: int, length: int, draw: np.random.Generator, resamples: int) -> Array:
    """How often each of n neighbours is drawn (resamples, n), where blocks start anywhere and run round the end.

    Politis & Romano (1992), the circular block bootstrap.
    """
    blocks = int(np.ceil(n / length))
    sizes = np.full(blocks, length)
    sizes[-1] = n - length * (blocks - 1)
    starts = draw.integers(0, n, (resamples, blocks))
    ends = np.zeros((resamples, 2 * n + 1))
    lines = np.arange(resamples)[:, None]
    np.add.at(ends, (lines, starts), 1.0)
    np.add.at(ends, (lines, starts + sizes), -1.0)
    drawn = ends.cumsum(axis=1)
    return np.asarray(drawn[:, :n] + drawn[:, n : 2 * n], dtype=np.float64)


def block_resampled(
    statistic: Callable[[Array], Array], place: NDArray[np.int64], length: int, *, seed: int, resamples: int = RESAMPLES
) -> Array:
    """A statistic of row weights (b, n) -> (b,) on every resample; `place` is each row's step, from 0.

    Rows of one step are drawn together.
    """
    steps, draw = int(place.max()) + 1, np.random.default_rng(seed)
    at_once = max(1, CELLS_AT_ONCE // max(len(place), 2 * steps))
    counts = [min(at_once, resamples - start) for start in range(0, resamples, at_once)]
    return np.concatenate([statistic(block_weights(steps, length, draw, count)[:, place]) for count in counts])


def block_interval(
    statistic: Callable[[Array], Array], place: NDArray[np.int64], length: int, *, seed: int, resamples: int = RESAMPLES
) -> tuple[float, float] | None:
    """The percentile interval at 95 %; None where too few resamples can show the statistic, or few steps are there."""
    if len(place) == 0 or int(place.max()) + 1 < LEAST_STEPS:
        return None
    values = block_resampled(statistic, place, length, seed=seed, resamples=resamples)
    shown = values[np.isfinite(values)]
    if len(shown) < LEAST_SHARE * resamples:
        return None
    low, high = np.quantile(shown, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
