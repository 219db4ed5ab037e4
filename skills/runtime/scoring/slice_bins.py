"""Cuts the columns of a table into bins, and bins of one and of two columns into slices of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 4  # of a column of numbers or times, with equally many rows; fewer where rows are
FEW = 6  # different numbers of a column that are bins of their own
MOST_NAMES = 20  # categories of a column; the commonest
LONGEST = 40  # letters of a category's name
MISSING = "is missing"


@dataclass(frozen=True, eq=False)
class Binned:
    """The bin of every row (n,), -1 where it is in none, and the bins' names as conditions on the column."""

    column: str
    place: NDArray[np.int64]
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Slice:
    """Rows (n,) that fulfil one or two conditions; `parts` are the places of the single conditions among the slices."""

    name: str
    rows: NDArray[np.bool_]
    parts: tuple[int, ...] = ()


def binned(column: str, cells: Any, least: int) -> Binned:
    """The bins of a pandas column; a category needs `least` rows."""
    import pandas as pd

    missing = np.asarray(cells.isna(), dtype=bool)
    if pd.api.types.is_datetime64_any_dtype(cells):
        numbers = cells.dt.tz_localize(None).astype("datetime64[ns]").astype("int64").to_numpy(dtype=np.float64)
        place, names = _quantiles(
            column, numbers, missing, lambda edges: [str(pd.Timestamp(int(edge)))[:16] for edge in edges], least
        )
    elif pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
        numbers = np.where(missing, 0.0, cells.fillna(0).to_numpy(dtype=np.float64))
        if len(np.unique(numbers[~missing])) > FEW:
            place, names = _quantiles(column, numbers, missing, _spelled, least)
        else:
            place, names = _categories(column, np.array([f"{value:g}" for value in numbers]), missing, least)
    else:
        place, names = _categories(column, cells.astype(str).to_numpy(dtype=np.str_), missing, least)
    if missing.any():
        place, names = np.where(missing, len(names), place), (*names, f"{column} {MISSING}")
    return Binned(column, place.astype(np.int64), names)


def slices(columns: tuple[Binned, ...], paired: tuple[Binned, ...], least: int) -> list[Slice]:
    """Every bin, and every pair of bins of two `paired` columns, of `least` rows or more, but not of all rows."""
    found: list[Slice] = []
    single: dict[tuple[str, int], int] = {}
    for column in columns:
        for number, name in enumerate(column.names):
            rows = column.place == number
            if least <= rows.sum() < len(rows):
                single[column.column, number] = len(found)
                found.append(Slice(name, rows))
    return [*found, *_pairs(paired, single, found, least)]


def _pairs(
    paired: tuple[Binned, ...], single: dict[tuple[str, int], int], found: list[Slice], least: int
) -> Iterator[Slice]:
    for one, other in combinations(paired, 2):
        for first in range(len(one.names)):
            for second in range(len(other.names)):
                parts = single.get((one.column, first)), single.get((other.column, second))
                if parts[0] is None or parts[1] is None:
                    continue
                rows = found[parts[0]].rows & found[parts[1]].rows
                if rows.sum() >= least:
                    yield Slice(f"{one.names[first]} and {other.names[second]}", rows, (parts[0], parts[1]))


def _quantiles(
    column: str, numbers: NDArray[np.float64], missing: NDArray[np.bool_], spell: Any, least: int
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    bins = int(np.clip((~missing).sum() // least, 2, BINS))
    inner = np.unique(np.quantile(numbers[~missing], np.linspace(0, 1, bins + 1)[1:-1]))
    inner = inner[inner < numbers[~missing].max()]
    place = np.searchsorted(inner, numbers, side="left")
    told = spell(inner)
    if not told:
        return np.zeros(len(numbers), dtype=np.int64), (column,)
    between = (f"{low} < {column} ≤ {high}" for low, high in pairwise(told))
    return place.astype(np.int64), (f"{column} ≤ {told[0]}", *between, f"{column} > {told[-1]}")


def _spelled(edges: NDArray[np.float64]) -> list[str]:
    """As short as tells them apart."""
    told = ([_plain(float(f"{edge:.{digits}g}")) for edge in edges] for digits in (3, 4, 6, 9, 17))
    return next((names for names in told if len(set(names)) == len(names)), [])


def _plain(value: float) -> str:
    return np.format_float_positional(value, trim="-") if 1e-4 <= abs(value) < 1e9 else f"{value:g}"


def _categories(
    column: str, names: NDArray[np.str_], missing: NDArray[np.bool_], least: int
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    found, counts = np.unique(names[~missing], return_counts=True)
    common = [str(found[k]) for k in np.argsort(-counts, kind="stable")[:MOST_NAMES] if counts[k] >= least]
    at = {name: place for place, name in enumerate(common)}
    place = np.array([at.get(str(name), -1) for name in names], dtype=np.int64)
    return place, tuple(f"{column} = {name[:LONGEST]}" for name in common)
