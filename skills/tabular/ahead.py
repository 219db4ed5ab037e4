"""Rows of a series to predict, some of which may bring the target's known values along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from skills.tabular.rows import Rows, read_inputs
from skills.tabular.series import Forecaster
from skills.tabular.spec import Spec


def read_asked(path: Path, spec: Spec) -> tuple[pd.DataFrame, NDArray[np.int64], Rows | None]:
    """The features of the rows to predict, their ids, and the rows whose value is known.

    A series may be asked with its newer values: rows with a value in the column TARGET.known are its past and are not
    predicted. All rows are predicted where there is no such column; the target's own is never looked at.
    """
    features, row_ids = read_inputs(path, spec)
    name = f"{spec.target}.known"
    if spec.series is None or name not in pq.read_schema(path).names:
        return features, row_ids, None
    target = pd.read_parquet(path, columns=[name])[name].to_numpy(dtype=np.float64)
    known = np.isfinite(target)
    return features[~known], row_ids[~known], Rows(features[known], target[known], None)


def moved(pipeline: Any, known: Rows | None) -> Any:
    """The pipeline as it forecasts from the end of the known rows; a constant guess stays where it is."""
    return pipeline.knowing(known) if known is not None and isinstance(pipeline, Forecaster) else pipeline
