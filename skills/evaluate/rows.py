"""The rows that a model is asked about, as the host typed them, and the labels of the validation rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skills.evaluate.spec import Spec
from skills.runtime.job import Inputs, UserMistake
from skills.runtime.opened import class_name


@dataclass(frozen=True)
class Rows:
    """`frame` holds the features and `row_id` of n rows; `file` is where it was read from."""

    frame: pd.DataFrame
    file: Path

    @property
    def ids(self) -> NDArray[np.int64]:
        return self.frame["row_id"].to_numpy(dtype=np.int64)

    @property
    def inputs(self) -> Inputs:
        return Inputs(rows=self.file)


def read_rows(path: Path) -> Rows:
    return Rows(pd.read_parquet(path), path)


def labels_of(rows: Rows, spec: Spec) -> NDArray[Any]:
    """The target of the validation rows: float64, or text for classes, where 1, 1.0 and "1" are one class."""
    column = rows.frame[spec.target]
    if spec.task == "regression":
        return np.asarray(column, dtype=np.float64)
    return np.asarray([class_name(cell) for cell in column], dtype=np.str_)


def rows_of(inputs: Inputs) -> Rows:
    if inputs.rows is None:
        raise UserMistake("a model of a table predicts rows, not points", "give a Parquet file of rows")
    return read_rows(inputs.rows)
