"""The textbook's grid: equal cells, central differences of second order, sparse rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from skills.runtime.problem import TIME
from skills.runtime.symbols import Form
from skills.simulate.evolution import Evolution
from skills.simulate.grid import EVEN, Grid, spaced

Array = NDArray[np.float64]
Matrix = sparse.csr_array

CONDITIONS = 100.0  # weight of the conditions' rows
RIDGE = 1e-13


@dataclass(frozen=True)
class _Rows:
    """A form, the nodes where it holds (as a matrix that picks them), and their coordinates."""

    form: Form
    pick: Matrix
    places: Array
    weight: float


@dataclass(frozen=True)
class Lattice:
    """0 = F(t, y, y') with `y` (nodes * fields), nodes in C order of the axes.

    Conditions hold at the nodes of their faces, equations at the nodes inside; those of first order, or with a field
    that no face gives, at all nodes (central differences alone would leave a pressure's odd and even nodes apart).
    Where rows and unknowns are as many, the solution meets all rows; else it does so in the sense of least squares.
    """

    evolution: Evolution
    grids: tuple[Grid, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(grid.nodes) for grid in self.grids)

    @property
    def fields(self) -> int:
        return len(self.evolution.fields)

    @property
    def changes(self) -> bool:
        return self.evolution.changes

    @property
    def differential(self) -> tuple[bool, ...]:
        return self.evolution.differential

    @property
    def places(self) -> Array:
        return np.array(list(product(*(grid.nodes for grid in self.grids)))).reshape(-1, len(self.grids))

    @cached_property
    def moving(self) -> NDArray[np.bool_]:
        """Row by row, whether a rate stands in it."""
        held = [any(map(self.evolution.rate, part.form.partials)) for part in self._rows]
        return np.concatenate([np.full(len(part.places), one) for one, part in zip(held, self._rows, strict=True)])

    def residual(self, time: float, values: Array, rates: Array) -> Array:
        """(rows,)."""
        return np.concatenate([
            np.broadcast_to(part.form(self._values(part, time, values, rates)), (len(part.places),))
            for part in self._rows
        ])  # fmt: skip

    def jacobian(self, time: float, values: Array, rates: Array) -> tuple[Matrix, Matrix]:
        """(dF/dy, dF/dy'), both (rows, nodes * fields)."""
        found: tuple[list[Matrix], list[Matrix]] = ([], [])
        for part in self._rows:
            held = self._values(part, time, values, rates)
            pair = [sparse.csr_array((len(part.places), len(values))) for _ in range(2)]
            for partial in part.form.partials:
                slope = part.form.by(self.evolution.vocabulary.name(partial))(held)
                field = self.evolution.fields.index(partial.field)
                unit = sparse.coo_array(([1.0], ([0], [field])), shape=(1, self.fields))
                rows = sparse.diags_array(np.broadcast_to(slope, (len(part.places),))) @ self._at(part, partial)
                pair[self.evolution.rate(partial)] += sparse.kron(rows, unit, format="csr")
            for held_part, one in zip(found, pair, strict=True):
                held_part.append(one)
        return sparse.csr_array(sparse.vstack(found[0])), sparse.csr_array(sparse.vstack(found[1]))

    def solver(self, matrix: Matrix) -> Callable[[Array], Array]:
        """By normal equations; conditions weigh more. Raises RuntimeError where they are singular."""
        sizes = np.maximum(abs(matrix).max(axis=1).toarray().ravel(), np.finfo(float).tiny)
        weights = np.concatenate([np.full(len(part.places), part.weight) for part in self._rows]) / sizes
        scaled = sparse.diags_array(weights) @ matrix
        normal = scaled.T @ scaled
        ridge = RIDGE * float(normal.diagonal().max())
        whole = sparse.csc_matrix(normal + ridge * sparse.eye_array(normal.shape[0]))
        factor = splu(whole, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
        return lambda side: self._refined(factor.solve, scaled, weights * side)

    @staticmethod
    def _refined(solve: Callable[[Array], Array], scaled: Matrix, side: Array) -> Array:
        found = solve(scaled.T @ side)
        return found + solve(scaled.T @ (side - scaled @ found))

    def _values(self, part: _Rows, time: float, values: Array, rates: Array) -> dict[str, Any]:
        held: dict[str, Any] = {**self.evolution.problem.guesses()}
        if self.evolution.marches:
            held[TIME] = time
        held |= dict(zip(self.evolution.space, part.places.T, strict=True))
        for partial in part.form.partials:
            taken = rates if self.evolution.rate(partial) else values
            field = taken.reshape(-1, self.fields)[:, self.evolution.fields.index(partial.field)]
            held[self.evolution.vocabulary.name(partial)] = self._at(part, partial) @ field
        return held

    def _at(self, part: _Rows, partial: Any) -> Matrix:
        return part.pick @ self._derivatives[self.evolution.space_orders(partial)]

    @cached_property
    def _derivatives(self) -> dict[tuple[int, ...], Matrix]:
        found = {}
        for orders in {self.evolution.space_orders(partial) for partial in self.evolution.partials}:
            parts = [grid.matrices[m] for grid, m in zip(self.grids, orders, strict=True)]
            found[orders] = reduce(lambda a, b: sparse.kron(a, b, format="csr"), parts)
        return found

    @cached_property
    def _rows(self) -> tuple[_Rows, ...]:
        found = []
        bound = {partial.field for face in self.evolution.faces if len(face.at) == 1 for form in face.forms
                 for partial in form.partials}  # fmt: skip
        for form in self.evolution.equations:
            free = {partial.field for partial in form.partials if self.evolution.order(form)} - bound
            inside = self.evolution.order(form) > 1 and not free
            found.append(self._picked(form, {}, 1.0, inside=inside))
        for face in self.evolution.faces:
            found += [self._picked(form, face.at, CONDITIONS, inside=False) for form in face.forms]
        return tuple(found)

    def _picked(self, form: Form, at: Any, weight: float, *, inside: bool) -> _Rows:
        chosen = []
        for grid in self.grids:
            every = np.arange(len(grid.nodes))
            if grid.axis.name in at:
                every = every[:1] if at[grid.axis.name] == grid.axis.low else every[-1:]
            elif inside and not grid.periodic:
                every = every[1:-1]
            chosen.append(every)
        rows = np.ravel_multi_index(np.meshgrid(*chosen, indexing="ij"), self.shape).ravel()
        total = int(np.prod(self.shape))
        pick = sparse.csr_array((np.ones(len(rows)), (np.arange(len(rows)), rows)), shape=(len(rows), total))
        return _Rows(form, pick, self.places[rows], weight)


def lattice(evolution: Evolution, cells: int) -> Lattice:
    """`cells` an axis; one more on a periodic one if that makes them odd, for the reason above."""
    return Lattice(evolution, tuple(_grid(evolution, name, cells) for name in evolution.space))


def _grid(evolution: Evolution, name: str, cells: int) -> Grid:
    periodic = name in evolution.problem.periodic
    axis = evolution.problem.axis(name)
    return spaced(axis, cells | 1 if periodic else cells, EVEN, periodic=periodic, order=2)
