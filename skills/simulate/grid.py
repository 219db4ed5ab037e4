"""Points on one axis, equal or crowded where a solution is steep, and differences of high order between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.interpolate import PchipInterpolator

from skills.runtime.problem import Coordinate
from skills.simulate.weights import difference_weights, value_weights

Array = NDArray[np.float64]
Columns = NDArray[np.int64]

ORDER = 8  # of the differences inside
HIGHEST = 4
LEAST_CELLS = 16
PROFILE = 2000  # cells of the table that says how densely points lie
GROWTH = 0.12  # share by which a cell may be longer than its neighbour, on the coarsest grid
CROWD = 3.0  # cells at an end over which the spacing settles
NARROWEST = 0.12  # share of the spacing of the first cell at an end


@dataclass(frozen=True)
class Density:
    """Relative density (PROFILE,) of points in equal parts of the axis; () is the same everywhere."""

    values: Array

    def edges(self) -> Array:
        """Share of the points left of each edge of the parts."""
        total = np.concatenate([[0.0], np.cumsum(self.values)])
        return total / total[-1]


EVEN = Density(np.ones(PROFILE))


@dataclass(frozen=True)
class Grid:
    """`nodes` of an axis; a periodic one leaves its end out. `order` is that of its differences."""

    axis: Coordinate
    nodes: Array
    periodic: bool
    order: int = ORDER

    @cached_property
    def _stencils(self) -> dict[int, tuple[Columns, Array]]:
        found = {}
        for m in range(HIGHEST + 1):
            columns, places = self.window(np.arange(len(self.nodes)), self.width(m))
            weights = difference_weights(places, self.nodes, m)[m]
            found[m] = columns, weights
        return found

    def width(self, derivative: int) -> int:
        """Odd, so that differences are centred inside."""
        return self.order + 1 + 2 * ((derivative - 1) // 2) if derivative else 1

    def window(self, near: Columns, width: int) -> tuple[Columns, Array]:
        """(n, width) columns of the `width` nodes around node `near`, and their places, unwrapped where periodic."""
        count = len(self.nodes)
        first = near - (width - 1) // 2
        if not self.periodic:
            first = np.clip(first, 0, count - width)
        wide = first[:, None] + np.arange(width)
        return wide % count, self.nodes[wide % count] + (wide // count) * self.axis.length

    def stencil(self, derivative: int) -> tuple[Columns, Array]:
        """Columns and weights, both (n, width)."""
        return self._stencils[derivative]

    @cached_property
    def matrices(self) -> tuple[sparse.csr_array, ...]:
        """Derivatives of order 0 to 4."""
        count, found = len(self.nodes), []
        for m in range(HIGHEST + 1):
            columns, weights = self.stencil(m)
            rows = np.repeat(np.arange(count), columns.shape[1])
            found.append(sparse.csr_array((weights.ravel(), (rows, columns.ravel())), shape=(count, count)))
        return tuple(found)

    @property
    def spacing(self) -> Array:
        """(n,) length of the cell at each node."""
        gaps = np.diff(self.nodes)
        return np.append(gaps, self.axis.high - self.nodes[-1] if self.periodic else gaps[-1])

    def weights(self, at: Array, width: int) -> tuple[Columns, Array]:
        """(n, width) columns and interpolation weights at places `at` (n,)."""
        cell = np.clip(np.searchsorted(self.nodes, at, side="right") - 1, 0, len(self.nodes) - 1)
        columns, places = self.window(cell, width)
        return columns, value_weights(at, places)


def spaced(axis: Coordinate, cells: int, density: Density, *, periodic: bool, order: int = ORDER) -> Grid:
    """Nodes by a density. At ends that are no periodic ones they crowd a little, without which high order is unstable.

    Hagstrom, T. & Hagstrom, G. (2007) Grid stabilization of high-order one-sided differencing.
    """
    share = np.arange(cells + 1) / cells
    if not periodic and order > 2:
        steps = _crowded(cells)
        share = np.concatenate([[0.0], np.cumsum(steps)]) / steps.sum()
    places = share if density is EVEN else _smooth_inverse(density)(share)
    nodes = axis.low + axis.length * places
    nodes[-1] = axis.high
    return Grid(axis, nodes[:-1] if periodic else nodes, periodic, order)


def _crowded(cells: int) -> Array:
    cell = np.arange(cells)
    cell = np.minimum(cell, cell[::-1])
    return 1 - (1 - NARROWEST) * np.exp(-((cell / CROWD) ** 2))


def _smooth_inverse(density: Density) -> PchipInterpolator:
    return PchipInterpolator(density.edges(), np.linspace(0, 1, PROFILE + 1))


def density(scales: Array, nodes: Array, axis: Coordinate, cells: int, *, periodic: bool) -> Density:
    """The density that `scales` (n,), lengths over which the solution changes at `nodes`, ask for.

    Half of the points go where the solution is steep (de Boor's rule); neighbouring cells differ by at most GROWTH.
    """
    places = axis.low + axis.length * (np.arange(PROFILE) + 0.5) / PROFILE
    period = axis.length if periodic else None
    demand = axis.length / np.exp(np.interp(places, nodes, np.log(scales), period=period))
    demand = np.minimum(demand, 2e3)
    wanted = demand + demand.mean()
    if wanted.max() < 2.5 * wanted.min():
        return EVEN
    lengths = wanted.mean() / wanted / cells  # of cells, in parts of the axis
    return Density(1 / _limited(lengths, periodic))


def _limited(lengths: Array, periodic: bool) -> Array:
    """Lengths of cells that grow by no more than GROWTH from one to the next, rounded off."""
    step = GROWTH / PROFILE
    held = np.tile(lengths, 3) if periodic else lengths.copy()
    for order in (1, -1):
        view = held[::order]
        ramp = step * np.arange(len(view))
        view[:] = np.minimum.accumulate(view - ramp) + ramp
    if periodic:
        held = held[PROFILE : 2 * PROFILE]
    return held
