"""The textbook's way through time: the implicit midpoint rule (Crank and Nicolson's, for linear equations)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from skills.runtime.job import UserMistake
from skills.simulate.line import Line

Array = NDArray[np.float64]

ITERATIONS = 20
CLOSE = 1e-9  # relative change at which an iteration ends: far below what second order reaches
SLOW = 4  # iterations after which the derivatives are taken anew
KEPT = 400  # blocks of three steps that are kept, at most, so that files stay small


class Rows(Protocol):
    """A system with sparse rows; `moving` says in which of them a rate stands."""

    @property
    def changes(self) -> bool: ...
    @property
    def differential(self) -> tuple[bool, ...]: ...
    @property
    def moving(self) -> NDArray[np.bool_]: ...
    def residual(self, time: float, values: Array, rates: Array) -> Array: ...
    def jacobian(self, time: float, values: Array, rates: Array) -> tuple[Any, Any]: ...
    def solver(self, matrix: Any) -> Callable[[Array], Array]: ...


@dataclass(frozen=True)
class LineRows:
    """A line as rows."""

    line: Line
    moving: NDArray[np.bool_]

    @property
    def changes(self) -> bool:
        return self.line.changes

    @property
    def differential(self) -> tuple[bool, ...]:
        return self.line.differential

    def residual(self, time: float, values: Array, rates: Array) -> Array:
        return self.line.residual(np.array([time]), values[None], rates[None])[0]

    def jacobian(self, time: float, values: Array, rates: Array) -> tuple[Any, Any]:
        slopes, masses = self.line.jacobian(time, values, rates)
        return slopes.tocsr(), masses.tocsr()

    def solver(self, matrix: Any) -> Callable[[Array], Array]:
        return splu(sparse.csc_matrix(matrix)).solve


def line_rows(line: Line) -> LineRows:
    """In the rows of conditions no rate stands (or it is as good as none: they hold at a step's end)."""
    moving = np.ones((line.count, line.fields), dtype=bool)
    for equation, form in enumerate(line.evolution.equations):
        moving[:, equation] = any(map(line.evolution.rate, form.partials))
    for end in line.ends:
        moving[end.row, end.equation] = any(map(line.evolution.rate, end.form.partials))
    return LineRows(line, moving.ravel())


@dataclass(frozen=True)
class March:
    """`steps` taken; `edges` of blocks of three kept times, and values (blocks, 4, size) at their thirds."""

    steps: int
    edges: Array
    values: Array


def midpoint(rows: Rows, start: Array, span: tuple[float, float], blocks: int) -> March:
    """Three steps a block, or more where blocks are many.

    Equations hold at the middle of a step, conditions at its end. A field without a rate is known at the middle: at a
    step's end it is the mean of its neighbours. Raises UserMistake where an iteration fails.
    """
    stride = -(-blocks // KEPT)
    steps = 3 * stride * (-(-blocks // stride))
    length = (span[1] - span[0]) / steps
    walk, y, kept = _Walk(rows, length, start), start, [start.copy()]
    still, middles = walk.still, [start, start]
    for step in range(steps):
        y = walk.step(span[0] + step * length, y)
        middles = [middles[-1], y]
        if step == 1:
            kept[0][still] = 1.5 * middles[0][still] - 0.5 * middles[1][still]
        if step % stride == 0 and step:
            kept[-1][still] = (middles[0][still] + middles[1][still]) / 2
        if (step + 1) % stride == 0:
            kept.append(y.copy())
    kept[-1][still] = 1.5 * middles[1][still] - 0.5 * middles[0][still]
    values = np.array(kept)
    count = (len(values) - 1) // 3
    edges = np.linspace(span[0], span[1], count + 1)
    return March(steps, edges, values[3 * np.arange(count)[:, None] + np.arange(4)])


class _Walk:
    def __init__(self, rows: Rows, length: float, start: Array) -> None:
        self.rows, self.length = rows, length
        self.still = np.tile(~np.array(rows.differential), len(start) // len(rows.differential))
        self._solve: Callable[[Array], Array] | None = None
        self._before: Array | None = None

    def step(self, time: float, y: Array) -> Array:
        found = self._iterated(time, y)
        if found is None and self.rows.changes:
            self._solve = None
            found = self._iterated(time, y)
        if found is None:
            raise UserMistake(f"the textbook's solver fails at t = {time:.6g}", "its grids are too coarse for this")
        self._before = found - y
        return found

    def _iterated(self, time: float, y: Array) -> Array | None:
        found = y if self._before is None else y + self._before
        for iteration in range(ITERATIONS):
            middle, rates = np.where(self.still, found, (y + found) / 2), (found - y) / self.length
            if self._solve is None or (iteration and iteration % SLOW == 0 and self.rows.changes):
                self._solve = self._solver(time, middle, found, rates)
            change = self._solve(self._miss(time, middle, found, rates))
            if not np.all(np.isfinite(change)):
                return None
            found = found - change
            with np.errstate(over="ignore"):
                small = np.linalg.norm(change) <= CLOSE * (np.linalg.norm(found) or 1.0)
            if small or not self.rows.changes:
                return found
        return None

    def _miss(self, time: float, middle: Array, found: Array, rates: Array) -> Array:
        inside = self.rows.residual(time + self.length / 2, middle, rates)
        if self.rows.moving.all():
            return inside
        return np.where(self.rows.moving, inside, self.rows.residual(time + self.length, found, rates))

    def _solver(self, time: float, middle: Array, found: Array, rates: Array) -> Callable[[Array], Array]:
        slopes, masses = self.rows.jacobian(time + self.length / 2, middle, rates)
        if self.rows.changes and not self.rows.moving.all():
            ends, _ = self.rows.jacobian(time + self.length, found, rates)
            still = (~self.rows.moving).astype(np.float64)
            slopes = sparse.diags_array(1 - still) @ slopes + sparse.diags_array(still) @ ends
        columns = np.where(self.still, 1.0, 0.5)
        if self.rows.moving.all():
            matrix = slopes @ sparse.diags_array(columns) + masses / self.length
        else:
            moving = sparse.diags_array(self.rows.moving.astype(np.float64))
            matrix = moving @ slopes @ sparse.diags_array(columns) + (slopes - moving @ slopes) + masses / self.length
        try:
            return self.rows.solver(matrix)
        except RuntimeError:
            return lambda side: np.full(matrix.shape[1], np.nan)
