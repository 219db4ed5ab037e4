"""Values of a solution anywhere in its box, as exact as its grid: polynomials in time and in space."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skills.simulate.march import Solution, collocation
from skills.simulate.space import Space

Array = NDArray[np.float64]

WIDTH = 8  # points in space: of the eighth order, above that of the differences
AT_ONCE = 20_000


@dataclass(frozen=True)
class Field:
    """A solution that can be asked anywhere; `x` bounds the grid of equal cells."""

    x: tuple[float, float]
    cells: int
    periodic: bool
    edges: Array
    values: Array

    def __call__(self, x: Array, t: Array) -> Array:
        """u at points (n,) inside the box."""
        parts = [self._part(x[at : at + AT_ONCE], t[at : at + AT_ONCE]) for at in range(0, len(x), AT_ONCE)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _part(self, x: Array, t: Array) -> Array:
        nodes = collocation(self.values.shape[1] - 1).times
        step = np.clip(np.searchsorted(self.edges, t, side="left") - 1, 0, len(self.values) - 1)
        since = (t - self.edges[step]) / (self.edges[step + 1] - self.edges[step])
        in_time = _weights(since, nodes)
        place = (x - self.x[0]) / (self.x[1] - self.x[0]) * self.cells
        first = np.floor(place).astype(np.int64) - WIDTH // 2 + 1
        points = self.values.shape[2]
        if not self.periodic:
            first = np.clip(first, 0, points - WIDTH)
        in_space = _weights(place - first, np.arange(WIDTH, dtype=np.float64))
        columns = (first[:, None] + np.arange(WIDTH)) % points
        held = self.values[step[:, None, None], np.arange(len(nodes))[:, None], columns[:, None, :]]
        return np.einsum("ps,psw,pw->p", in_time, held, in_space)

    def save(self, path: Path) -> None:
        np.savez(path, x=self.x, cells=self.cells, periodic=self.periodic, edges=self.edges, values=self.values)


def field(space: Space, solution: Solution) -> Field:
    return Field(space.problem.x, space.cells, space.problem.periodic, solution.edges, solution.values)


def load(path: Path) -> Field:
    """A field that `save` wrote."""
    with np.load(path, allow_pickle=False) as held:
        low, high = (float(end) for end in held["x"])
        cells, periodic = int(held["cells"]), bool(held["periodic"])
        return Field((low, high), cells, periodic, held["edges"], held["values"])


def _weights(at: Array, nodes: Array) -> Array:
    """(n, nodes) weights of the interpolating polynomial, by the barycentric formula.

    Berrut, J.-P. & Trefethen, L. N. (2004) Barycentric Lagrange interpolation. doi:10.1137/S0036144502417715
    """
    gaps = at[:, None] - nodes
    weights = 1 / (nodes[:, None] - nodes + np.eye(len(nodes))).prod(axis=1)
    hit = gaps == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        found = weights / gaps
        found /= found.sum(axis=1, keepdims=True)
    return np.where(hit.any(axis=1, keepdims=True), hit.astype(np.float64), found)
