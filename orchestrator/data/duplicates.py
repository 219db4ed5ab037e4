"""Exact copies of rows: found by their feature values, so that none stands on both sides of a split."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ROWS_A_COMBINATION = 5  # so many rows for every possible combination of values, and repeats are to be expected
PASTED_SHARE = 0.5
MANY_ROWS = 20  # that so many different rows all stand the same number of times is no accident
BY_CHANCE = 0.2  # repeats are natural where independent columns would bring this share of them


def duplicate_units(features: pd.DataFrame) -> NDArray[np.int64]:
    """One code a row, equal exactly where all feature values are equal (missing equals missing)."""
    codes = np.zeros(len(features), dtype=np.int64)
    for name in features.columns:
        column, uniques = pd.factorize(features[name], use_na_sentinel=True)
        merged = codes * (len(uniques) + 1) + (np.asarray(column, dtype=np.int64) + 1)
        codes = np.unique(merged, return_inverse=True)[1].astype(np.int64)
    return codes


def copies(features: pd.DataFrame, target: pd.Series, split: str) -> tuple[NDArray[np.int64], bool]:
    """(one code a row, equal for copies; whether copies are natural) in a table that is split so.

    Where whole groups or times are held out, equal features are no copy if a number was measured anew: the same visit
    of another patient, the same weekday a year later. There a row is a copy only with the same number to predict; and
    such repeats are natural where equal features and equal targets, apart from each other, bring a fifth of them.
    """
    apart, number = split in ("group", "time"), target.dtype.kind in "fiu"
    whole = features.assign(**{_free_name(features): target.to_numpy()})
    compared = whole if apart and number else features
    units = duplicate_units(compared)
    if apart:
        repeated = float((np.bincount(units)[units] > 1).mean())
        if repeated > 0 and _expected_repeats(features, duplicate_units(whole), target) >= BY_CHANCE * repeated:
            return units, True
    return units, repeats_are_natural(compared, target)


def _expected_repeats(features: pd.DataFrame, rows: NDArray[np.int64], target: pd.Series) -> float:
    """The share of rows that another one would equal by chance, as far as the different rows tell.

    A number agrees oftener among rows of equal features, by as much as it spreads less among these.
    """
    places = np.unique(rows, return_index=True)[1]
    codes, goal = duplicate_units(features.iloc[places]), target.iloc[places]
    alike = _pairs_alike(codes) * _pairs_alike(pd.factorize(goal)[0])
    narrower = _narrower(codes, goal.to_numpy(float)) if target.dtype.kind in "fiu" else 1.0
    return 1.0 - math.exp(-alike * narrower * (len(rows) - 1))


def _narrower(codes: NDArray[np.int64], values: NDArray[np.float64]) -> float:
    """The standard deviation of all values over that within codes, 1 at least; 1 where few rows share a code."""
    counts = np.bincount(codes)
    shared = counts[codes] > 1
    free = int(shared.sum()) - int((counts > 1).sum())
    if free < MANY_ROWS:
        return 1.0
    within = float(np.sqrt(((values - (np.bincount(codes, values) / counts)[codes])[shared] ** 2).sum() / free))
    return max(1.0, float(values.std()) / within) if within > 0 else 1.0


def _pairs_alike(codes: NDArray[np.int64]) -> float:
    """The share of pairs of rows that have the same code."""
    counts = np.bincount(codes).astype(float)
    return float((counts * (counts - 1)).sum()) / max(1, len(codes) * (len(codes) - 1))


def repeats_are_natural(features: pd.DataFrame, target: pd.Series) -> bool:
    """Whether rows repeat because few combinations can exist at all, not because rows were copied.

    Few: the product of the columns' distinct counts leaves five rows or more for each combination. Even then rows were
    pasted where whole rows, the target too, repeat although they could all differ, or all stand the same number of
    times. Heuristic: it misses rows copied at odd numbers of times in a table of one narrow column and few classes.
    """
    rows = len(features)
    possible = _combinations(features)
    if possible * ROWS_A_COMBINATION > rows:
        return False
    whole = np.unique(duplicate_units(features.assign(**{_free_name(features): target.to_numpy()})), return_counts=True)
    counts = whole[1]
    if possible * _combinations(target.to_frame()) > rows and len(counts) < PASTED_SHARE * rows:
        return False
    return not (len(counts) > MANY_ROWS and int(np.gcd.reduce(counts)) > 1)


def _combinations(columns: pd.DataFrame) -> int:
    return math.prod(int(columns[name].nunique(dropna=False)) for name in columns.columns)


def _free_name(features: pd.DataFrame) -> str:
    """A column name that no feature has."""
    return "target" + "_" * (1 + max((len(str(name)) for name in features.columns), default=0))
