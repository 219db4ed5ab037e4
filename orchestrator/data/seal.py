"""Writes the parts of a split: what boxes may see, and the labels that they may not."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ROW_ID = "row_id"


@dataclass(frozen=True)
class Part:
    """One side of a split. `ids` are the row ids, `rows` the row numbers in the user's file, all of one length.

    `by` holds the group or time of every row where the split has such a column, `moment` the time beside a group.
    """

    features: pd.DataFrame
    target: NDArray[np.generic]
    ids: NDArray[np.int64]
    rows: NDArray[np.int64]
    by: pd.Series | None = None
    moment: pd.Series | None = None

    def __len__(self) -> int:
        return len(self.ids)


def write_parts(train: Part, test: Part, target: str, destination: Path) -> tuple[Path, Path]:
    """train.parquet (features, target, group and time, row_id) and test_inputs.parquet (features, row_id).

    Readable by every user, because a box may run as another one.
    """
    destination.mkdir(parents=True, exist_ok=True)
    destination.chmod(0o755)
    seen = train.features.reset_index(drop=True).assign(**{target: train.target})
    for column in (train.by, train.moment):
        if column is not None and column.name not in seen.columns:
            seen[str(column.name)] = column.to_numpy()
    return (
        _write(seen, train.ids, destination / "train.parquet"),
        _write(test.features.reset_index(drop=True), test.ids, destination / "test_inputs.parquet"),
    )


def _write(frame: pd.DataFrame, ids: NDArray[np.int64], path: Path) -> Path:
    frame.assign(**{ROW_ID: ids}).to_parquet(path, index=False)
    path.chmod(0o644)
    return path


def write_labels(train: Part, test: Part, sealed: Path) -> Path:
    """labels.npz for the host alone (folder 0700, file 0600): `row_ids`, `labels`, `rows`, `groups` and `times`.

    `train_row_ids` and `train_rows` say which rows of the user's file were trained on.
    """
    sealed.mkdir(parents=True, exist_ok=True, mode=0o700)
    sealed.chmod(0o700)
    text = test.target.dtype == object
    arrays: dict[str, NDArray[np.generic]] = {
        "row_ids": test.ids,
        "labels": test.target.astype(np.str_) if text else test.target.astype(np.float64),
        "rows": test.rows,
        "train_row_ids": train.ids,
        "train_rows": train.rows,
    }
    if test.by is not None:
        arrays |= plain(test.by)
    if test.moment is not None:
        arrays["times"] = seconds(test.moment)
    path = sealed / "labels.npz"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]  # the stub takes any key for `allow_pickle`
    return path


def plain(by: pd.Series) -> dict[str, NDArray[np.generic]]:
    """Times as float64 (seconds since 1970 for dates), everything else as text groups."""
    if pd.api.types.is_datetime64_any_dtype(by):
        return {"times": seconds(by)}
    return {"groups": np.asarray([str(cell) for cell in by], dtype=np.str_)}


def seconds(times: pd.Series) -> NDArray[np.float64]:
    """Seconds since 1970 for dates, numbers as they are."""
    if pd.api.types.is_datetime64_any_dtype(times):
        return np.asarray((times - pd.Timestamp(0)) / pd.Timedelta(seconds=1), dtype=np.float64)
    return np.asarray(times, dtype=np.float64)
