"""The points at which laws are tested: panels of Gauss-Lobatto nodes on every axis, with derivatives and integrals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from skills.runtime.problem import TIME, Problem

Array = NDArray[np.float64]
# Panels and nodes a panel for time and space: a first-order evolution needs times only for integrals over time, a
# second-order one for its rates too. 769 places resolve fronts of a three-hundredth of the length.
FRONTS = ((4, 17), (48, 17))
WAVES = ((8, 17), (24, 17))
PANELS = {1: (120, 17), 2: (12, 17), 3: (2, 17), 4: (1, 13)}


@dataclass(frozen=True)
class Axis:
    """`panels` equal intervals of [low, high], each with `order` Gauss-Lobatto nodes; neighbours share a node.

    A rule of n nodes integrates polynomials to degree 2n - 3 exactly, an interpolant through them those to n - 1.
    """

    low: float
    high: float
    panels: int
    order: int

    @cached_property
    def nodes(self) -> Array:
        """(panels * (order - 1) + 1,), both ends included, symmetric about the middle."""
        half = (self.high - self.low) / self.panels / 2
        middles = self.low + half * (1 + 2 * np.arange(self.panels))
        inner = middles[:, None] + half * _lobatto(self.order)[0][None, :-1]
        return np.append(inner.ravel(), self.high)

    @property
    def size(self) -> int:
        return self.panels * (self.order - 1) + 1

    def integral(self, values: Array, along: int) -> Array:
        """Over the whole axis."""
        return np.tensordot(np.moveaxis(values, along, -1), self._weights, axes=1)

    def running(self, values: Array, along: int) -> Array:
        """The integral from the low end to each node."""
        moved = self._split(np.moveaxis(values, along, -1))
        parts = moved @ (_running(self.order).T * self._half)
        ends = np.cumsum(parts[..., -1], axis=-1)
        parts[..., 1:, :] += ends[..., :-1, None]
        return np.moveaxis(self._joined(parts), -1, along)

    def derivative(self, values: Array, along: int) -> Array:
        """By the interpolant of each panel; where two panels meet, the mean of theirs."""
        moved = self._split(np.moveaxis(values, along, -1))
        return np.moveaxis(self._joined(moved @ (_derivative(self.order).T / self._half)), -1, along)

    def smoothed(self, values: Array, along: int) -> Array:
        """Without the upper third of each panel's Legendre modes: what a coarser grid would have seen."""
        moved = self._split(np.moveaxis(values, along, -1))
        return np.moveaxis(self._joined(moved @ _coarser(self.order).T), -1, along)

    @property
    def _half(self) -> float:
        return (self.high - self.low) / self.panels / 2

    @cached_property
    def _weights(self) -> Array:
        found = np.zeros(self.size)
        for panel in range(self.panels):
            start = panel * (self.order - 1)
            found[start : start + self.order] += self._half * _lobatto(self.order)[1]
        return found

    def _split(self, values: Array) -> Array:
        """(…, size) as (…, panels, order)."""
        places = (self.order - 1) * np.arange(self.panels)[:, None] + np.arange(self.order)
        return values[..., places]

    def _joined(self, parts: Array) -> Array:
        """(…, panels, order) as (…, size)."""
        found = np.empty((*parts.shape[:-2], self.size))
        found[..., :-1] = parts[..., :-1].reshape(*parts.shape[:-2], -1)
        found[..., -1] = parts[..., -1, -1]
        inner = (self.order - 1) * np.arange(1, self.panels)
        found[..., inner] = (parts[..., :-1, -1] + parts[..., 1:, 0]) / 2
        return found


def axes(problem: Problem) -> tuple[Axis, ...]:
    """One axis a coordinate; fewer than 60 000 points in all."""
    names = problem.names
    each = PANELS[len(names)]
    timed, placed = each, each
    if problem.timed and len(names) == 2:
        timed, placed = FRONTS if problem.order(TIME) < 2 else WAVES
    made = []
    for name in names:
        one = problem.axis(name)
        made.append(Axis(one.low, one.high, *(timed if name == TIME else placed)))
    return tuple(made)


def points(problem: Problem) -> Array:
    """(n, d): the tensor grid, last coordinate fastest. Depends on the problem alone."""
    grids = np.meshgrid(*(axis.nodes for axis in axes(problem)), indexing="ij")
    return np.column_stack([grid.ravel() for grid in grids])


@lru_cache(maxsize=32)
def _lobatto(order: int) -> tuple[Array, Array]:
    """Nodes and weights on [-1, 1]."""
    inner = legendre.Legendre.basis(order - 1).deriv().roots()
    nodes = np.concatenate([[-1.0], np.sort(np.real(inner)), [1.0]])
    nodes = (nodes - nodes[::-1]) / 2  # symmetric to the last bit, so that mirrored values can be compared
    weights = 2 / (order * (order - 1) * legendre.legval(nodes, np.eye(order)[-1]) ** 2)
    return nodes, weights


@lru_cache(maxsize=32)
def _modes(order: int) -> tuple[Array, Array]:
    """Legendre polynomials at the nodes (nodes, modes), and the inverse."""
    vander = legendre.legvander(_lobatto(order)[0], order - 1)
    return vander, np.linalg.inv(vander)


@lru_cache(maxsize=32)
def _derivative(order: int) -> Array:
    """(order, order); rows sum to zero exactly enough by the barycentric form.

    Berrut, J.-P., Trefethen, L. N. (2004) Barycentric Lagrange interpolation. doi:10.1137/S0036144502417715
    """
    nodes = _lobatto(order)[0]
    gaps = nodes[:, None] - nodes[None, :] + np.eye(order)
    weights = 1 / np.prod(gaps, axis=1)
    found = weights[None, :] / weights[:, None] / gaps
    np.fill_diagonal(found, 0.0)
    np.fill_diagonal(found, -found.sum(axis=1))
    return found


@lru_cache(maxsize=32)
def _running(order: int) -> Array:
    """Integrals from -1 to each node of the interpolant, (order, order)."""
    nodes, (_, inverse) = _lobatto(order)[0], _modes(order)
    raised = legendre.legint(np.eye(order), lbnd=-1.0, axis=0)
    return legendre.legval(nodes, raised).T @ inverse


@lru_cache(maxsize=32)
def _coarser(order: int) -> Array:
    vander, inverse = _modes(order)
    kept = np.arange(order) < order - max(1, order // 3)
    return (vander * kept) @ inverse
