"""Fits candidates to series: forecasts without a model, and models of what these miss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from skills.tabular.fitted import Fitted, Learned
from skills.tabular.rows import Rows
from skills.tabular.series import KNOWN, Base, Floats, Forecaster, Past, Places, beside, groups_of, pasts_of
from skills.tabular.spec import NAIVE, Series, Spec
from skills.tabular.steps import places

FARTHEST = 3  # training forecasts look ahead up to a third of the rows
ORIGINS = 3  # from so many origins each row is forecast in training
MANY_ROWS = 3000  # then from one

Fit = Callable[[str, Spec, Rows, int], Fitted]


@dataclass(frozen=True)
class Pairs:
    """Training forecasts: rows of the table, and of one past the origins and how far ahead of them the rows lie."""

    past: Past
    rows: Places
    origins: Places
    ahead: Places


def fit_series(name: str, spec: Spec, rows: Rows, seed: int, fit: Fit) -> Fitted:
    """A model learns, from rows forecast out of their own past, what has to be added to a forecast without a model.

    Every training row is forecast from origins before it, at random distances, with the values up to the origin
    alone. So nothing is known in training that is not known in use (direct forecasts of many horizons; Taieb &
    Hyndman 2012 compare such strategies). Built upon is the last season where one was found, else the last value.
    """
    assert spec.series is not None, "only a series is forecast"
    series, pasts = spec.series, pasts_of(rows, spec.series)
    seasons = [past.period for past in pasts.values() if past.period]
    told = {"period": float(np.median(seasons))} if seasons else {}
    if name in NAIVE:
        return Fitted(Forecaster(pasts, series, name), "closed_form", 1, 1, "none: values are repeated", told)
    pairs = _pairs(rows, series, pasts, seed)
    base: Base = "seasonal_naive" if seasons else "naive"
    derived = _derived(rows, pairs, base)
    inner = fit(name, spec.model_copy(update={"numeric": [*spec.numeric, *KNOWN], "series": None}), derived, seed)
    forecaster = Forecaster(pasts, series, base, inner=inner.pipeline)
    return replace(inner, pipeline=forecaster, chosen=inner.chosen | told, learned=Learned(inner, derived))


def _pairs(rows: Rows, series: Series, pasts: Mapping[str, Past], seed: int) -> list[Pairs]:
    """Every row but each series' first few, from origins drawn before it."""
    generator = np.random.default_rng([seed, 3])
    at, found = places(rows.features[series.time], series), []
    repeats = ORIGINS if len(rows) < MANY_ROWS else 1
    for key, own in groups_of(rows.features, series).items():
        past = pasts[key]
        first = max(1, min(past.period or 2, past.end // 2))
        place = at[own] - past.first
        kept = np.repeat(own[place > first], repeats)
        place = at[kept] - past.first
        most = np.maximum(1, np.minimum(place - first, (past.end + 1) // FARTHEST))
        ahead = 1 + (generator.random(len(place)) * most).astype(np.int64)
        found.append(Pairs(past, kept, place - ahead, ahead))
    return found


def _derived(rows: Rows, pairs: list[Pairs], base: Base) -> Rows:
    """One row a pair: the columns of its row, what was known at its origin, and what the forecast misses."""
    chosen = np.concatenate([one.rows for one in pairs])
    known: Floats = np.concatenate([one.past.known(one.origins, one.ahead, base) for one in pairs])
    bases = np.concatenate([one.past.base(one.origins, one.ahead, base) for one in pairs])
    by = None if rows.by is None else rows.by[chosen]
    return Rows(beside(rows.features.iloc[chosen], known), rows.target[chosen] - bases, by)
