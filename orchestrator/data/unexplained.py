"""What the other columns of a table leave of a target: likeness of rows that their features do not explain."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.data.columns import is_number, is_time
from orchestrator.data.seal import seconds

MOST_COLUMNS = 20
ROWS_A_TERM = 5  # so many rows for each term of the fit, at least
MOST_CATEGORIES = 10


def unexplained(features: pd.DataFrame, target: pd.Series, *, regression: bool) -> pd.Series | None:
    """The residuals of a least-squares fit to the target, by ranks of numbers and times, their squares, and categories.

    The target is its ranks, or 1 for rows of the commonest class and 0 for others. None where nothing can be fitted.
    """
    terms = [np.ones(len(target))]
    for name in list(features.columns)[:MOST_COLUMNS]:
        made = _terms(features[name])
        if (len(terms) + len(made)) * ROWS_A_TERM <= len(target):
            terms += made
    if len(terms) == 1:
        return None
    classes = target.astype(str)
    goal = target.astype(float).rank(pct=True) if regression else (classes == classes.mode().iloc[0]).astype(float)
    design = np.stack(terms, axis=1)
    fitted = design @ np.linalg.lstsq(design, goal.to_numpy(), rcond=None)[0]
    return pd.Series(goal.to_numpy() - fitted, index=target.index)


def _terms(column: pd.Series) -> list[NDArray[np.float64]]:
    if is_number(column) or is_time(column):
        plain = pd.Series(np.asarray(seconds(column), dtype=np.float64))
        ranks = np.asarray(plain.rank(pct=True).fillna(0.5), dtype=np.float64) - 0.5
        return [ranks, np.square(ranks)] if plain.nunique() > 1 else []
    if not 2 <= column.nunique() <= MOST_CATEGORIES:
        return []
    return [np.asarray(column == value, dtype=np.float64) for value in column.dropna().unique()[1:]]
