"""Rows held out inside training rows, by which boosting knows when to stop."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skills.tabular.rows import Rows
from skills.tabular.spec import Spec

SHARE = 0.15
LEAST_ROWS = 100

Places = NDArray[np.int64]


def hold_out(spec: Spec, rows: Rows, seed: int) -> tuple[Places, Places] | None:
    """(places to fit on, places held out), cut as the folds are: the latest rows, whole groups, a share of each class.

    None where too few rows or groups are there, or the rest would miss a class.
    """
    if len(rows) < LEAST_ROWS:
        return None
    generator = np.random.default_rng([seed, 2])
    held = _held(spec, rows, generator)
    if not held.any() or held.all():
        return None
    if spec.task != "regression" and set(np.unique(rows.target[~held])) != set(np.unique(rows.target)):
        return None
    return np.flatnonzero(~held), np.flatnonzero(held)


def _held(spec: Spec, rows: Rows, generator: np.random.Generator) -> NDArray[np.bool_]:
    count = round(SHARE * len(rows))
    if spec.cv.kind == "time":
        times = np.arange(len(rows)) if rows.by is None else rows.by
        return np.asarray(times >= np.sort(times)[len(rows) - count])
    if spec.cv.kind == "group" and rows.by is not None:
        groups, sizes = np.unique(rows.by, return_counts=True)
        order = generator.permutation(len(groups))
        last = int(np.searchsorted(np.cumsum(sizes[order]), count)) + 1
        return np.isin(rows.by, groups[order[:last]])
    held = np.zeros(len(rows), dtype=np.bool_)
    shuffled = generator.permutation(len(rows))
    if spec.task == "regression":
        held[shuffled[:count]] = True
        return held
    for label in np.unique(rows.target):
        own = shuffled[rows.target[shuffled] == label]
        held[own[: round(SHARE * len(own))]] = True
    return held
