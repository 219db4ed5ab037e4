"""The judge's own estimate of sums of integrated gradients, from predictions alone: what attributions are held to.

It shares no code with the skill that explains, and needs no gradient of the model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Samples = NDArray[np.float32]
ROWS, SIGNS = 3, 4  # samples that are looked at, and draws of signs for each; fewer of large samples
NODES = 128  # of Gauss-Legendre quadrature along the line from the baseline to a sample
STEP = 0.005  # of the way from the baseline to a sample: the half width of a central difference
MOST_CELLS = 8_000_000  # of all points together


@dataclass(frozen=True)
class Projections:
    """`points` (rows * signs * nodes * 2, *shape) are to be predicted, `rows` (r,) the places of their samples, `signs`
    (r, signs, *shape) +1 or -1 for every cell, `weights` (nodes,) those of the quadrature."""

    points: Samples
    rows: NDArray[np.int64]
    signs: Floats
    weights: Floats


def questions(samples: Samples, baseline: Samples, generator: np.random.Generator) -> Projections:
    """Points on both sides of the line from the baseline to a sample, moved away from it cell by cell up or down.

    The attribution of a cell is its way from the baseline, times the mean of the output's derivative by that cell along
    the line (Sundararajan, Taly & Yan 2017, arXiv:1703.01365, eq. 1). The sum under signs is the mean derivative in the
    direction of the signed way, and any attributions but the right ones give another sum under most draws of signs.
    """
    affordable = max(1, MOST_CELLS // (2 * NODES * baseline.size))
    rows = np.sort(generator.permutation(len(samples))[: min(ROWS, affordable)])
    way = samples[rows].astype(np.float64) - baseline
    drawn = max(1, min(SIGNS, affordable // len(rows)))
    signs = generator.choice((-1.0, 1.0), size=(len(rows), drawn, *baseline.shape))
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    along = ((nodes + 1) / 2).reshape(1, 1, NODES, 1, *[1] * baseline.ndim)
    sides = np.array([-STEP, STEP]).reshape(1, 1, 1, 2, *[1] * baseline.ndim)
    wide, signed = way[:, None, None, None], (signs * way[:, None])[:, :, None, None]
    points = baseline + along * wide + sides * signed
    flat = points.reshape(-1, *baseline.shape).astype(np.float32)
    return Projections(flat, rows, signs, weights / 2)


def estimates(asked: Projections, outputs: Floats, classes: NDArray[np.int64]) -> Floats:
    """(rows, signs) from the outputs (n, k) at the points, of the class that was explained for each sample."""
    count, drawn = asked.signs.shape[:2]
    told = outputs.reshape(count, drawn, NODES, 2, -1)
    own = np.stack([told[place, ..., classes[row]] for place, row in enumerate(asked.rows)])
    slopes = (own[..., 1] - own[..., 0]) / (2 * STEP)
    return np.asarray(slopes @ asked.weights)


def claimed(asked: Projections, values: NDArray[np.floating]) -> Floats:
    """(rows, signs) the same sums of attributions (n, *shape)."""
    told = np.asarray(values, dtype=np.float64)[asked.rows][:, None] * asked.signs
    return np.asarray(told.reshape(*told.shape[:2], -1).sum(axis=2))
