"""Which rows each network of a table holds out: shuffled, stratified, by group, or the following ones in time."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skills.jax.spec import Spec
from skills.runtime.job import UserMistake

Array = NDArray[np.float64]


def parts(spec: Spec, target: Array, frame: pd.DataFrame, seed: int) -> tuple[Array, Array]:
    """Two masks (members, n): the rows that a member learns from, and those that it holds out.

    In time order a member learns from the rows before those that it holds out, and the oldest are held out by nobody.
    """
    generator, rows, members = np.random.default_rng(seed), len(frame), spec.members
    if spec.cv.kind == "group":
        _, codes = np.unique(frame[spec.cv.column].astype(str), return_inverse=True)
        groups = int(codes.max()) + 1
        if groups < 2:
            raise UserMistake(f"{spec.cv.column!r} holds one group only", "name a column with several groups")
        labels = (generator.permutation(groups) % members)[codes]
    elif spec.cv.kind == "time":
        by = frame[spec.cv.column].to_numpy() if spec.cv.column else np.arange(rows)
        place = np.argsort(np.argsort(by, kind="stable"), kind="stable")
        labels = place * (members + 1) // rows - 1
    else:
        shuffled = generator.permutation(rows)
        stratified = spec.cv.kind == "stratified" and spec.task != "regression"
        order = shuffled[np.argsort(target[shuffled], kind="stable")] if stratified else shuffled
        labels = np.empty(rows, dtype=np.int64)
        labels[order] = np.arange(rows) % members
    held = np.stack([labels == member for member in range(members)])
    learn = np.stack([labels < member for member in range(members)]) if spec.cv.kind == "time" else ~held
    return learn.astype(np.float64), held.astype(np.float64)
