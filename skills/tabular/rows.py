"""The training rows and the rows to predict, with every column checked and typed."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skills.runtime.job import UserMistake
from skills.tabular.spec import Spec

LEAST_ROWS = 8
MISSING = "(missing)"  # a category of its own: that a value is missing may tell something
TRUE_WORDS = ("true", "yes", "y", "t", "on")
FALSE_WORDS = ("false", "no", "n", "f", "off")
TRUTH = dict.fromkeys(TRUE_WORDS, 1.0) | dict.fromkeys(FALSE_WORDS, 0.0)


@dataclass(frozen=True)
class Rows:
    """Features (n rows), the target (float64, or text for classes), group or time codes, and times beside groups."""

    features: pd.DataFrame
    target: NDArray[Any]
    by: NDArray[Any] | None
    moment: NDArray[Any] | None = None

    def __len__(self) -> int:
        return len(self.target)

    def take(self, places: NDArray[np.int64]) -> Rows:
        """The rows at these places, in their order."""
        by = None if self.by is None else self.by[places]
        moment = None if self.moment is None else self.moment[places]
        return Rows(self.features.iloc[places], self.target[places], by, moment)


def read_training(path: Path, spec: Spec) -> Rows:
    """Raises: UserMistake for columns that are not there, too few rows, and a target that teaches nothing."""
    frame = pd.read_parquet(path)
    wanted = [*spec.features, spec.target, *filter(None, (spec.cv.column, spec.cv.moment))]
    _check_columns(frame, wanted)
    target = _target(frame[spec.target], spec)
    if len(frame) < LEAST_ROWS:
        raise UserMistake(f"{len(frame)} training rows are too few; {LEAST_ROWS} are needed", "give more rows")
    if len(np.unique(target)) < 2:
        raise UserMistake(
            f"the target {spec.target!r} has one value in all training rows: {str(target[0])!r}",
            "name a target that varies",
        )
    by = None
    if spec.cv.column:
        column = frame[spec.cv.column]
        if column.isna().any():
            raise UserMistake(f"{int(column.isna().sum())} rows have no {spec.cv.column!r}", "drop or fill them")
        by = column.to_numpy() if spec.cv.kind == "time" else pd.factorize(column)[0]
    moment = frame[spec.cv.moment].to_numpy() if spec.cv.moment else None
    return Rows(typed_features(frame, spec), target, by, moment)


def read_inputs(path: Path, spec: Spec) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """The features of the rows to predict, and their ids."""
    frame = pd.read_parquet(path)
    _check_columns(frame, [*spec.features, "row_id"])
    return typed_features(frame, spec), frame["row_id"].to_numpy(dtype=np.int64)


def typed_features(frame: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """Numbers as float64 (NaN where missing or infinite), categories and text as str, times as datetime64[us]."""
    columns: dict[str, Any] = {name: _numbers(frame[name]) for name in spec.numeric}
    for name in spec.categorical:
        cells = [MISSING if pd.isna(cell) else _category(cell) for cell in frame[name]]
        columns[name] = pd.Series(cells, index=frame.index, dtype=object)
    columns |= {name: _times(frame[name]) for name in spec.time}
    for name in spec.text:
        columns[name] = pd.Series(["" if pd.isna(cell) else str(cell) for cell in frame[name]], frame.index, object)
    return pd.DataFrame(columns, index=frame.index)


def _check_columns(frame: pd.DataFrame, wanted: list[str]) -> None:
    names = [str(name) for name in frame.columns]
    for name in wanted:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
            remedy = f"did you mean {near[0]!r}?" if near else f"the columns are {', '.join(names[:20])}"
            raise UserMistake(f"the table has no column {name!r}", remedy)


def _target(column: pd.Series, spec: Spec) -> NDArray[Any]:
    missing = int(column.isna().sum())
    if missing:
        raise UserMistake(f"{missing} training rows have no {spec.target!r}", "leave those rows out")
    if spec.task != "regression":
        return column.map(_category).to_numpy(dtype=np.str_)
    if not (pd.api.types.is_numeric_dtype(column) or column.dtype == bool):
        raise UserMistake(
            f"the target {spec.target!r} holds {str(column.iloc[0])!r}; regression needs numbers",
            "ask for a classification, or name a numeric target",
        )
    values = column.to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        raise UserMistake(f"the target {spec.target!r} holds infinite values", "leave those rows out")
    return values


def _category(cell: Any) -> str:
    """One text for a class, however the file stored it: 1, 1.0 and "1" are "1"."""
    return str(int(cell)) if isinstance(cell, float | np.floating) and float(cell).is_integer() else str(cell)


def _numbers(column: pd.Series) -> pd.Series:
    if not (pd.api.types.is_numeric_dtype(column) or column.dtype == bool):
        words = column.dropna().astype(str).str.strip().str.lower()
        unknown = words[~words.isin(TRUTH)]
        if len(unknown):
            raise UserMistake(
                f"column {column.name!r} is to be a number but holds {unknown.iloc[0]!r}", "name it as a category"
            )
        column = column.map(lambda cell: TRUTH[str(cell).strip().lower()], na_action="ignore")
    values = column.astype(np.float64)
    return values.where(np.isfinite(values), np.nan)


def _times(column: pd.Series) -> pd.Series:
    try:
        times = pd.to_datetime(column, format=None if pd.api.types.is_datetime64_any_dtype(column) else "ISO8601")
    except (ValueError, TypeError) as error:
        raise UserMistake(f"column {column.name!r} is to be a time but is not: {error}", "leave it out") from error
    return times.dt.tz_localize(None).astype("datetime64[us]")
