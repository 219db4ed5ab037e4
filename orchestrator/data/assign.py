"""Decides which rows are test rows: random, stratified, by group, by time, or the tail."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Codes = NDArray[np.int64]
Generator = np.random.Generator

BINS = 10


def draw_random(units: Codes, fraction: float, generator: Generator) -> Mask:
    """True for test rows. Rows of one unit stay together; about `fraction` of the rows are drawn."""
    return np.isin(units, _draw_units(units, fraction, generator))


def draw_stratified(units: Codes, strata: Codes, fraction: float, generator: Generator) -> Mask:
    """As `draw_random` within every stratum; a unit belongs to the stratum of its first row.

    A stratum of one unit stays in training.
    """
    _, first, place = np.unique(units, return_index=True, return_inverse=True)
    stratum_of_row = strata[first][place]
    test = np.zeros(len(units), dtype=np.bool_)
    for stratum in np.unique(stratum_of_row):
        rows = np.flatnonzero(stratum_of_row == stratum)
        if len(np.unique(units[rows])) > 1:
            test[rows] = draw_random(units[rows], fraction, generator)
    return test


def _draw_units(units: Codes, fraction: float, generator: Generator) -> Codes:
    """Units in random order until the wanted rows are reached; one that would overshoot by more than it helps is left.

    At least one unit is drawn and one is left.
    """
    names, sizes = np.unique(units, return_counts=True)
    wanted = max(fraction * len(units), 1.0)
    order = generator.permutation(len(names))
    drawn: list[int] = []
    count = 0
    for place in order:
        if len(drawn) == len(names) - 1:
            break
        if abs(count + sizes[place] - wanted) < abs(count - wanted):
            drawn.append(int(place))
            count += int(sizes[place])
    if not drawn:
        drawn.append(int(np.argmin(sizes)))
    return np.asarray(names[drawn], dtype=np.int64)


def last_groups(groups: Codes, fraction: float) -> Mask:
    """True for the rows of the last groups in order of first appearance, about `fraction` of the rows."""
    names, first, sizes = np.unique(groups, return_index=True, return_counts=True)
    order = np.argsort(first)[::-1]
    wanted = max(fraction * len(groups), 1.0)
    taken = [int(order[0])]
    count = int(sizes[order[0]])
    for place in order[1:-1]:
        if abs(count + sizes[place] - wanted) >= abs(count - wanted):
            break
        taken.append(int(place))
        count += int(sizes[place])
    return np.isin(groups, names[taken])


def last_in_time(times: NDArray[np.float64], fraction: float) -> Mask:
    """True for the latest rows. Rows of one time stay on one side, the one that comes nearer to `fraction`."""
    ordered = np.sort(times)
    place = min(max(len(times) - max(round(fraction * len(times)), 1), 1), len(times) - 1)
    cut = ordered[place]
    with_ties = times >= cut
    without = times > cut
    wanted = fraction * len(times)
    sides = [side for side in (with_ties, without) if 0 < side.sum() < len(times)]
    if not sides:
        return np.zeros(len(times), dtype=np.bool_)
    return min(sides, key=lambda side: abs(side.sum() - wanted))


def tail(rows: int, fraction: float) -> Mask:
    """True for the last rows of the file."""
    test = np.zeros(rows, dtype=np.bool_)
    test[rows - min(max(round(fraction * rows), 1), rows - 1) :] = True
    return test


def bins(values: NDArray[np.float64]) -> Codes:
    """Up to ten strata of a number, by its quantiles."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.asarray(np.searchsorted(edges, values, side="right"), dtype=np.int64)
