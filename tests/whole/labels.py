"""Searches files for a column of sealed labels: arrays, tables, and numbers written as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def files_with_labels(folder: Path, labels: Mapping[int, float]) -> list[str]:
    """Files below `folder` that hold the labels of all these rows as one column.

    In arrays and tables with row ids the column is matched row by row, else as a run in the sealed order or the ids'.
    """
    orders = [list(labels.values()), [labels[row] for row in sorted(labels)]]
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and any(_holds(column, ids, labels, orders) for column, ids in _columns(path))
    )


def _holds(column: Any, ids: Any, labels: Mapping[int, float], orders: list[list[float]]) -> bool:
    if ids is not None and len(ids) == len(column):
        told = dict(zip(ids.tolist(), column.tolist(), strict=True))
        if labels.keys() <= told.keys() and all(np.isclose(told[row], labels[row]) for row in labels):
            return True
    count = len(orders[0])
    if len(column) < count:
        return False
    return any(
        bool(np.isclose(column[at : at + count], order).all())
        for order in orders
        for at in np.flatnonzero(np.isclose(column[: len(column) - count + 1], order[0]))
    )


def _columns(path: Path) -> Iterator[tuple[Any, Any]]:
    """Every column of numbers in a file, with the row ids beside it where there are some."""
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as held:
            arrays = {name: held[name] for name in held.files}
        ids = arrays.get("row_ids")
        for array in arrays.values():
            if array.dtype.kind in "fiu":
                flat = array.reshape(len(array), -1) if array.ndim else array.reshape(1, 1)
                yield from ((column.astype(float), ids) for column in flat.T)
        return
    if path.suffix in (".parquet", ".csv"):
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
        ids = frame["row_id"].to_numpy() if "row_id" in frame else None
        yield from ((column.to_numpy(float), ids) for _, column in frame.select_dtypes("number").items())
        return
    text = path.read_bytes().decode("utf-8", errors="replace")
    yield np.asarray([float(cell) for cell in NUMBER.findall(text)]), None
