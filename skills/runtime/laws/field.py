"""A field on the points of the laws: derivatives, integrals and faces of expressions in symbols."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from skills.runtime.laws.grid import Axis, axes
from skills.runtime.laws.jets import Jets, number
from skills.runtime.problem import TIME, Problem
from skills.runtime.symbols import Partial

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Sampled:
    """All fields of a problem on the tensor grid of its axes: `values` (n1, …, nd, fields)."""

    problem: Problem
    values: Array

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        return axes(self.problem)

    @cached_property
    def smoothed(self) -> Sampled:
        """What a coarser grid would have seen; where it differs, the grid is too coarse for the field."""
        found = self.values
        for place, axis in enumerate(self.axes):
            found = axis.smoothed(found, place)
        return Sampled(self.problem, found)

    @cached_property
    def time(self) -> int | None:
        return self.problem.names.index(TIME) if self.problem.timed else None

    def derivative(self, partial: Partial) -> Array:
        """(n1, …, nd)."""
        if partial not in self._known:
            place = next((at for at, count in enumerate(partial.orders) if count), None)
            if place is None:
                found = self.values[..., self.problem.fields.index(partial.field)]
            else:
                lower = tuple(count - (at == place) for at, count in enumerate(partial.orders))
                found = self.axes[place].derivative(self.derivative(Partial(partial.field, lower)), place)
            self._known[partial] = found
        return self._known[partial]

    @cached_property
    def _known(self) -> dict[Partial, Array]:
        return {}

    def __call__(self, expr: sympy.Expr, face: tuple[int, int] | None = None) -> Array:
        """An expression at all points, or on a face (place of the coordinate, 0 or -1), that axis left out."""
        jets = Jets(self.problem.vocabulary)
        grids = np.meshgrid(*(axis.nodes for axis in self.axes), indexing="ij", sparse=True)
        values: dict[str, Any] = dict(zip(self.problem.names, grids, strict=True))
        shape = self.values.shape[:-1]
        values |= {jet.name: self.derivative(partial) for jet, partial in jets.inside(expr).items()}
        if face is not None:
            place, side = face
            values = {
                name: np.take(one, side if one.shape[place] > 1 else 0, axis=place) for name, one in values.items()
            }
            shape = tuple(size for at, size in enumerate(shape) if at != place)
        return np.broadcast_to(np.asarray(number(self.problem, expr)(values), dtype=np.float64), shape)

    def inside(self, values: Array) -> Array:
        """The integral over space of values (n1, …, nd): (nt,), or a number (1,) for a steady problem."""
        return self._integral(values, list(enumerate(self.axes)))

    def across(self, values: Array, place: int) -> Array:
        """The integral over a face of values there: (nt,) or (1,)."""
        return self._integral(values, [(at, axis) for at, axis in enumerate(self.axes) if at != place])

    def _integral(self, values: Array, left: list[tuple[int, Axis]]) -> Array:
        for along in reversed(range(len(left))):
            place, axis = left[along]
            if place != self.time:
                values = axis.integral(values, along)
        return np.atleast_1d(values)


def sampled(problem: Problem, values: Array) -> Sampled:
    """From values (n, fields) at `points(problem)`."""
    shape = tuple(axis.size for axis in axes(problem))
    return Sampled(problem, np.asarray(values, dtype=np.float64).reshape(*shape, len(problem.fields)))
