"""Describes array data as a table of two columns, the inputs and the labels, without showing a sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from orchestrator.core.profile import Column, ColumnKind, DataProfile
from orchestrator.data.arrays import GROUPS, INPUTS, Arrays, hash_of, is_text, read_arrays
from orchestrator.data.arrays_alike import alike_units, exact_units


def profile_arrays(path: Path, *, resize: tuple[int, int] | None = None) -> DataProfile:
    """Shape, range, classes, exact and near copies. Raises: BadInput as `read_arrays` does."""
    found = read_arrays(path, resize=resize)
    units = exact_units(found.inputs)
    _, alike = alike_units(found.inputs)
    columns = [
        Column(name=INPUTS, kind="number", missing=1 - len(found) / found.total, unique=len(np.unique(units)),
               low=found.form.low, high=found.form.high),
        _labels(found),
    ]  # fmt: skip
    if found.groups is not None:
        groups = len(np.unique(found.groups))
        columns.append(Column(name=GROUPS, kind="category", missing=0.0, unique=groups))
    return DataProfile(
        file=str(path),
        sha256=hash_of(path),
        rows=len(found),
        columns=tuple(columns),
        duplicates=len(found) - len(np.unique(units)),
        arrays=found.form.model_copy(update={"alike": alike, "imbalance": _imbalance(found)}),
    )


def _labels(found: Arrays) -> Column:
    unique = len(np.unique(found.labels))
    if is_text(found.labels):
        kind: ColumnKind = "category"
        return Column(name=found.target, kind=kind, missing=0.0, unique=unique)
    values = np.asarray(found.labels, dtype=np.float64)
    return Column(
        name=found.target, kind="number", missing=0.0, unique=unique, low=float(values.min()), high=float(values.max()),
        integer=bool((values == np.round(values)).all()),
    )  # fmt: skip


def _imbalance(found: Arrays) -> float:
    if not is_text(found.labels):
        return 1.0
    counts = np.unique(found.labels, return_counts=True)[1]
    return float(counts.max() / counts.min())
