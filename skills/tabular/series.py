"""Series forecast from their own past: what is known at an origin, and the forecasts that repeat or extend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.pipeline import Pipeline

from skills.tabular.period import find_period
from skills.tabular.rows import Rows
from skills.tabular.spec import Series
from skills.tabular.steps import places

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Base = Literal["naive", "drift", "seasonal_naive"]

RECENT = 12  # steps that tell the recent level and slope where there is no season
KNOWN = (
    "known base", "known steps", "known drift", "known slope",
    "known level", "known last", "known change", "known growth",
)  # fmt: skip
ONE = ""  # the key of the only series


@dataclass(frozen=True)
class Past:
    """One series' known values (n,) from step `first` on, one a step, gaps filled; the season's length in steps."""

    first: int
    values: Floats
    period: int | None

    @property
    def end(self) -> int:
        return len(self.values) - 1

    def knowing(self, at: Places, values: Floats) -> Past:
        """The same series with the values of more steps, or with newer ones of its own; the season stays."""
        held = dict(zip((self.first + np.arange(len(self.values))).tolist(), self.values.tolist(), strict=True))
        held |= dict(zip(at.tolist(), values.tolist(), strict=True))
        steps = np.array(sorted(held), dtype=np.int64)
        return replace(past_of(steps, np.array([held[step] for step in steps.tolist()])), period=self.period)

    def base_places(self, origins: Places, ahead: Places, base: Base) -> Places:
        """Where the repeated value stands: at the origin, or at the same phase of the last season known there."""
        if base != "seasonal_naive" or self.period is None:
            return origins
        behind = origins + ahead - self.period * np.ceil(ahead / self.period).astype(np.int64)
        return np.where(behind >= 0, behind, origins)

    def base(self, origins: Places, ahead: Places, base: Base) -> Floats:
        """The forecast without a model, made at places `origins` for so many steps `ahead`.

        Naive: the last value. Drift: the straight line from the first value to the last, prolonged. Seasonal: the last
        value of the same phase. Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., section 5.2.
        """
        values = self.values[self.base_places(origins, ahead, base)]
        if base == "drift":
            slope = (self.values[origins] - self.values[0]) / np.maximum(1, origins)
            values = values + slope * ahead
        return np.asarray(values, dtype=np.float64)

    def known(self, origins: Places, ahead: Places, base: Base) -> Floats:
        """What the values up to each origin say of the value so many steps ahead: (n, 8), named `KNOWN`."""
        at = self.base_places(origins, ahead, base)
        first, last = self.values[at], self.values[origins]
        width = self.period or RECENT
        sums = np.r_[0.0, np.cumsum(self.values)]
        start = np.maximum(0, origins - width + 1)
        level = (sums[origins + 1] - sums[start]) / (origins + 1 - start)
        before = np.maximum(0, origins - width)
        recent = (last - self.values[before]) / np.maximum(1, origins - before)
        overall = (last - self.values[0]) / np.maximum(1, origins)
        change = last - self.values[np.maximum(0, origins - 1)]
        earlier = self.values[np.maximum(0, at - width)]
        away = origins + ahead - at
        columns = (
            first, ahead, recent * away, overall * away, level - first, last - first, change, first - earlier,
        )  # fmt: skip
        return np.column_stack(columns).astype(np.float64)


class Forecaster(RegressorMixin, BaseEstimator):
    """A forecast without a model, and what a fitted `inner` pipeline adds to it, for rows of the columns it has seen.

    `pasts` are the training values by group; a group that is not among them is forecast by their mean end.
    """

    def __init__(
        self, pasts: Mapping[str, Past], series: Series, base: Base, *, inner: Pipeline | None = None
    ) -> None:  # fmt: skip
        self.pasts = pasts
        self.series = series
        self.base = base
        self.inner = inner

    def fit(self, X: pd.DataFrame, y: Any = None) -> Forecaster:
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict(self, X: pd.DataFrame) -> Floats:
        """From the end of the training values; for their own times from one step before."""
        base = np.empty(len(X))
        for past, own, origins, ahead in self._asked(X):
            base[own] = past.base(origins, ahead, self.base)
        return base if self.inner is None else base + self.inner.predict(self._derived(X))

    def knowing(self, rows: Rows) -> Forecaster:
        """The same forecaster at the end of these known rows; what it has learned stays."""
        at, pasts = places(rows.features[self.series.time], self.series), dict(self.pasts)
        for key, own in groups_of(rows.features, self.series).items():
            values, past = np.asarray(rows.target, dtype=np.float64)[own], pasts.get(key)
            pasts[key] = past.knowing(at[own], values) if past else past_of(at[own], values)
        return Forecaster(pasts, self.series, self.base, inner=self.inner)

    def transform(self, X: pd.DataFrame) -> Floats:
        """What enters the inner model."""
        assert self.inner is not None, "a forecast without a model has no features"
        return np.asarray(self.inner["prepare"].transform(self._derived(X)), dtype=np.float64)

    def _asked(self, X: pd.DataFrame) -> list[tuple[Past, Places, Places, Places]]:
        """For every group of rows: its past, the rows, their origins, and how many steps ahead of these they lie."""
        found, at = [], places(X[self.series.time], self.series)
        for key, own in groups_of(X, self.series).items():
            past = self.pasts.get(key) or self._unseen(at[own])
            place = at[own] - past.first
            origins = np.clip(place - 1, 0, past.end)
            found.append((past, own, origins, np.maximum(1, place - origins)))
        return found

    def _unseen(self, at: Places) -> Past:
        ends = [past.values[-1] for past in self.pasts.values()]
        return Past(int(at.min()) - 1, np.array([float(np.mean(ends))]), None)

    def _derived(self, X: pd.DataFrame) -> pd.DataFrame:
        known = np.empty((len(X), len(KNOWN)))
        for past, own, origins, ahead in self._asked(X):
            known[own] = past.known(origins, ahead, self.base)
        return beside(X, known)


def beside(features: pd.DataFrame, known: Floats) -> pd.DataFrame:
    """The columns of the rows, and what was known of them."""
    return pd.concat([features.reset_index(drop=True), pd.DataFrame(known, columns=list(KNOWN))], axis=1)


def groups_of(features: pd.DataFrame, series: Series) -> dict[str, Places]:
    """The rows of each series."""
    if series.group is None:
        return {ONE: np.arange(len(features), dtype=np.int64)}
    codes, names = pd.factorize(features[series.group].astype(str))
    return {str(name): np.flatnonzero(codes == code).astype(np.int64) for code, name in enumerate(names)}


def pasts_of(rows: Rows, series: Series) -> dict[str, Past]:
    """Each series' training values on its calendar."""
    at, values = places(rows.features[series.time], series), np.asarray(rows.target, dtype=np.float64)
    return {key: past_of(at[own], values[own]) for key, own in groups_of(rows.features, series).items()}


def past_of(at: Places, values: Floats) -> Past:
    """Values (n,) at steps `at`, in any order; missing steps lie on the straight line between their neighbours.

    The season's length is found in these values alone.
    """
    order = np.argsort(at, kind="stable")
    steps = np.arange(at[order[0]], at[order[-1]] + 1)
    filled = np.interp(steps, at[order], values[order])
    return Past(int(steps[0]), filled, find_period(filled))
