"""Asks the delivered model, through the `predict` of the skill that trained it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skills.runtime.job import Inputs, Predictor

Array = NDArray[np.float64]
ROW_ID = "row_id"
CELLS_AT_ONCE = 4_000_000
ENDS = (".low", ".high")  # of prediction intervals, which are not explained


@dataclass(frozen=True)
class Asked:
    """Outputs (n, k) in the order of the rows: class probabilities, or the number; and their names."""

    outputs: Array
    names: tuple[str, ...]


Ask = Callable[[pd.DataFrame], Asked]


def asker(predictor: Predictor, cells: int = 0) -> Ask:
    """`ask(frame)` for a frame of feature columns, in parts that fit into memory; `cells` a row, where not columns."""

    def ask(frame: pd.DataFrame) -> Asked:
        most = max(1, CELLS_AT_ONCE // max(1, cells or frame.shape[1]))
        parts = [_ask(predictor, frame.iloc[at : at + most]) for at in range(0, len(frame), most)]
        return Asked(np.concatenate([part.outputs for part in parts]), parts[0].names)

    return ask


def _ask(predictor: Predictor, frame: pd.DataFrame) -> Asked:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        frame.reset_index(drop=True).assign(**{ROW_ID: np.arange(len(frame))}).to_parquet(path, index=False)
        told = predictor(Inputs(rows=path), "delivered")
    if told.row_ids is None:
        raise ValueError("predictions for rows must come with their row_ids")
    kept = [place for place, name in enumerate(told.names) if not name.endswith(ENDS)]
    order = np.argsort(told.row_ids, kind="stable")
    outputs = np.asarray(told.values, dtype=np.float64)[order][:, kept]
    return Asked(outputs, tuple(told.names[place] for place in kept))
