"""Interpolation and differentiation weights on any points, for many places at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def difference_weights(nodes: Array, at: Array, highest: int) -> Array:
    """(highest + 1, n, width): weights of the values and derivatives at `at` (n,) from values at `nodes` (n, width).

    Fornberg, B. (1988) Generation of finite difference formulas on arbitrarily spaced grids.
    doi:10.1090/S0025-5718-1988-0935077-0
    """
    count, width = nodes.shape
    table = np.zeros((highest + 1, width, count))
    points, product = nodes.T, np.ones(count)
    reach = points[0] - at
    table[0, 0] = 1.0
    for i in range(1, width):
        before, reach = reach, points[i] - at
        scale = np.ones(count)
        for j in range(i):
            gap = points[i] - points[j]
            scale = scale * gap
            if j == i - 1:
                for m in range(min(i, highest), 0, -1):
                    table[m, i] = product * (m * table[m - 1, j] - before * table[m, j]) / scale
                table[0, i] = -product * before * table[0, j] / scale
            for m in range(min(i, highest), 0, -1):
                table[m, j] = (reach * table[m, j] - m * table[m - 1, j]) / gap
            table[0, j] = reach * table[0, j] / gap
        product = scale
    return np.ascontiguousarray(np.moveaxis(table, 1, 2))


def value_weights(at: Array, nodes: Array) -> Array:
    """(n, nodes) weights of the interpolating polynomial on `nodes` (m,) or (n, m), by the barycentric formula.

    Berrut, J.-P. & Trefethen, L. N. (2004) Barycentric Lagrange interpolation. doi:10.1137/S0036144502417715
    """
    spread = nodes[..., :, None] - nodes[..., None, :] + np.eye(nodes.shape[-1])
    gaps = at[:, None] - nodes
    hit = gaps == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        found = 1 / spread.prod(axis=-1) / gaps
        found /= found.sum(axis=1, keepdims=True)
    return np.where(hit.any(axis=1, keepdims=True), hit.astype(np.float64), found)
