"""Preprocessing, fitted inside the folds as a part of every model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skills.tabular.spec import Spec

MOST_CATEGORIES = 50
RARE = 5  # a category seen less often shares one column with the other rare and the unknown ones
DAY_S = 86400.0


class TimeCycles(TransformerMixin, BaseEstimator):
    """Times as days since 1970, and as sine and cosine of hour, weekday and day of the year where these vary.

    Which cycles are used is learned in `fit`, from its rows alone: the year from 60 days of span on, the week from 7,
    the hour where times of day differ. A missing time is NaN.
    """

    def fit(self, X: pd.DataFrame, y: Any = None) -> TimeCycles:
        self.cycles_ = {name: _cycles(X[name].dropna()) for name in X.columns}
        return self

    def transform(self, X: pd.DataFrame) -> NDArray[np.float64]:
        columns: list[Any] = []
        for name, cycles in self.cycles_.items():
            phases = _phases(X[name])
            columns.append(phases["days"])
            for cycle in cycles:
                columns += [np.sin(2 * np.pi * phases[cycle]), np.cos(2 * np.pi * phases[cycle])]
        return np.column_stack(columns).astype(np.float64)


def _phases(times: pd.Series) -> dict[str, NDArray[np.float64]]:
    days = ((times - pd.Timestamp(0)) / pd.Timedelta(days=1)).to_numpy(dtype=np.float64)
    return {
        "days": days,
        "hour": days % 1.0,
        "week": (days % 7.0) / 7.0,
        "year": (times.dt.dayofyear.to_numpy(dtype=np.float64) - 1.0) / 365.25,
    }


def _cycles(times: pd.Series) -> tuple[str, ...]:
    if times.empty:
        return ()
    days = _phases(times)["days"]
    span = days.max() - days.min()
    varies = {"hour": len(np.unique(days % 1.0)) > 1, "week": span >= 7, "year": span >= 60}
    return tuple(cycle for cycle, used in varies.items() if used)


class FillEmpty(TransformerMixin, BaseEstimator):
    """Columns without a single value where it was fitted become 0; other gaps stay NaN, which trees split on."""

    def fit(self, X: Any, y: Any = None) -> FillEmpty:
        self.empty_ = np.isnan(np.asarray(X, dtype=np.float64)).all(axis=0)
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:
        values = np.array(X, dtype=np.float64)
        values[:, self.empty_] = 0.0
        return values


def preprocessing(spec: Spec, *, for_linear: bool) -> Pipeline:
    """Columns to one matrix of floats. Trees keep NaN, which they can split on; a linear model gets no gaps.

    For the linear model every column, also a one-hot one, is standardised, so that the ridge treats all alike.
    """
    fill: Any = FillEmpty()
    if for_linear:
        fill = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    times = Pipeline([("cycles", TimeCycles()), ("fill", clone(fill))])
    categories = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        min_frequency=RARE,
        max_categories=MOST_CATEGORIES,
        sparse_output=False,
    )
    parts = [
        (name, step, columns)
        for name, step, columns in (
            ("numbers", fill, spec.numeric),
            ("categories", categories, spec.categorical),
            ("times", times, spec.time),
        )
        if columns
    ]
    table = ColumnTransformer(parts, sparse_threshold=0.0)
    return Pipeline([("table", table), *([("scale", StandardScaler())] if for_linear else [])])
