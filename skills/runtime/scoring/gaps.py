"""Gaps between groups: largest differences and smallest ratios, with intervals that hold for all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from skills.runtime.scoring.bootstrap import LEAST_SHARE, LEVEL

Array = NDArray[np.float64]
Key = TypeVar("Key")
Z = 1.959964


@dataclass(frozen=True, eq=False)
class Measure:
    """One number of every group: `values` (g,) and `draws` (b, g) of the same over resamples; NaN where not measurable.

    `ends` (g, 2) are each group's own interval; `share` whether the number is a share, so that gaps lie in [-1, 1].
    """

    name: str
    values: Array
    draws: Array
    ends: Array
    share: bool


@dataclass(frozen=True)
class Gap:
    """Of a family of measures the largest difference of two groups (`high` minus `low`), or their smallest ratio.

    `interval` is of the largest true gap: its ends are the largest (of ratios the smallest) ends of all pairs, which
    hold for all pairs of all families at once; None where a pair has none. `sure` is the pair, and its measure, that
    is farthest from no gap at its near end.
    """

    value: float
    interval: tuple[float, float] | None
    measure: str
    high: int
    low: int
    sure: tuple[str, int, int] | None = None


Pair = tuple[Measure, int, int]
Effect = Callable[[Array, Array], Array]


def differences(families: Mapping[Key, tuple[Measure, ...]]) -> dict[Key, Gap | None]:
    """The largest difference of every family; None where none of its measures has two groups.

    A pair's interval is d ± q·s with s the bootstrap's standard error of d and q the 95 % quantile of the largest
    |d* − d|/s of all pairs (Romano & Wolf 2005, doi:10.1198/016214504000000539). Where every resample gives the same d
    it is made of the two groups' own intervals (Zou & Donner 2008, doi:10.1002/sim.3095).
    """
    return _largest(families, np.subtract)


def ratios(families: Mapping[Key, tuple[Measure, ...]]) -> dict[Key, Gap | None]:
    """The smallest ratio of every family, at most 1, with the intervals of `differences` on the scale of logarithms.

    None where none of its measures has two groups of which one lies above 0; without interval where the ratio is 0.
    """
    found = _largest(families, _log_ratio)
    return {key: None if gap is None else _as_ratio(gap) for key, gap in found.items()}


def _as_ratio(gap: Gap) -> Gap:
    ends = gap.interval and (float(np.exp(-gap.interval[1])), float(np.exp(-gap.interval[0])))
    return replace(gap, value=float(np.exp(-gap.value)), interval=ends)


def _log_ratio(high: Array, low: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(high) - np.log(low)


def _largest(families: Mapping[Key, tuple[Measure, ...]], effect: Effect) -> dict[Key, Gap | None]:
    """Of every family the pair with the largest effect, with the interval of the largest true effect."""
    pairs = {key: [pair for measure in family for pair in _pairs(measure, effect)] for key, family in families.items()}
    width = _simultaneous([pair for own in pairs.values() for pair in own], effect)
    return {key: _gap(own, effect, width) if own else None for key, own in pairs.items()}


def _gap(pairs: list[Pair], effect: Effect, width: float) -> Gap:
    measure, high, low = max(pairs, key=lambda pair: _point(pair, effect))
    value = _point((measure, high, low), effect)
    intervals = [_interval(pair, effect, width) for pair in pairs]
    known = [interval for interval in intervals if interval is not None]
    if len(known) < len(intervals):
        return Gap(value, None, measure.name, high, low)
    place = int(np.argmax([interval[0] for interval in known]))
    sure = (pairs[place][0].name, *pairs[place][1:])
    return Gap(value, (known[place][0], max(end for _, end in known)), measure.name, high, low, sure)


def _interval(pair: Pair, effect: Effect, width: float) -> tuple[float, float] | None:
    value, error = _point(pair, effect), _error(pair, effect)
    if error > 0:
        ends = value - width * error, value + width * error
    elif effect is np.subtract and np.isfinite(pair[0].ends[list(pair[1:])]).all():
        ends = _from_two(pair)
    else:
        return None
    return (max(-1.0, ends[0]), min(1.0, ends[1])) if pair[0].share and effect is np.subtract else ends


def _from_two(pair: Pair) -> tuple[float, float]:
    """The interval of a difference from the intervals of both numbers."""
    measure, high, low = pair
    (top_low, top_high), (bottom_low, bottom_high) = measure.ends[high], measure.ends[low]
    top, bottom = float(measure.values[high]), float(measure.values[low])
    return (
        top - bottom - float(np.hypot(top - top_low, bottom_high - bottom)),
        top - bottom + float(np.hypot(top_high - top, bottom - bottom_low)),
    )


def _pairs(measure: Measure, effect: Effect) -> list[Pair]:
    """Two groups each, the one with the higher value first, where the effect of the two is a number or infinite."""
    groups = sorted(np.flatnonzero(np.isfinite(measure.values)), key=lambda place: -measure.values[place])
    pairs = [(measure, int(high), int(low)) for high, low in combinations(groups, 2)]
    return [pair for pair in pairs if not np.isnan(_point(pair, effect))]


def _point(pair: Pair, effect: Effect) -> float:
    measure, high, low = pair
    return float(effect(measure.values[high], measure.values[low]))


def _deviation(pair: Pair, effect: Effect) -> Array:
    """(b,) of the resamples' effects from the effect itself; NaN where a resample cannot show it."""
    measure, high, low = pair
    away = effect(measure.draws[:, high], measure.draws[:, low]) - _point(pair, effect)
    return np.where(np.isfinite(away), away, np.nan)


def _error(pair: Pair, effect: Effect) -> float:
    """The standard error of an effect; 0 where too few resamples show it, or all alike."""
    if not np.isfinite(_point(pair, effect)):
        return 0.0
    away = _deviation(pair, effect)
    shown = np.isfinite(away)
    return float(np.std(away[shown])) if shown.mean() >= LEAST_SHARE else 0.0


def _simultaneous(pairs: list[Pair], effect: Effect) -> float:
    """By how many standard errors 95 % of the resamples miss the worst of all effects at most."""
    largest: Array | None = None
    for pair in pairs:
        error = _error(pair, effect)
        if error > 0:
            scaled = np.nan_to_num(np.abs(_deviation(pair, effect)) / error)
            largest = scaled if largest is None else np.maximum(largest, scaled)
    return Z if largest is None else float(np.quantile(largest, LEVEL))


def wilson(shares: Array, counts: Array) -> Array:
    """(g, 2): the interval of each share of so many at 95 % (doi:10.2307/2276774); NaN where there are none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = (shares + Z**2 / (2 * counts)) / (1 + Z**2 / counts)
        half = Z / (1 + Z**2 / counts) * np.sqrt(shares * (1 - shares) / counts + Z**2 / (4 * counts**2))
    return np.stack([np.maximum(0.0, centre - half), np.minimum(1.0, centre + half)], axis=1)
