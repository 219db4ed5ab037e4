"""Forecasts without a model, made by the host itself from the training rows: what a model of a series must beat."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.core.plan import DataStrategy, SeriesPlan
from orchestrator.data.seal import ROW_ID
from orchestrator.data.split import SplitRecord
from orchestrator.data.steps import places_of
from orchestrator.gates.forecast import DRIFT, LAST, SEASON
from orchestrator.measure.season import find_period

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


def write_naive(split: SplitRecord, data: DataStrategy, series: SeriesPlan, folder: Path) -> dict[str, Path]:
    """Predictions of every test row by the last training value, by the straight line from the first to the last, and
    by the last value of the same phase, where the training values show a season.

    Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., section 5.2. A group that has no training
    row is forecast by the mean of the groups' last values.
    """
    columns = [series.time, *([series.group] if series.group else [])]
    train = pd.read_parquet(split.train, columns=[*columns, data.target])
    test = pd.read_parquet(split.test_inputs, columns=[*columns, ROW_ID])
    pasts = {key: _past(rows, series, data.target) for key, rows in _parts(train, series).items()}
    unseen = float(np.mean([values[-1] for _, values in pasts.values()]))
    found = {name: np.full(len(test), unseen) for name in (LAST, DRIFT, SEASON)}
    seasonal = False
    for key, rows in _parts(test, series).items():
        if key not in pasts:
            continue
        first, values = pasts[key]
        ahead = np.maximum(1, places_of(rows[series.time], series) - first - (len(values) - 1))
        own = rows.index.to_numpy()
        period = find_period(values)
        seasonal |= period is not None
        found[LAST][own] = values[-1]
        found[DRIFT][own] = values[-1] + ahead * (values[-1] - values[0]) / max(1, len(values) - 1)
        found[SEASON][own] = values[-1] if period is None else values[len(values) - period + (ahead - 1) % period]
    folder.mkdir(parents=True, exist_ok=True)
    made = {name: folder / f"{name.replace(' ', '_')}.npz" for name in found if seasonal or name != SEASON}
    for name, path in made.items():
        ids = test[ROW_ID].to_numpy(dtype=np.int64)
        np.savez(path, row_ids=ids, outputs=found[name][:, None], output_names=np.array([data.target]))
    return made


def _parts(frame: pd.DataFrame, series: SeriesPlan) -> dict[str, pd.DataFrame]:
    frame = frame.reset_index(drop=True)
    if series.group is None:
        return {"": frame}
    return {str(key): rows for key, rows in frame.groupby(frame[series.group].astype(str), sort=False)}


def _past(rows: pd.DataFrame, series: SeriesPlan, target: str) -> tuple[int, Floats]:
    """(first step, a value a step); missing steps lie on the straight line between their neighbours."""
    at = places_of(rows[series.time], series)
    order = np.argsort(at, kind="stable")
    steps: Places = np.arange(at[order[0]], at[order[-1]] + 1)
    values = np.interp(steps, at[order], rows[target].to_numpy(np.float64)[order])
    return int(steps[0]), np.asarray(values, dtype=np.float64)
