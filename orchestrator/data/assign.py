"""Decides which rows are test rows: random, stratified, by group, by time, or the tail."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Codes = NDArray[np.int64]
Generator = np.random.Generator

BINS = 10
TRIED = 20  # numbers of held-out groups, and cutoffs in time


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


def later_groups(groups: Codes, times: NDArray[np.float64], fraction: float, generator: Generator) -> tuple[Mask, Mask]:
    """(test rows, rows that stay): test rows are of groups without a training row and later than every training row.

    The groups that begin last are tried as test groups, those that begin together in random order, with a cutoff in
    time; rows of a test group before it and of a training group after it stay on neither side. Of up to 20 x 20 choices
    the one that keeps most rows, with a share of test rows within a quarter of `fraction` if any has one.
    """
    names, place = np.unique(groups, return_inverse=True)
    first = np.full(len(names), np.inf)
    np.minimum.at(first, place, times)
    order = np.lexsort((generator.random(len(names)), first))
    rank = np.empty(len(names), dtype=np.int64)
    rank[order] = np.arange(len(names))
    ranks = rank[place]
    test, kept = np.zeros(len(groups), dtype=np.bool_), np.ones(len(groups), dtype=np.bool_)
    best = (False, -np.inf)
    for held in np.unique(np.linspace(1, max(1, len(names) - 1), TRIED).astype(np.int64)):
        late = ranks >= len(names) - held
        for cutoff in np.unique(np.quantile(times, np.linspace(0.05, 0.95, TRIED), method="higher")):
            after = times >= cutoff
            count, trained = int((late & after).sum()), int((~late & ~after).sum())
            if not count or not trained:
                continue
            off = abs(count / (count + trained) - fraction)
            rating = (off <= fraction / 4, float(count + trained) if off <= fraction / 4 else -off)
            if rating > best:
                best, test, kept = rating, late & after, late == after
    return test, kept


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
