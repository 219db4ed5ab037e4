"""The constant guess, made by the host itself from the training rows: the least that any model must beat."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.core.plan import DataStrategy
from orchestrator.data.seal import ROW_ID
from orchestrator.data.split import SplitRecord

CONSTANT = "constant"
COVERAGE = 0.9  # what the intervals promise, the delivered model's and these
Floats = NDArray[np.float64]


def write_constant(split: SplitRecord, data: DataStrategy, folder: Path) -> Path:
    """Predictions of the training target's mean with its interval, or of the class shares, for every test row."""
    target = pd.read_parquet(split.train, columns=[data.target])[data.target]
    ids = pd.read_parquet(split.test_inputs, columns=[ROW_ID])[ROW_ID].to_numpy(dtype=np.int64)
    guess: Floats
    if data.task == "regression":
        names, guess = [data.target, f"{data.target}.low", f"{data.target}.high"], _mean(target.to_numpy(np.float64))
    else:
        shares = target.astype(str).value_counts(normalize=True, sort=False).sort_index()
        names, guess = [str(name) for name in shares.index], np.asarray(shares, dtype=np.float64)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{CONSTANT}.npz"
    np.savez(path, row_ids=ids, outputs=np.tile(guess, (len(ids), 1)), output_names=np.array(names))
    return path


def _mean(target: Floats) -> Floats:
    """(mean, low, high): the interval holds the promised share of the training residuals, at the finite-sample rank."""
    mean = float(target.mean())
    residuals = np.sort(np.abs(target - mean))
    rank = min(int(np.ceil((len(residuals) + 1) * COVERAGE)), len(residuals))
    return np.array([mean, mean - residuals[rank - 1], mean + residuals[rank - 1]])
