"""The groups of people that test rows belong to, written beside the sealed labels."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.data.columns import class_name, is_number, is_time
from orchestrator.data.people_words import by_name
from orchestrator.data.personal_shapes import mask
from orchestrator.data.sensitive import OLDEST

LEAST_IN_GROUP = 20  # test rows; a group of fewer is told as too small, and numbers are cut into groups of as many
MOST_CUTS = 4
FEW = 6  # so many different numbers are groups by themselves
FILE = "groups.npz"
NOT_TOLD = "not told"


def write_groups(rows: pd.DataFrame, columns: tuple[str, ...], ids: NDArray[np.int64], sealed: Path) -> Path:
    """groups.npz for the host alone (file 0600): `row_ids` (n), `names` (k) and `groups` (k, n) as text.

    `rows` are the test rows, in the order of `ids`.
    """
    groups = [groups_of(rows[name]) for name in columns]
    path = sealed / FILE
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        np.savez(stream, row_ids=ids, names=np.array(columns, dtype=np.str_), groups=np.array(groups, dtype=np.str_))
    return path


def groups_of(column: pd.Series) -> list[str]:
    """The group of every row, as text: the category; of numbers and times the range that the value lies in.

    Ages are cut at whole decades, other numbers at quantiles of these rows (up to four groups). Neighbouring ranges
    are joined until each has `LEAST_IN_GROUP` rows. Rows without a value are a group of their own.
    """
    numbers = _numbers(column)
    if numbers is None:
        named = [NOT_TOLD if pd.isna(cell) else mask(class_name(cell)) for cell in column]
        return [name[:60] for name in named]
    present = numbers[~np.isnan(numbers)]
    ages = by_name(str(column.name)) == "age" and len(present) and present.min() >= 0 and present.max() <= OLDEST
    edges = _joined(present, _decades(present) if ages else _quantiles(present))
    places = np.searchsorted(edges, numbers, side="right")
    names = [_range(column, edges, place, whole=bool(ages)) for place in range(len(edges) + 1)]
    return [NOT_TOLD if np.isnan(value) else names[place] for value, place in zip(numbers, places, strict=True)]


def _numbers(column: pd.Series) -> NDArray[np.float64] | None:
    """The values where they are to be cut; None where they are groups by themselves."""
    if is_time(column):
        return np.asarray(column.map(lambda time: np.nan if pd.isna(time) else time.timestamp()), dtype=np.float64)
    if not is_number(column) or column.nunique() <= FEW:
        return None
    return np.asarray(column, dtype=np.float64)


def _decades(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.arange(10.0 * np.floor(values.min() / 10) + 10, values.max() + 1e-9, 10.0)


def _quantiles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    cuts = max(1, min(MOST_CUTS, len(values) // LEAST_IN_GROUP))
    return np.unique(np.quantile(values, np.arange(1, cuts) / cuts)) if len(values) and cuts > 1 else np.zeros(0)


def _joined(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """The edges without those that leave fewer than `LEAST_IN_GROUP` values on a side, from the low end up."""
    kept: list[float] = []
    low = -np.inf
    for edge in edges:
        below, above = int(((values >= low) & (values < edge)).sum()), int((values >= edge).sum())
        if min(below, above) >= LEAST_IN_GROUP:
            kept.append(float(edge))
            low = edge
    return np.asarray(kept, dtype=np.float64)


def _range(column: pd.Series, edges: NDArray[np.float64], place: int, *, whole: bool) -> str:
    """ "20 to 39" for ages in whole years; else "below 1.5", "1.5 to below 3", "3 or more"."""
    told = [_told(column, edge) for edge in edges]
    if not told:
        return "all"
    if place == 0:
        return f"below {told[0]}"
    if place == len(told):
        return f"{told[-1]} or more"
    return f"{told[place - 1]} to {edges[place] - 1:g}" if whole else f"{told[place - 1]} to below {told[place]}"


def _told(column: pd.Series, edge: float) -> str:
    return pd.Timestamp(edge, unit="s").date().isoformat() if is_time(column) else f"{edge:.4g}"
