"""Near copies of rows: one row twice, its numbers rounded or shaken a little, told from natural neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.data.columns import is_number, is_time
from orchestrator.data.duplicates import duplicate_units
from orchestrator.data.seal import seconds

TOLERANCE = 0.01  # robust spreads by which every number of a near copy may differ
CELL = 2 * TOLERANCE  # two numbers so near share a cell of this width, or one of cells shifted by half of it
MOST_CUTS = 4  # numeric columns that are cut into cells to find candidates
MOST_LAGS = 48  # rows of one cell that each row is compared with, nearest first
SAMPLE = 20_000  # rows on which the columns to cut are chosen
LOOKED_AT = 100  # rows whose neighbours are measured, at least
MOST_DISTANCES = 1e8  # numbers that are compared for it, at most, unless those are fewer rows
CELLS_AT_ONCE = 20_000_000
NEIGHBOUR, HALFWAY = 10, 5  # the neighbours that say how far apart rows lie by nature
RATIO = 0.05  # a near copy is this much nearer than the tenth neighbour, or more
FEW = 2.0  # so many times what is expected by accident, and so many rows beyond it, may be so near
FEW_SHARE, FEW_AT_MOST = 0.01, 20.0  # or this share of the rows beyond it, up to so many rows
MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, so that cells of several columns share a key by accident alone

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Pairs = NDArray[np.int64]


@dataclass(frozen=True)
class _Rows:
    """`codes` (n,) equal where all that is no number is equal; `numbers` (n, d) in robust spreads, 0 where missing.

    The last `told` columns of `numbers` belong to the target.
    """

    codes: Codes
    numbers: Floats
    told: int


def near_copies(features: pd.DataFrame, target: pd.Series) -> Pairs:
    """Pairs (m, 2) of row positions, the lower first, that hold one row twice, its numbers rounded or shaken a little.

    All numbers, the target too, differ by at most `TOLERANCE` spreads, and all other cells are equal. Exact copies are
    not among them. A spread is the standard deviation once the lowest and the highest hundredth are clipped.

    Rows so near are natural in a crowd. So a pair counts only if it is `RATIO` times as far apart as the tenth
    neighbour, or less, and pairs are reported only if they are more than a table of this dimension brings by chance.
    The dimension is estimated from two neighbours' distances (Levina and Bickel 2004, "Maximum likelihood estimation
    of intrinsic dimension", NIPS 17), by the median. Heuristic: it sees nothing in one column that fills a line
    densely, no rows copied more than five times, and not everything in cells of very many rows.
    """
    rows = _rows(features, target)
    width = rows.numbers.shape[1]
    none = np.zeros((0, 2), dtype=np.int64)
    if width == rows.told or len(features) <= NEIGHBOUR:
        return none
    pairs = _candidates(rows)
    if not len(pairs):
        return none
    generator = np.random.default_rng(0)
    involved = generator.permutation(np.unique(pairs))
    looked = involved[: max(LOOKED_AT, int(MOST_DISTANCES / (len(features) * width)))]
    away = _neighbours(rows, looked)
    if _natural(rows, away, len(involved), generator):
        return none
    crowd = np.full(len(features), float(np.median(away[:, -1])))
    crowd[looked] = away[:, -1]
    apart = np.abs(rows.numbers[pairs[:, 0]] - rows.numbers[pairs[:, 1]]).max(axis=1)
    return np.asarray(pairs[apart <= RATIO * crowd[pairs].min(axis=1)], dtype=np.int64)


def _natural(rows: _Rows, away: Floats, involved: int, generator: np.random.Generator) -> bool:
    """Whether as many rows have so near a neighbour as chance brings; `away` are neighbours of some of the involved."""
    count, width = rows.numbers.shape
    anyone = _neighbours(rows, generator.permutation(count)[:LOOKED_AT])
    dimension = min(_dimension(away, width), _dimension(anyone, width))
    by_chance = count * (1.0 - (1.0 - RATIO**dimension) ** (NEIGHBOUR - 1))
    observed = float((away[:, 0] <= RATIO * away[:, -1]).mean()) * involved
    return bool(observed <= FEW * by_chance + max(FEW, min(FEW_SHARE * count, FEW_AT_MOST)))


def _rows(features: pd.DataFrame, target: pd.Series) -> _Rows:
    numeric: list[pd.Series] = []
    others: list[pd.Series] = []
    for name in features.columns:
        column = features[name].reset_index(drop=True)
        (numeric if is_number(column) or is_time(column) else others).append(column)
    goal = target.reset_index(drop=True)
    told = int(is_number(goal))
    (numeric if told else others).append(goal)
    scaled = [_scaled(column) for column in numeric]
    gaps = [pd.Series(np.isnan(column)) for column in scaled if np.isnan(column).any()]
    coded = [*others, *gaps]
    frame = pd.DataFrame({str(place): column for place, column in enumerate(coded)}, index=goal.index)
    numbers = np.stack(scaled, axis=1) if scaled else np.zeros((len(goal), 0))
    return _Rows(duplicate_units(frame), np.nan_to_num(numbers), told)


def _scaled(column: pd.Series) -> Floats:
    plain = np.asarray(seconds(column), dtype=np.float64)
    present = plain[np.isfinite(plain)]
    if not len(present):
        return np.full(len(plain), np.nan)
    inner = np.clip(present, *np.quantile(present, [0.01, 0.99]))
    spread = max(float(inner.std()), 0.1 * float(present.std())) or 1.0
    return np.asarray((plain - np.median(present)) / spread, dtype=np.float64)


def _candidates(rows: _Rows) -> Pairs:
    """All pairs of near rows, but for cells so crowded that not everyone is compared with everyone.

    Two numbers at most half a cell apart share a cell of one grid or of the grid shifted by half a cell, so every near
    pair shares all cells of the k cut columns for one of 2^k choices of grids.
    """
    cuts = _cuts(rows)
    order_by = rows.numbers @ np.random.default_rng(1).normal(size=rows.numbers.shape[1])
    found = []
    for choice in range(2 ** len(cuts)):
        keys = rows.codes.astype(np.uint64)
        for place, column in enumerate(cuts):
            shift = 0.5 * (choice >> place & 1)
            keys = keys * MIX + _cell(rows.numbers[:, column], shift)
        found.append(_within(rows, keys, order_by))
    pairs = np.unique(np.concatenate(found), axis=0)
    return np.asarray(pairs, dtype=np.int64)


def _cell(numbers: Floats, shift: float) -> NDArray[np.uint64]:
    return np.asarray(np.floor(np.clip(numbers / CELL, -1e15, 1e15) + shift), dtype=np.int64).astype(np.uint64)


def _cuts(rows: _Rows) -> list[int]:
    """The columns that together cut the rows into the most cells, chosen one after the other."""
    some = np.random.default_rng(2).permutation(len(rows.codes))[:SAMPLE]
    cells = [_cell(column, 0.0) for column in rows.numbers[some].T]
    keys = rows.codes[some].astype(np.uint64)
    free = sorted(range(len(cells)), key=lambda place: -len(np.unique(cells[place])))[:12]
    chosen: list[int] = []
    while free and len(chosen) < MOST_CUTS and len(np.unique(keys)) < 0.9 * len(keys):
        joined = {place: keys * MIX + cells[place] for place in free}
        best = max(free, key=lambda place: len(np.unique(joined[place])))
        keys = joined[best]
        free.remove(best)
        chosen.append(best)
    return chosen


def _within(rows: _Rows, keys: NDArray[np.uint64], order_by: Floats) -> Pairs:
    """Near pairs among rows of one key, each compared with the next ones along a random direction."""
    order = np.lexsort((order_by, keys))
    sorted_keys = keys[order]
    found = [np.zeros((0, 2), dtype=np.int64)]
    for lag in range(1, min(MOST_LAGS, len(order) - 1) + 1):
        here = np.flatnonzero(sorted_keys[:-lag] == sorted_keys[lag:])
        if not len(here):
            break
        first, second = order[here], order[here + lag]
        same = rows.codes[first] == rows.codes[second]
        found.append(_near(rows, first[same], second[same]))
    return np.concatenate(found)


def _near(rows: _Rows, first: Codes, second: Codes) -> Pairs:
    """Those of the pairs that differ by at most the tolerance in every number, and in one feature at least."""
    differs = np.zeros(len(first), dtype=np.bool_)
    for place in range(rows.numbers.shape[1]):
        column = rows.numbers[:, place]
        away = np.abs(column[first] - column[second])
        kept = away <= TOLERANCE
        if place < rows.numbers.shape[1] - rows.told:
            differs |= away > 0
        first, second, differs = first[kept], second[kept], differs[kept]
    first, second = first[differs], second[differs]
    return np.stack([np.minimum(first, second), np.maximum(first, second)], axis=1)


def _neighbours(rows: _Rows, chosen: Codes) -> Floats:
    """Distances (m, 10) to the nearest rows that differ, in ascending order.

    A distance is the largest difference of a number, and at least one spread where anything else differs.
    """
    block = max(1, CELLS_AT_ONCE // max(1, len(rows.codes)))
    found = []
    for start in range(0, len(chosen), block):
        some = chosen[start : start + block]
        away = np.where(rows.codes[some][:, None] == rows.codes[None, :], 0.0, 1.0)
        for column in rows.numbers.T:
            np.maximum(away, np.abs(column[some][:, None] - column[None, :]), out=away)
        away[away == 0] = np.inf
        found.append(np.sort(np.partition(away, NEIGHBOUR - 1, axis=1)[:, :NEIGHBOUR], axis=1))
    return np.concatenate(found)


def _dimension(distances: Floats, width: int) -> float:
    """How many directions the rows fill, from 1 to the number of columns."""
    near, far = distances[:, HALFWAY - 1], distances[:, NEIGHBOUR - 1]
    told = np.isfinite(far) & (far > near)
    if not told.any():
        return float(width)
    return float(np.clip(np.log(NEIGHBOUR / HALFWAY) / np.median(np.log(far[told] / near[told])), 1.0, width))
