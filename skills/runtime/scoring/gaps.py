"""Gaps between groups: the largest difference and the smallest ratio, with intervals for all pairs at once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from skills.runtime.scoring.bootstrap import LEAST_SHARE, LEVEL

Array = NDArray[np.float64]
Z = 1.959964


@dataclass(frozen=True, eq=False)
class Measure:
    """One number of every group: `values` (g,) and `draws` (b, g) of the same over resamples; NaN where not measurable.

    `rests` (g,) is how many drawn units each value rests on; `share` whether it is a share of them.
    """

    name: str
    values: Array
    draws: Array
    rests: NDArray[np.int64]
    share: bool


@dataclass(frozen=True)
class Gap:
    """The largest of all differences between two groups (`high` minus `low`), or the smallest ratio of two.

    `interval` is None where the resamples cannot show it; else it holds for every pair of groups at once, so that the
    choice of the largest is paid for.
    """

    value: float
    interval: tuple[float, float] | None
    measure: str
    high: int
    low: int


def difference(measures: tuple[Measure, ...]) -> Gap | None:
    """The largest difference over all measures and pairs; None where no measure has two groups.

    Interval: d ± q·s with s the bootstrap's standard error and q the 95 % quantile of the largest |d* − d|/s over all
    pairs (Romano & Wolf 2005, doi:10.1198/016214504000000539). Where every resample is alike, Newcombe's interval of
    two shares (1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I).
    """
    pairs = [
        (measure, *_ordered(measure.values, a, b))
        for measure in measures
        for a, b in combinations(np.flatnonzero(np.isfinite(measure.values)).tolist(), 2)
    ]
    if not pairs:
        return None
    measure, high, low = max(pairs, key=lambda pair: pair[0].values[pair[1]] - pair[0].values[pair[2]])
    value = float(measure.values[high] - measure.values[low])
    spread = [(m.draws[:, a] - m.draws[:, b] - (m.values[a] - m.values[b])) for m, a, b in pairs]
    around = _around(spread, pairs.index((measure, high, low)))
    if around is None and measure.share:
        interval = _newcombe(measure, high, low)
    else:
        interval = None if around is None else (value - around, value + around)
    if interval is not None and measure.share:
        interval = max(-1.0, interval[0]), min(1.0, interval[1])
    return Gap(value, interval, measure.name, high, low)


def ratio(measures: tuple[Measure, ...]) -> Gap | None:
    """The smallest ratio over all measures and pairs, with its interval on the scale of logarithms; at most 1.

    None where no measure has two groups whose values are above 0, or 0 and above 0.
    """
    pairs = [
        (measure, *_ordered(measure.values, a, b))
        for measure in measures
        for a, b in combinations(np.flatnonzero(measure.values >= 0).tolist(), 2)
    ]
    pairs = [pair for pair in pairs if pair[0].values[pair[1]] > 0]
    if not pairs:
        return None
    measure, high, low = min(pairs, key=lambda pair: pair[0].values[pair[2]] / pair[0].values[pair[1]])
    value = float(measure.values[low] / measure.values[high])
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = [
            np.log(m.draws[:, b] / m.draws[:, a]) - np.log(m.values[b] / m.values[a])
            for m, a, b in pairs
            if m.values[b] > 0
        ]
    if value == 0.0:
        return Gap(value, None, measure.name, high, low)
    kept = [pair for pair in pairs if pair[0].values[pair[2]] > 0]
    around = _around(spread, kept.index((measure, high, low)))
    interval = None if around is None else (value * float(np.exp(-around)), value * float(np.exp(around)))
    return Gap(value, interval, measure.name, high, low)


def _ordered(values: Array, a: int, b: int) -> tuple[int, int]:
    return (a, b) if values[a] >= values[b] else (b, a)


def _around(spread: list[Array], place: int) -> float | None:
    """Half the width for the pair at `place` of deviations (b,) from their point values, for all pairs at once."""
    finite = [np.isfinite(one).mean() >= LEAST_SHARE for one in spread]
    errors = [float(np.std(one[np.isfinite(one)])) if whole else 0.0 for one, whole in zip(spread, finite, strict=True)]
    if not finite[place] or errors[place] <= 0:
        return None
    scaled = [np.abs(one) / error for one, error in zip(spread, errors, strict=True) if error > 0]
    largest = np.nanmax(np.where(np.isfinite(scaled), scaled, 0.0), axis=0)
    return float(np.quantile(largest, LEVEL)) * errors[place]


def _newcombe(measure: Measure, high: int, low: int) -> tuple[float, float] | None:
    """The interval of a difference of two shares, from Wilson's interval of each."""
    if min(measure.rests[high], measure.rests[low]) < 1:
        return None
    (top, up_low, up_high), (bottom, down_low, down_high) = (
        _wilson(float(measure.values[place]), int(measure.rests[place])) for place in (high, low)
    )
    value = top - bottom
    return (
        value - float(np.hypot(top - up_low, down_high - bottom)),
        value + float(np.hypot(up_high - top, bottom - down_low)),
    )


def _wilson(share: float, n: int) -> tuple[float, float, float]:
    """A share with the ends of its interval at 95 % (doi:10.2307/2276774)."""
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * float(np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2)))
    return share, max(0.0, centre - half), min(1.0, centre + half)
