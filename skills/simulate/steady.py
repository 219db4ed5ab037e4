"""Steady problems: Gauss-Newton steps with a line search, from a guess."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from skills.runtime.job import UserMistake

Array = NDArray[np.float64]

ITERATIONS = 60
CLOSE = 1e-13
STALLED = 1e-7  # a step that no longer helps is the end of rounding below this, a failure above
HALVINGS = 12


class Still(Protocol):
    """0 = F(y): rows and their derivatives, and how to solve them in the sense of least squares."""

    @property
    def changes(self) -> bool: ...
    def residual(self, time: float, values: Array, rates: Array) -> Array: ...
    def jacobian(self, time: float, values: Array, rates: Array) -> tuple[Any, Any]: ...
    def solver(self, matrix: Any) -> Callable[[Array], Array]: ...


def steady(system: Still, guess: Array) -> Array:
    """(nodes * fields,) solution nearest to the guess by Newton's way. Raises UserMistake where none is found.

    A step is shortened until the next one would be shorter, measured in the solution itself.
    Deuflhard, P. (2011) Newton Methods for Nonlinear Problems, section 4.3. doi:10.1007/978-3-642-23899-4
    """
    values = guess.copy()
    for _ in range(ITERATIONS):
        slopes, _ = system.jacobian(0.0, values, np.zeros_like(values))
        solve = system.solver(slopes)
        change = solve(_miss(system, values))
        if not np.all(np.isfinite(change)):
            break
        if not system.changes:
            change += solve(_miss(system, values - change))
            return values - change
        size = _norm(change) / (_norm(values) or 1.0)
        share = _share(system, values, change, solve)
        if not share and size >= STALLED:
            break
        values = values - (share or 1.0) * change
        if size < CLOSE or not share:
            return values
    if size < STALLED:
        return values
    raise UserMistake(
        "Newton's iteration finds no solution", "the problem may have none, or several; make its data milder"
    )


def _share(system: Still, values: Array, change: Array, solve: Callable[[Array], Array]) -> float:
    """The largest of 1, 1/2, … of the step after which the next is shorter; 0 where none is."""
    before = _norm(change)
    for halving in range(HALVINGS):
        share = 0.5**halving
        after = _norm(solve(_miss(system, values - share * change)))
        if after <= before * (1 - share / 4) or after == 0:
            return share
    return 0.0


def _miss(system: Still, values: Array) -> Array:
    return system.residual(0.0, values, np.zeros_like(values))


def _norm(values: Array) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.linalg.norm(values))
