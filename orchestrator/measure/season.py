"""The length of a season, from the autocorrelation of a series. The twin of `skills/tabular/period.py`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_ROWS = 16
SEASONS = 3  # a season must have been seen so many times
LEAST_PEAK = 0.3
LEAST_RISE = 0.2  # above the lowest value before it: a slow decay has ripples and no season
FUNDAMENTAL = 0.85  # the first peak of so much of the highest: multiples of a season peak as well


def find_period(values: Floats) -> int | None:
    """Steps in a season, or None. A heuristic: series of several seasons give one of them.

    Looked for in the values without their straight trend, and in their differences, which bent trends do not hide.
    The one whose peak rises more is believed.
    """
    if len(values) < LEAST_ROWS:
        return None
    steps = np.arange(len(values))
    flat = values - np.polyval(np.polyfit(steps, values, 1), steps)
    found = [peak for peak in (_peak(flat), _peak(np.diff(values))) if peak]
    return max(found, key=lambda peak: peak[1])[0] if found else None


def autocorrelation(values: Floats) -> Floats:
    """At lags 0 … n-1, each sum divided by how many terms it has, so that far lags do not fade."""
    centred = values - values.mean()
    spread = float(centred @ centred)
    if spread <= 0:
        return np.zeros(len(values))
    size = 2 ** int(np.ceil(np.log2(2 * len(values))))
    spectrum = np.abs(np.fft.rfft(centred, size)) ** 2
    sums = np.fft.irfft(spectrum, size)[: len(values)]
    terms = np.arange(len(values), 0, -1)
    return np.asarray(sums / terms * len(values) / spread, dtype=np.float64)


def _peak(values: Floats) -> tuple[int, float] | None:
    """(lag, how far it rises) of the first high peak of the autocorrelation."""
    found = autocorrelation(values)[: len(values) // SEASONS + 2]
    if len(found) < 5:
        return None
    lowest = np.minimum.accumulate(found)
    least = max(LEAST_PEAK, 3 / np.sqrt(len(values)))
    inner = range(2, len(found) - 1)
    peaks = [lag for lag in inner if found[lag] > found[lag - 1] and found[lag] >= found[lag + 1]]
    peaks = [lag for lag in peaks if found[lag] >= least and found[lag] - lowest[lag] >= LEAST_RISE]
    if not peaks:
        return None
    highest = max(found[lag] for lag in peaks)
    lag = next(lag for lag in peaks if found[lag] >= FUNDAMENTAL * highest)
    return lag, float(found[lag] - lowest[lag])
