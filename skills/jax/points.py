"""Where the equations are asked: scrambled Sobol points, and more of them where the residual is large."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def sobol(count: int, dimension: int, seed: int) -> Array:
    """The first `count` scrambled Sobol points in [-1, 1]^d (Owen's scrambling, by SciPy); d = 0 gives one point."""
    if dimension == 0:
        return np.zeros((1, 0))
    qmc: Any = importlib.import_module("scipy.stats.qmc")
    drawn = qmc.Sobol(dimension, rng=np.random.default_rng(seed)).random_base2(max(count - 1, 0).bit_length())
    return np.asarray(2 * drawn[:count] - 1, dtype=np.float64)


def face(fixed: dict[int, float], count: int, dimension: int, seed: int) -> Array:
    """Points on a face: the coordinates in `fixed` (axis -> scaled value) stand still, the others are drawn."""
    free = [axis for axis in range(dimension) if axis not in fixed]
    drawn = sobol(count, len(free), seed)
    found = np.empty((len(drawn), dimension))
    found[:, free] = drawn
    for axis, value in fixed.items():
        found[:, axis] = value
    return found


def adapted(kept: Array, pool: Array, sizes: Array, generator: np.random.Generator) -> Array:
    """As many points as in `kept`, its second half drawn anew from the pool where the residual is large.

    The chance of a point goes with size²/mean + 1 (RAD with k = 2, c = 1: Wu et al. 2023,
    doi:10.1016/j.cma.2022.115671). `sizes` (pool,) are residuals without a sign; one that is not finite counts as 0.
    """
    weight = np.nan_to_num(sizes, nan=0.0, posinf=0.0) ** 2
    mean = weight.mean()
    chance = weight / mean + 1.0 if mean > 0 else np.ones(len(pool))
    half = len(kept) // 2
    drawn = generator.choice(len(pool), size=len(kept) - half, replace=False, p=chance / chance.sum())
    return np.concatenate([kept[:half], pool[drawn]])
