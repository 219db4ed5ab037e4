"""A system on a tensor grid of spectral axes: more rows than unknowns, met in the sense of least squares.

Equations hold at Gauss points inside, conditions at Gauss points of their faces: corners, redundant conditions, fields
without conditions of their own and pins at a point need no special care.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from skills.runtime.job import UserMistake
from skills.runtime.problem import TIME
from skills.runtime.symbols import Form
from skills.simulate.evolution import Evolution
from skills.simulate.spectral import Axis

Array = NDArray[np.float64]
Pair = tuple[Array, Array]

MOST_UNKNOWNS = 2600
SINGULAR = 1e-13  # a pivot this much smaller than the largest means that rows leave something open
RIDGE = 1e-12


@dataclass(frozen=True)
class Patch:
    """Points where forms hold: `at` maps the coordinates that are held fixed, () for the inside."""

    at: Mapping[str, float]
    forms: tuple[Form, ...]


@dataclass(frozen=True)
class Box:
    """0 = F(t, y, y') with `y` (nodes * fields), nodes in C order of the axes."""

    evolution: Evolution
    axes: tuple[Axis, ...]

    @property
    def count(self) -> int:
        return int(np.prod([axis.count for axis in self.axes]))

    @property
    def fields(self) -> int:
        return len(self.evolution.fields)

    @property
    def places(self) -> Array:
        """(nodes, axes)."""
        return _grid([axis.nodes for axis in self.axes])

    @property
    def differential(self) -> tuple[bool, ...]:
        return self.evolution.differential

    @property
    def changes(self) -> bool:
        return self.evolution.changes

    @property
    def points_inside(self) -> int:
        return len(self._points[0])

    @cached_property
    def patches(self) -> tuple[Patch, ...]:
        return (Patch({}, self.evolution.equations), *(Patch(f.at, f.forms) for f in self.evolution.faces))

    def residual(self, time: float, values: Array, rates: Array) -> Array:
        """(rows,) from y and y' (nodes * fields)."""
        return self.residuals(np.array([time]), values[None], rates[None])[0]

    def residuals(self, times: Array, values: Array, rates: Array) -> Array:
        """(stages, rows) from y and y' (stages, nodes * fields)."""
        found = []
        for place, patch in enumerate(self.patches):
            held = self._values(place, times, values, rates)
            shape = (len(times), len(self._points[place]))
            found += [np.broadcast_to(form(held), shape) for form in patch.forms]
        return np.concatenate(found, axis=1)

    def jacobian(self, time: float, values: Array, rates: Array) -> Pair:
        """(dF/dy, dF/dy'), both (rows, nodes * fields)."""
        parts: tuple[list[Array], list[Array]] = ([], [])
        for place, patch in enumerate(self.patches):
            held = self._values(place, np.array([time]), values.reshape(1, -1), rates.reshape(1, -1))
            rows = len(self._points[place])
            for form in patch.forms:
                pair = np.zeros((2, rows, self.count, self.fields))
                for partial in form.partials:
                    slope = np.broadcast_to(form.by(self.evolution.vocabulary.name(partial))(held), (1, rows))[0]
                    field = self.evolution.fields.index(partial.field)
                    pair[int(self.evolution.rate(partial)), :, :, field] += (
                        slope[:, None] * self._matrices[place, self.evolution.space_orders(partial)]
                    )
                for held_part, part in zip(parts, pair, strict=True):
                    held_part.append(part.reshape(rows, -1))
        return np.concatenate(parts[0]), np.concatenate(parts[1])

    def solver(self, slopes: Array) -> Callable[[Array], Array]:
        return least_squares(slopes)

    def _values(self, place: int, times: Array, values: Array, rates: Array) -> dict[str, Any]:
        points = self._points[place]
        held: dict[str, Any] = {**self.evolution.problem.guesses()}
        if self.evolution.marches:
            held[TIME] = times[:, None]
        held |= {name: points[None, :, axis] for axis, name in enumerate(self.evolution.space)}
        shape = (len(times), self.count, self.fields)
        for partial in {p for form in self.patches[place].forms for p in form.partials}:
            taken = rates if self.evolution.rate(partial) else values
            field = taken.reshape(shape)[:, :, self.evolution.fields.index(partial.field)]
            matrix = self._matrices[place, self.evolution.space_orders(partial)]
            held[self.evolution.vocabulary.name(partial)] = field @ matrix.T
        return held

    @cached_property
    def _points(self) -> tuple[Array, ...]:
        return tuple(_grid(self._places(patch)) for patch in self.patches)

    def _places(self, patch: Patch) -> list[Array]:
        return [
            np.array([patch.at[a.coordinate.name]]) if a.coordinate.name in patch.at else a.points for a in self.axes
        ]

    @cached_property
    def _matrices(self) -> dict[tuple[int, tuple[int, ...]], Array]:
        """(points, nodes) by patch and orders."""
        found = {}
        for place, patch in enumerate(self.patches):
            places = self._places(patch)
            for orders in {self.evolution.space_orders(p) for form in patch.forms for p in form.partials}:
                parts = [axis.matrix(at, m) for axis, at, m in zip(self.axes, places, orders, strict=True)]
                found[place, orders] = reduce(np.kron, parts)
        return found


def box(evolution: Evolution, count: int) -> Box:
    """`count` nodes an axis. Raises UserMistake where that makes too many unknowns."""
    axes = tuple(_axis(evolution, name, count) for name in evolution.space)
    made = Box(evolution, axes)
    if made.count * made.fields > MOST_UNKNOWNS:
        raise UserMistake(
            f"{count} points an axis make {made.count * made.fields} unknowns; at most {MOST_UNKNOWNS} are solved for",
            "lower `resolution`",
        )
    return made


def _axis(evolution: Evolution, name: str, count: int) -> Axis:
    """A periodic axis has an odd count: the highest wave of an even one has no derivative."""
    periodic = name in evolution.problem.periodic
    return Axis(evolution.problem.axis(name), count | 1 if periodic else count, periodic)


def least_squares(matrix: Array) -> Callable[[Array], Array]:
    """Solves in the sense of least squares by QR; what the rows leave open is kept small."""
    weights = 1 / np.maximum(np.abs(matrix).max(axis=1), np.finfo(float).tiny)
    scaled = matrix * weights[:, None]
    if not np.all(np.isfinite(scaled)):
        raise ValueError("the derivatives are not finite")
    q, r = np.linalg.qr(scaled)
    pivots = np.abs(np.diag(r))
    rows = len(matrix)
    if len(pivots) < matrix.shape[1] or pivots.min() < SINGULAR * pivots.max():
        q, r = np.linalg.qr(np.vstack([scaled, RIDGE * pivots.max() * np.eye(matrix.shape[1])]))
        q = q[:rows]
    turned = np.ascontiguousarray(q.conj().T)
    return lambda side: solve_triangular(r, turned @ (weights * side), check_finite=False)


def _grid(parts: list[Array]) -> Array:
    return np.array(list(product(*parts)), dtype=np.float64).reshape(-1, len(parts))
