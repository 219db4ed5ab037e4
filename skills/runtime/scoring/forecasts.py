"""Scorers of forecasts: differences that respect the order of time, the course beside a baseline, autocorrelation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skills.runtime.scoring.blocks import block_interval, block_length
from skills.runtime.scoring.bootstrap import RESAMPLES
from skills.runtime.scoring.scored import Score, Scored, Scorer, unmeasured
from skills.runtime.scoring.table_metrics import REGISTRY, Regressed, gain, value, weighted
from skills.runtime.scoring.tables import Labels, Unmatched, read_labels, read_predictions, read_subject

Array = NDArray[np.float64]

OF_ABSOLUTE_ERRORS = ("mae", "median_ae", "mape")
LEVELS = 200  # of the picture's height: labels are sealed, so none is told to its last digit
MOST_SHOWN = 4  # times as many training values as sealed ones are drawn
MOST_STEPS = 400  # sealed steps that are drawn
LAGS = 40


def forecast_difference(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """Score `paired_difference`: by how much `predictions` beats `other` in `params["metric"]`; positive is better.

    Errors of neighbouring forecasts are alike, so the interval is a circular block bootstrap, whose blocks are as long
    as the dependence of the losses' difference asks for. Rows of one time are drawn together.
    """
    name, told = str(params["metric"]), str(params.get("subject", ""))
    labels = read_labels(files["labels"])
    try:
        ours, other = (read_subject(files[key], labels, params) for key in ("predictions", "other"))
        place = _steps(files["labels"])
    except Unmatched as wrong:
        return unmeasured("paired_difference", str(wrong), subject=told)
    if not isinstance(ours, Regressed) or not isinstance(other, Regressed):
        return unmeasured("paired_difference", "the labels are classes, not numbers", subject=told)
    both = value(name, ours), value(name, other)
    found = float(gain(name, *both))
    if not np.isfinite(found):
        return unmeasured("paired_difference", f"{name} is {both[0]:g} and {both[1]:g}: no comparison", subject=told)
    length = block_length(_by_step(_losses(name, other) - _losses(name, ours), place))
    between = block_interval(
        lambda weights: gain(name, weighted(name, ours, weights), weighted(name, other, weights)),
        place,
        length,
        seed=int(params.get("seed", 0)),
        resamples=int(params.get("resamples", RESAMPLES)),
    )
    against = params.get("other", "the other")
    drawn = f"over blocks of {length} in time" if between else "no interval: too few steps"
    text = f"{name}: {both[0]:.6g} against {both[1]:.6g} of {against}; positive is better; {drawn}"
    unit = str(params.get("unit", "")) if REGISTRY[name]["unit"] == "target" else ""
    score = Score("paired_difference", found, unit, *(between or (None, None)), len(labels.row_ids), told, text)
    return Scored((score,))


def forecast_course(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """Score `autocorrelation`, of the errors at one step; tables `course-SUBJECT` and `autocorrelation-SUBJECT`.

    `course` holds a row a step: time, the true value, and on sealed steps the forecast, its interval and the forecast
    of `other`; heights are snapped to `LEVELS`. Of several series that with the most sealed rows is drawn, `past` being
    the training rows with columns `params["target"]`, `["time"]` and `["group"]`; autocorrelations are their mean.
    """
    subject = str(params.get("subject", ""))
    labels = read_labels(files["labels"])
    try:
        found = read_subject(files["predictions"], labels, params)
        other, _ = read_predictions(files["other"], labels)
        place = _steps(files["labels"])
    except Unmatched as wrong:
        return unmeasured("autocorrelation", str(wrong), subject=subject)
    if not isinstance(found, Regressed):
        return unmeasured("autocorrelation", "the labels are classes, not numbers", subject=subject)
    groups = _groups(files, params, labels)
    series = [own[np.argsort(place[own], kind="stable")] for own in groups.values()]
    lags = min(LAGS, max(len(own) for own in series) // 2)
    if lags < 1:
        return unmeasured("autocorrelation", "too few sealed steps", subject=subject)
    parts = np.array([_autocorrelation(found.error[own], lags) for own in series if len(own) > lags])
    correlation = parts.mean(axis=0)
    bound = 1.96 / np.sqrt(max(len(own) for own in series) * len(parts))
    text = (
        f"correlation of neighbouring errors of the forecast; within {bound:.2g} of 0 it may be chance. Errors of one "
        "forecast of many steps are alike even where nothing is missed"
    )
    score = Score("autocorrelation", float(correlation[0]), n=len(labels.row_ids), subject=subject, text=text)
    rows = [[lag, float(one), bound] for lag, one in enumerate(correlation, start=1)]
    tables: dict[str, dict[str, list[Any]]] = {
        f"autocorrelation-{subject}": {"columns": ["steps apart", "correlation", "bound"], "rows": rows}
    }
    name, own = max(zip(groups, series, strict=True), key=lambda one: len(one[1]))
    outputs, columns = read_predictions(files["predictions"], labels)
    ends = [
        columns.index(f"{params['target']}{end}") for end in (".low", ".high") if f"{params['target']}{end}" in columns
    ]
    drawn = np.column_stack([found.truth, found.predicted, *(outputs[:, end] for end in ends), other[:, 0]])[own]
    times = _times(files["labels"])[own]
    past = _past(files["past"], params, name)
    tables[f"course-{subject}"] = _course(past, times, drawn, len(ends) == 2)
    return Scored((score,), tables)


def _course(past: _Past, times: Array, drawn: Array, intervals: bool) -> dict[str, list[Any]]:
    """Training values, then sealed ones, each height snapped to a grid over all that is drawn."""
    times, drawn = times[:MOST_STEPS], drawn[:MOST_STEPS]
    shown = min(len(past.times), MOST_SHOWN * len(times))
    before, values = past.times[len(past.times) - shown :], past.values[len(past.times) - shown :]
    heights = np.concatenate([values, drawn.ravel()])
    low, high = float(heights.min()), float(heights.max())
    step = (high - low) / LEVELS or 1.0

    def snap(amount: float) -> float:
        return low + (np.floor((amount - low) / step) + 0.5) * step

    rows: list[list[Any]] = [
        [float(at), snap(one), None, None, None, None] for at, one in zip(before, values, strict=True)
    ]
    for at, line in zip(times, drawn, strict=True):
        truth, forecast, *between, other = (snap(float(one)) for one in line)
        rows.append([float(at), truth, forecast, *(between if intervals else (None, None)), other])
    time = "seconds since 1970" if past.dates else "time"
    return {"columns": [time, "true", "forecast", "low", "high", "baseline"], "rows": rows}


@dataclass(frozen=True)
class _Past:
    """One series' training rows in the order of time, (n,) each; times in seconds since 1970 where they are dates."""

    times: Array
    values: Array
    dates: bool


def _past(path: Path, params: Mapping[str, Any], group: str) -> _Past:
    frame = pd.read_parquet(path)
    if params.get("group"):
        frame = frame[frame[params["group"]].astype(str) == group]
    times = _numbers(frame[params["time"]])
    order = np.argsort(times, kind="stable")
    dates = pd.api.types.is_datetime64_any_dtype(frame[params["time"]])
    return _Past(times[order], frame[params["target"]].to_numpy(dtype=np.float64)[order], bool(dates))


def _groups(files: Mapping[str, Path], params: Mapping[str, Any], labels: Labels) -> dict[str, NDArray[np.int64]]:
    """The sealed rows of each series, in the labels' order."""
    if not params.get("group"):
        return {"": np.arange(len(labels.row_ids))}
    frame = pd.read_parquet(files["rows"], columns=["row_id", params["group"]]).set_index("row_id")
    codes, names = pd.factorize(frame.loc[labels.row_ids.tolist(), params["group"]].astype(str))
    return {str(name): np.flatnonzero(codes == code) for code, name in enumerate(names)}


def _numbers(times: pd.Series) -> Array:
    """Seconds since 1970 for dates, numbers as they are."""
    if pd.api.types.is_datetime64_any_dtype(times):
        return np.asarray((times - pd.Timestamp(0)) / pd.Timedelta(seconds=1), dtype=np.float64)
    return np.asarray(times, dtype=np.float64)


def _times(path: Path) -> Array:
    with np.load(path, allow_pickle=False) as held:
        if "times" not in held.files:
            raise Unmatched("the labels have no times")
        return np.asarray(held["times"], dtype=np.float64)


def _steps(path: Path) -> NDArray[np.int64]:
    """Each row's place among the distinct times, from 0."""
    return np.unique(_times(path), return_inverse=True)[1].astype(np.int64)


def _losses(metric: str, found: Regressed) -> Array:
    return np.abs(found.error) if metric in OF_ABSOLUTE_ERRORS else found.error**2


def _by_step(values: Array, place: NDArray[np.int64]) -> Array:
    return np.asarray(np.bincount(place, weights=values) / np.bincount(place), dtype=np.float64)


def _autocorrelation(errors: Array, lags: int) -> Array:
    centred = errors - errors.mean()
    spread = float(centred @ centred)
    if spread <= 0:
        return np.zeros(lags)
    return np.array([float(centred[lag:] @ centred[: len(centred) - lag]) / spread for lag in range(1, lags + 1)])


SCORERS: dict[str, Scorer] = {"forecast_difference": forecast_difference, "forecast_course": forecast_course}
