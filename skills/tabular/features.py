"""Preprocessing, fitted inside the folds as a part of every model."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

from skills.tabular.spec import Spec
from skills.tabular.words import Words

Kind = Literal["linear", "forest", "native"]

MOST_CATEGORIES = 50  # with more, the target's mean given the category takes their place
INNER_FOLDS = 5
TOPICS = 24
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


class ByCardinality:
    """Chooses, among columns of categories, those with many different values in the rows to fit, or the others."""

    def __init__(self, names: list[str], *, many: bool) -> None:
        self.names, self.many = names, many

    def __call__(self, features: pd.DataFrame) -> list[str]:
        return [name for name in self.names if (features[name].nunique() > MOST_CATEGORIES) == self.many]


def preprocessing(spec: Spec, kind: Kind, seed: int) -> ColumnTransformer:
    """Columns to one matrix of floats: for a linear model, a forest, or boosting that knows categories ("native").

    Trees keep NaN, which they can split on; a linear model gets no gaps. For it every column, also a one-hot one, is
    standardised, so that the ridge treats all alike; words are not, since their weights have length 1 a row already.
    Categories of many values become the target's mean given the value, where no row's own target enters what it is
    trained with: `TargetEncoder` fits and encodes on different inner folds.
    """
    parts: list[tuple[str, list[TransformerMixin], Any]] = []
    if spec.numeric:
        parts.append(("numbers", [_fill(kind)], spec.numeric))
    if spec.categorical:
        parts.append(("categories", [_codes(kind)], ByCardinality(spec.categorical, many=False)))
        parts.append(("means", [_means(spec, seed)], ByCardinality(spec.categorical, many=True)))
    if spec.time:
        parts.append(("times", [TimeCycles(), _fill(kind)], spec.time))
    scale = [StandardScaler] if kind == "linear" else []
    prepared = [(name, make_pipeline(*steps, *(each() for each in scale)), columns) for name, steps, columns in parts]
    topics = None if kind == "linear" else TOPICS
    words = [(f"words {place}", Words(topics, seed), name) for place, name in enumerate(spec.text)]
    return ColumnTransformer([*prepared, *words], sparse_threshold=0.0)


def native_categories(prepare: ColumnTransformer) -> tuple[int, ...]:
    """The columns of a fitted preprocessing (kind "native") that hold codes of categories."""
    place = prepare.output_indices_.get("categories", slice(0, 0))
    return tuple(range(place.start, place.stop))


def _fill(kind: Kind) -> TransformerMixin:
    if kind == "linear":
        return SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    return FillEmpty()


def _codes(kind: Kind) -> TransformerMixin:
    """One-hot columns, or codes where boosting splits sets of them; rare values share one, unknown ones as well."""
    few = {"min_frequency": RARE, "max_categories": MOST_CATEGORIES}
    if kind == "native":
        return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, **few)
    return OneHotEncoder(handle_unknown="infrequent_if_exist", sparse_output=False, **few)


def _means(spec: Spec, seed: int) -> TransformerMixin:
    """Micci-Barreca (2001), doi:10.1145/507533.507538, with the shrinkage of empirical Bayes."""
    kinds = {"regression": "continuous", "binary": "binary", "multiclass": "multiclass"}
    return TargetEncoder(target_type=kinds[spec.task], cv=INNER_FOLDS, random_state=seed)
