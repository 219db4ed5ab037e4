"""Exact copies of rows: found by their feature values, so that none stands on both sides of a split."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

NATURAL_SHARE = 0.5


def duplicate_units(features: pd.DataFrame) -> NDArray[np.int64]:
    """One code a row, equal exactly where all feature values are equal (missing equals missing)."""
    codes = np.zeros(len(features), dtype=np.int64)
    for name in features.columns:
        column, uniques = pd.factorize(features[name], use_na_sentinel=True)
        merged = codes * (len(uniques) + 1) + (np.asarray(column, dtype=np.int64) + 1)
        codes = np.unique(merged, return_inverse=True)[1].astype(np.int64)
    return codes


def repeats_are_natural(units: NDArray[np.int64]) -> bool:
    """Whether rows repeat because few combinations exist, not because rows were copied.

    Heuristic: fewer distinct rows than half of all. It takes a table that was pasted thrice for a natural one.
    """
    return len(np.unique(units)) < NATURAL_SHARE * len(units)
