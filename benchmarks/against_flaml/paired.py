"""Differences of two sides on the same rows, with paired bootstrap intervals, and their mean over tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime.scoring.bootstrap import draw
from skills.runtime.scoring.table_metrics import value, weighted
from skills.runtime.scoring.tables import read_labels, read_subject

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """Both scores, how far ours is behind, and the same of every resample (b,): below 0 ours is better.

    Behind by AUC as it is, by RMSE as a share of the other's.
    """

    ours: float
    theirs: float
    behind: float
    resampled: Array
    rows: int


def compare(metric: str, labels: Path, ours: Path, theirs: Path, target: str, seed: int) -> Pair:
    """Rows are drawn with replacement, the same for both sides."""
    held = read_labels(labels)
    params: dict[str, Any] = {"target": target, "subject": ""}
    sides = [read_subject(path, held, params) for path in (ours, theirs)]
    drawn = draw(held.units, seed=seed)
    assert drawn is not None, "a table has more than one row"
    first, second = (value(metric, side) for side in sides)
    lines = [weighted(metric, side, drawn) for side in sides]
    return Pair(first, second, float(_behind(metric, first, second)), _behind(metric, *lines), len(held.row_ids))


def _behind(metric: str, ours: Any, theirs: Any) -> Any:
    return theirs - ours if metric == "roc_auc" else ours / theirs - 1.0


def interval(resampled: Array) -> list[float]:
    """The percentile interval at 95 %."""
    return [float(end) for end in np.nanquantile(resampled, [0.025, 0.975])]


def mean_of(pairs: Sequence[Pair]) -> dict[str, Any]:
    """The mean over tables, each counted alike; the interval knows of the test rows drawn, not of other tables."""
    together = np.mean([pair.resampled for pair in pairs], axis=0)
    return {
        "tables": len(pairs),
        "behind": float(np.mean([pair.behind for pair in pairs])),
        "interval": interval(together),
    }
