"""The training samples and those to predict, as arrays of the shape that the spec tells."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skills.deep.spec import Spec
from skills.runtime.job import UserMistake

INPUTS, ROW_ID = "inputs", "row_id"
LEAST_ROWS = 20
Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Rows:
    """`samples` (n, *shape), the target (n,) as float64 or as places in `classes`, and group codes for the folds."""

    samples: Samples
    target: NDArray[Any]
    classes: tuple[str, ...]
    groups: NDArray[np.int64] | None

    def __len__(self) -> int:
        return len(self.target)


def read_training(path: Path, spec: Spec) -> Rows:
    """Raises: UserMistake for too few samples, and for a target that teaches nothing."""
    frame = _read(path, [INPUTS, spec.target, *([spec.cv.column] if spec.cv.column else [])])
    if len(frame) < LEAST_ROWS:
        raise UserMistake(f"{len(frame)} training samples are too few; {LEAST_ROWS} are needed", "give more")
    column = frame[spec.target]
    if column.isna().any() or column.nunique() < 2:
        raise UserMistake(f"the target {spec.target!r} has gaps or one value only", "give labels that vary")
    groups = pd.factorize(frame[spec.cv.column])[0].astype(np.int64) if spec.cv.column else None
    if spec.task == "regression":
        return Rows(_samples(frame, spec), column.to_numpy(dtype=np.float64), (), groups)
    classes, places = np.unique(column.astype(str).to_numpy(dtype=np.str_), return_inverse=True)
    return Rows(_samples(frame, spec), places.astype(np.int64), tuple(str(name) for name in classes), groups)


def read_inputs(path: Path, spec: Spec) -> tuple[Samples, NDArray[np.int64]]:
    """The samples to predict, and their row ids."""
    frame = _read(path, [INPUTS, ROW_ID])
    return _samples(frame, spec), frame[ROW_ID].to_numpy(dtype=np.int64)


def _read(path: Path, wanted: list[str]) -> pd.DataFrame:
    frame = pd.read_parquet(path)
    if missing := [name for name in wanted if name not in frame.columns]:
        raise UserMistake(f"the rows have no column {missing[0]!r}", f"their columns are {', '.join(frame.columns)}")
    return frame


def _samples(frame: pd.DataFrame, spec: Spec) -> Samples:
    """As the spec's numbers; samples of whole numbers may also come as float32, between the whole ones.

    Raises: UserMistake where a sample has another size than the spec's, or is not finite.
    """
    cells, count = frame[INPUTS].tolist(), math.prod(spec.shape)
    sizes = {len(cell) if isinstance(cell, bytes) else -1 for cell in cells}
    dtype = np.dtype(np.float32 if sizes == {4 * count} else spec.dtype)
    size = count * dtype.itemsize
    if wrong := next((cell for cell in cells if not isinstance(cell, bytes) or len(cell) != size), None):
        held = f"{len(wrong)} bytes" if isinstance(wrong, bytes) else type(wrong).__name__
        raise UserMistake(f"a sample holds {held}, {size} bytes of shape {spec.shape} are wanted", "give one shape")
    values = np.frombuffer(b"".join(cells), dtype=dtype).reshape(len(cells), *spec.shape).astype(np.float32)
    if not np.isfinite(values).all():
        raise UserMistake("a sample holds NaN or infinity", "leave it out")
    return values
