"""Finite differences of high order on equally spaced points."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Stencil:
    """Row i of a derivative is the sum of weights[i] * u[columns[i]]; both (points, width)."""

    columns: NDArray[np.int64]
    weights: Array

    def __call__(self, values: Array, axis: int = -1) -> Array:
        """The derivative along an axis."""
        moved = np.moveaxis(values, axis, -1)
        found = np.zeros(moved.shape)
        for place in range(self.columns.shape[1]):
            found += self.weights[:, place] * moved[..., self.columns[:, place]]
        return np.moveaxis(found, -1, axis)


@lru_cache(maxsize=64)
def stencil(points: int, derivative: int, width: int, spacing: float, *, periodic: bool = False) -> Stencil:
    """Centred differences over `width` (odd) points, one-sided at the ends; the order is width - derivative or better.

    `periodic`: the points are those of one period, its end left out.
    """
    if points < width:
        raise ValueError(f"{points} points are too few for differences over {width}")
    rows = np.arange(points)
    first = rows - width // 2
    if not periodic:
        first = np.clip(first, 0, points - width)
    columns = first[:, None] + np.arange(width)
    by_offset = np.array([weights(width, derivative, offset) for offset in range(width)])
    return Stencil(columns % points, by_offset[rows - first] / spacing**derivative)


@lru_cache(maxsize=256)
def weights(width: int, derivative: int, at: int) -> Array:
    """Weights of a derivative at point `at` of the points 0, 1, … width - 1.

    Fornberg, B. (1988) Generation of finite difference formulas on arbitrarily spaced grids.
    doi:10.1090/S0025-5718-1988-0935077-0
    """
    table = np.zeros((width, derivative + 1))
    table[0, 0] = 1.0
    product, reach = 1.0, -float(at)
    for i in range(1, width):
        before, now = reach, float(i - at)
        scale = 1.0
        for j in range(i):
            gap = float(i - j)
            scale *= gap
            if j == i - 1:
                for m in range(derivative, 0, -1):
                    table[i, m] = product * (m * table[j, m - 1] - before * table[j, m]) / scale
                table[i, 0] = -product * before * table[j, 0] / scale
            for m in range(derivative, 0, -1):
                table[j, m] = (now * table[j, m] - m * table[j, m - 1]) / gap
            table[j, 0] = now * table[j, 0] / gap
        product, reach = scale, now
    return table[:, derivative]
