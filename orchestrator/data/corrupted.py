"""Whether what training rows hold depends on test rows: these are corrupted, and nothing may change in the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.data.columns import is_number, is_time

Prepare = Callable[[pd.DataFrame], pd.DataFrame]
STRETCH = 7.0  # by which corrupted numbers lie further out than the true ones
MANY_CELLS = 10_000_000  # of a table that is corrupted in one way alone
Way = Literal["up", "down", "along"]
UNKNOWN = "corrupted"


@dataclass(frozen=True)
class Changed:
    """Columns of training rows that are not the same once test rows are others, and how many of the rows differ."""

    columns: tuple[str, ...]
    rows: int
    of: int


def changed_by_test_rows(
    prepare: Prepare, table: pd.DataFrame, test: NDArray[np.bool_], target: str, seed: int
) -> Changed:
    """Prepare the table as it is and with test rows corrupted in three ways, and compare the training rows.

    `prepare` keeps the index of the rows that it keeps. A column that is there but once has changed in every row. Rows
    that are left out because of a test row (its copies) are no change. The way that changes most is told.
    """
    before = prepare(table)
    ways: tuple[Way, ...] = ("up",) if table.size > MANY_CELLS else ("up", "down", "along")
    found = (_compared(before, prepare(corrupt(table, test, target, seed, way)), table, test) for way in ways)
    return max(found, key=lambda changed: changed.rows)


def _compared(before: pd.DataFrame, after: pd.DataFrame, table: pd.DataFrame, test: NDArray[np.bool_]) -> Changed:
    kept = before.index.intersection(after.index)
    rows = kept[~pd.Series(test, index=table.index).loc[kept].to_numpy()]
    columns, touched = [], np.zeros(len(rows), dtype=np.bool_)
    for name in [*before.columns, *(name for name in after.columns if name not in before.columns)]:
        there = name in before.columns and name in after.columns
        differs = ~_same(before.loc[rows, name], after.loc[rows, name]) if there else np.ones(len(rows), dtype=np.bool_)
        if differs.any():
            columns.append(str(name))
            touched |= differs
    return Changed(tuple(columns), int(touched.sum()), len(rows))


def corrupt(table: pd.DataFrame, test: NDArray[np.bool_], target: str, seed: int, way: Way = "up") -> pd.DataFrame:
    """The table with other test rows: their targets shuffled, their numbers shuffled and stretched, gaps and words new.

    Numbers are stretched up or down, so that none stays where the true ones lie; or half of the columns are sorted
    along the target, so that whatever chooses columns by it chooses others. Types and the names of the classes stay as
    they are, since they are known before any split.
    """
    generator = np.random.default_rng(seed)
    order = generator.permutation(int(test.sum()))
    targets = pd.factorize(table[target][test].to_numpy()[order], sort=True)[0] if target in table else order
    along = np.argsort(np.argsort(targets, kind="stable"), kind="stable")
    made = {}
    for name in table.columns:
        column = table[name]
        own = order if str(name) == target else generator.permutation(int(test.sum()))
        cells = column[test].to_numpy(copy=True)[own]
        if str(name) != target:
            sort = way == "along" and is_number(column) and generator.random() < 0.5
            cells = _spread(cells, column)[along] if sort else _other(cells, column, "down" if way == "down" else "up")
        made[name] = column.where(~test, pd.Series(cells, index=table.index[test]).reindex(table.index))
        made[name] = made[name].astype(column.dtype)
    return pd.DataFrame(made, index=table.index)


def _spread(cells: NDArray[np.generic], column: pd.Series) -> NDArray[np.generic]:
    """The numbers in ascending order, stretched away from their median to both sides."""
    numbers = np.sort(np.asarray(cells, dtype=float))
    middle = float(np.nanmedian(numbers)) if np.isfinite(numbers).any() else 0.0
    stretched = middle + STRETCH * (numbers - middle)
    return np.round(stretched).astype(np.int64) if pd.api.types.is_integer_dtype(column) else stretched


def _other(cells: NDArray[np.generic], column: pd.Series, way: Way) -> NDArray[np.generic]:
    sign = -1.0 if way == "down" else 1.0
    if is_number(column):
        stretched = np.asarray(sign * (np.abs(np.asarray(cells, dtype=float)) * STRETCH + 1.0), dtype=np.float64)
        return np.round(stretched).astype(np.int64) if pd.api.types.is_integer_dtype(column) else stretched
    if is_time(column):
        return np.asarray(pd.Series(cells) + pd.Timedelta(days=3650 * sign))
    if column.dtype == bool:
        return ~cells.astype(bool)
    words = np.asarray(cells, dtype=object)
    words[::2] = UNKNOWN
    return words


def _same(a: pd.Series, b: pd.Series) -> NDArray[np.bool_]:
    if a.dtype.kind in "fc" or b.dtype.kind in "fc":
        first, second = (np.asarray(side, dtype=float) for side in (a, b))
        return np.asarray((first == second) | (np.isnan(first) & np.isnan(second)), dtype=np.bool_)
    return np.asarray((a == b).to_numpy(dtype=bool) | (a.isna() & b.isna()).to_numpy(dtype=bool), dtype=np.bool_)
