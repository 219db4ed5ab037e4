"""A table's columns to one matrix of numbers: fitted on the training rows, kept as JSON, applied with numpy alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from skills.runtime.job import UserMistake

Array = NDArray[np.float64]
MISSING = "(missing)"
MOST_CATEGORIES = 50
RARE = 5  # a category seen less often shares one column with the other rare and the unknown ones
DAY_S = 86400.0
CYCLES_DAYS = {"hour": 1.0, "week": 7.0, "year": 365.25}
LARGEST = 8.0  # standard deviations; a network far outside what it has seen answers anything


class Columns(BaseModel):
    """How each column becomes numbers: medians of gaps, categories with a column of their own, then one scale."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    time: tuple[str, ...]
    medians: dict[str, float]
    gaps: tuple[str, ...]  # columns whose missing cells are told apart
    categories: dict[str, tuple[str, ...]]
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()

    @classmethod
    def fitted(
        cls, frame: pd.DataFrame, numeric: Sequence[str], categorical: Sequence[str], time: Sequence[str]
    ) -> Columns:
        """Medians, categories, means and deviations of the training rows."""
        numbers = _numbers(frame, numeric, time)
        medians = {name: float(np.nanmedian(v)) if np.isfinite(v).any() else 0.0 for name, v in numbers.items()}
        gaps = tuple(name for name, values in numbers.items() if np.isnan(values).any())
        categories = {name: _frequent(_texts(frame[name])) for name in categorical}
        plain = cls(
            numeric=tuple(numeric), categorical=tuple(categorical), time=tuple(time), medians=medians, gaps=gaps,
            categories=categories,
        )  # fmt: skip
        table = plain._raw(frame)
        deviation = table.std(axis=0)
        scale = np.where(deviation > 0, deviation, 1.0)
        return plain.model_copy(update={"mean": tuple(table.mean(axis=0)), "deviation": tuple(scale)})

    def __call__(self, frame: pd.DataFrame) -> Array:
        """Rows (n, m): every column with mean 0 and deviation 1 on the training rows, cut at LARGEST."""
        scaled = (self._raw(frame) - np.array(self.mean)) / np.array(self.deviation)
        return np.asarray(np.clip(scaled, -LARGEST, LARGEST), dtype=np.float64)

    def _raw(self, frame: pd.DataFrame) -> Array:
        columns: list[Any] = []
        for name, values in _numbers(frame, self.numeric, self.time).items():
            columns.append(np.where(np.isnan(values), self.medians[name], values))
            if name in self.gaps:
                columns.append(np.isnan(values))
        for name in self.categorical:
            texts, known = _texts(frame[name]), self.categories[name]
            columns += [texts == one for one in known]
            columns.append(~np.isin(texts, known))
        return np.column_stack(columns).astype(np.float64)


def class_name(cell: Any) -> str:
    """One text for a class, however the file stored it: 1, 1.0 and "1" are "1"."""
    return str(int(cell)) if isinstance(cell, float | np.floating) and float(cell).is_integer() else str(cell)


def read_table(path: Path, wanted: Sequence[str]) -> pd.DataFrame:
    """Raises: UserMistake for a column that is not there."""
    frame = pd.read_parquet(path)
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        raise UserMistake(f"the table has no column {missing[0]!r}", f"the columns are {', '.join(map(str, frame))}")
    return frame


def _numbers(frame: pd.DataFrame, numeric: Sequence[str], time: Sequence[str]) -> dict[str, Array]:
    """Numbers and times by the name of their column, NaN where missing or infinite."""
    found: dict[str, Array] = {}
    for name in numeric:
        try:
            values = pd.to_numeric(frame[name]).to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError) as error:
            raise UserMistake(f"column {name!r} is to be a number: {error}", "name it as a category") from error
        found[name] = np.where(np.isfinite(values), values, np.nan)
    for name in time:
        found |= _times(frame[name])
    return found


def _times(column: pd.Series) -> dict[str, Array]:
    """Days since 1970, and sine and cosine of the hour, the week and the year."""
    try:
        times = pd.to_datetime(column, utc=True)
    except (ValueError, TypeError) as error:
        raise UserMistake(f"column {column.name!r} is to be a time: {error}", "leave it out") from error
    days = ((times - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)).to_numpy(dtype=np.float64)
    found = {f"{column.name}.days": days}
    for name, length in CYCLES_DAYS.items():
        angle = 2 * np.pi * days / length
        found |= {f"{column.name}.{name}.sin": np.sin(angle), f"{column.name}.{name}.cos": np.cos(angle)}
    return found


def _texts(column: pd.Series) -> NDArray[np.str_]:
    return np.array([MISSING if pd.isna(cell) else class_name(cell) for cell in column], dtype=np.str_)


def _frequent(texts: NDArray[np.str_]) -> tuple[str, ...]:
    names, counts = np.unique(texts, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:MOST_CATEGORIES]
    return tuple(sorted(str(names[place]) for place in order if counts[place] >= RARE))
