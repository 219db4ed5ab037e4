"""Steady problems: Gauss-Newton steps with a line search, from a guess."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from skills.runtime.job import UserMistake
from skills.simulate.box import Box, least_squares

Array = NDArray[np.float64]

ITERATIONS = 60
CLOSE = 1e-13
STALLED = 1e-7  # a step that no longer helps is the end of rounding below this, a failure above
HALVINGS = 12


def steady(system: Box, guess: Array) -> Array:
    """(nodes * fields,) solution nearest to the guess by Newton's way. Raises UserMistake where none is found.

    A step is shortened until the next one would be shorter, measured in the solution itself.
    Deuflhard, P. (2011) Newton Methods for Nonlinear Problems, section 4.3. doi:10.1007/978-3-642-23899-4
    """
    values = guess.copy()
    for _ in range(ITERATIONS):
        slopes, _ = system.jacobian(0.0, values, np.zeros_like(values))
        solve = least_squares(slopes)
        change = solve(_miss(system, values))
        if not np.all(np.isfinite(change)):
            break
        if not system.changes:
            change += solve(_miss(system, values - change))
            return values - change
        size = float(np.linalg.norm(change)) / (float(np.linalg.norm(values)) or 1.0)
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


def _share(system: Box, values: Array, change: Array, solve: Callable[[Array], Array]) -> float:
    """The largest of 1, 1/2, … of the step after which the next is shorter; 0 where none is."""
    before = float(np.linalg.norm(change))
    for halving in range(HALVINGS):
        share = 0.5**halving
        after = float(np.linalg.norm(solve(_miss(system, values - share * change))))
        if after <= before * (1 - share / 4) or after == 0:
            return share
    return 0.0


def _miss(system: Box, values: Array) -> Array:
    return system.residual(np.zeros(1), values[None], np.zeros((1, len(values))))[0]
