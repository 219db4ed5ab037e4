"""A spectral system in time: its rows, more than its unknowns, are combined to as many once and for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lu_factor, lu_solve

from skills.simulate.box import Box

Array = NDArray[np.float64]
Pair = tuple[Array, Array]

FAST = 10.0  # rates of the grid to which the combination is fitted
CONDITIONS = 100.0  # weight of the conditions' rows


@dataclass(frozen=True)
class Projected:
    """0 = P F(t, y, y') with a fixed P (unknowns, rows).

    Least squares step by step would answer differently for each length of a step. P is the transpose of an orthogonal
    basis of the rows' derivatives for steps so short that rates count most: found by experiment to leave heat, waves
    and advection as stable as they are. A heuristic.
    """

    box: Box
    rows: Array

    @property
    def fields(self) -> int:
        return self.box.fields

    @property
    def differential(self) -> tuple[bool, ...]:
        return self.box.differential

    @property
    def changes(self) -> bool:
        return self.box.changes

    def residual(self, times: Array, values: Array, rates: Array) -> Array:
        return self.box.residuals(times, values, rates) @ self.rows.T

    def jacobian(self, time: float, values: Array, rates: Array) -> Pair:
        slopes, masses = self.box.jacobian(time, values, rates)
        return self.rows @ slopes, self.rows @ masses

    def factor(self, jacobians: Pair, shift: complex) -> Callable[[Array], Array]:
        factors = lu_factor(jacobians[0] + shift * jacobians[1])
        return lambda side: lu_solve(factors, side, check_finite=False)

    def fastest(self, jacobians: Pair) -> float:
        return _fastest(jacobians)

    def settled(self, time: float, values: Array) -> Array:
        return values


def projected(box: Box, time: float, values: Array) -> Projected:
    """The system as it is near the given values."""
    slopes, masses = box.jacobian(time, values, np.zeros_like(values))
    matrix = slopes + FAST * max(_fastest((slopes, masses)), 1.0) * masses
    weights = 1 / np.maximum(np.abs(matrix).max(axis=1), np.finfo(float).tiny)
    inside = len(box.evolution.equations) * box.points_inside
    weights[inside:] *= CONDITIONS
    basis, _ = np.linalg.qr(matrix * weights[:, None])
    return Projected(box, basis.T * weights)


def _fastest(jacobians: Pair) -> float:
    """The rate at which the quickest part of the grid's solution changes, about."""
    slopes, masses = (np.abs(part).sum(axis=1) for part in jacobians)
    moving = masses > 0
    return float((slopes[moving] / masses[moving]).max(initial=0.0)) / 8
