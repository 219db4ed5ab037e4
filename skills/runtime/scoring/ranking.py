"""Areas under curves of ranked rows, for many lines of weights at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skills.runtime.scoring.weights import Weights

Array = NDArray[np.float64]

TINY = float(np.finfo(np.float64).eps)


def roc_area(truth: Array, score: Array, weights: Weights) -> Array:
    """The area under the ROC curve of one class, (b,); `truth` (n,) is 1 for its rows.

    The share of pairs that the score puts in order, ties by half: every row of the rarer class asks how much weight of
    the other lies below it, so that one running sum a line is all.
    """
    positive = truth == 1
    rare, sign = (positive, 1.0) if 2 * positive.sum() <= len(truth) else (~positive, -1.0)
    asking, others = np.flatnonzero(rare), _ascending(~rare, sign * score)
    ranked = sign * score[others]
    below = np.searchsorted(ranked, sign * score[asking], side="left")
    up_to = np.searchsorted(ranked, sign * score[asking], side="right")
    areas = []
    for block in weights.blocks(np.concatenate([others, asking])):
        running = _running(block[:, : len(others)])
        own = block[:, len(others) :]
        beaten = running[:, below]
        beaten += running[:, up_to]
        areas.append(np.einsum("br,br->b", own, beaten) / 2 / (own.sum(axis=1, dtype=np.float64) * running[:, -1]))
    return np.concatenate(areas)


def average_precision(truth: Array, score: Array, weights: Weights) -> Array:
    """The average precision of one class, (b,), by steps without interpolation; `truth` (n,) is 1 for its rows."""
    positive = truth == 1
    mine, others = _ascending(positive, -score), _ascending(~positive, -score)
    level = -score[mine]
    hits = np.searchsorted(level, level, side="right")
    alarms = np.searchsorted(-score[others], level, side="right")
    areas = []
    for block in weights.blocks(np.concatenate([mine, others])):
        own = block[:, : len(mine)]
        found = _running(own)
        precision = found[:, hits]
        precision /= np.maximum(precision + _running(block[:, len(mine) :])[:, alarms], TINY)
        areas.append(np.einsum("br,br->b", own, precision) / found[:, -1])
    return np.concatenate(areas)


def _ascending(picked: NDArray[np.bool_], score: Array) -> NDArray[np.int64]:
    rows = np.flatnonzero(picked)
    return rows[np.argsort(score[rows], kind="stable")]


def _running(weights: NDArray[np.generic]) -> Array:
    """Sums of the weights before each place and of all, (c, r + 1)."""
    sums = np.zeros((len(weights), weights.shape[1] + 1))
    np.cumsum(weights, axis=1, out=sums[:, 1:])
    return sums
