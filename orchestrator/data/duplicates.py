"""Exact copies of rows: found by their feature values, so that none stands on both sides of a split."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ROWS_A_COMBINATION = 5  # so many rows for every possible combination of values, and repeats are to be expected
PASTED_SHARE = 0.5
MANY_ROWS = 20  # that so many different rows all stand the same number of times is no accident


def duplicate_units(features: pd.DataFrame) -> NDArray[np.int64]:
    """One code a row, equal exactly where all feature values are equal (missing equals missing)."""
    codes = np.zeros(len(features), dtype=np.int64)
    for name in features.columns:
        column, uniques = pd.factorize(features[name], use_na_sentinel=True)
        merged = codes * (len(uniques) + 1) + (np.asarray(column, dtype=np.int64) + 1)
        codes = np.unique(merged, return_inverse=True)[1].astype(np.int64)
    return codes


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
