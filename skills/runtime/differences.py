"""Weights of finite differences on equally spaced points."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


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
