"""Measures leakage between the two sides of split array data, from the files as they were written."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.core.plan import DataStrategy
from orchestrator.data.arrays import INPUTS
from orchestrator.data.arrays_alike import alike_units, exact_units
from orchestrator.data.finding import Kind, LeakFinding
from orchestrator.data.seal import ROW_ID
from orchestrator.data.split import SplitRecord

Samples = NDArray[np.generic]


def find_array_leaks(split: SplitRecord, data: DataStrategy) -> tuple[LeakFinding, ...]:
    """Every measurement that applies: exact copies, near copies, and groups on both sides.

    Raises ValueError where the plan does not tell the arrays' form.
    """
    train, test = pd.read_parquet(split.train), pd.read_parquet(split.test_inputs)
    both = np.concatenate([_samples(train, data), _samples(test, data)])
    found = [
        _shared("duplicates", exact_units(both), len(train)),
        _shared("near_duplicates", alike_units(both)[0], len(train)),
    ]
    if split.how == "group" and split.column is not None:
        found.append(_groups(split, train[split.column], split.column))
    return tuple(found)


def _groups(split: SplitRecord, train: pd.Series, column: str) -> LeakFinding:
    with np.load(split.labels, allow_pickle=False) as held:
        theirs = set(held["groups"].tolist())
    shared = theirs & {str(group) for group in train}
    remedy = f"split so that no {column} stands on both sides"
    return LeakFinding(
        kind="groups", value=float(len(shared)), threshold=0.0, columns=(column,), rows=split.test_rows, remedy=remedy
    )


def _samples(frame: pd.DataFrame, data: DataStrategy) -> Samples:
    if data.arrays is None:
        raise ValueError("the plan tells no form of the arrays")
    ordered = frame.sort_values(ROW_ID)
    held = np.frombuffer(b"".join(ordered[INPUTS]), dtype=np.dtype(data.arrays.dtype))
    return held.reshape(len(frame), *data.arrays.shape)


def _shared(kind: Kind, units: NDArray[np.int64], train: int) -> LeakFinding:
    """The share of test samples whose code a training sample has."""
    share = float(np.isin(units[train:], units[:train]).mean())
    remedy = "remove the copies, or give groups that keep them together"
    return LeakFinding(kind=kind, value=share, threshold=0.0, columns=(INPUTS,), rows=len(units) - train, remedy=remedy)
