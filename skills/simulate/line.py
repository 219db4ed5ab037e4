"""A system in one space dimension, or in none, on a grid: rows of equations and conditions, sparse derivatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from scipy.sparse.linalg import splu

from skills.runtime.problem import TIME
from skills.runtime.symbols import Form, Partial
from skills.simulate.evolution import Evolution
from skills.simulate.grid import Grid

Array = NDArray[np.float64]
Pair = tuple[sparse.csc_array, sparse.csc_array]


@dataclass(frozen=True)
class End:
    """Condition `form` at node `node`; it stands in row (`row`, `equation`) in place of that equation."""

    form: Form
    node: int
    row: int
    equation: int
    field: int


@dataclass(frozen=True)
class Line:
    """0 = F(t, y, y'): `y` holds the fields node by node. Without a grid there is one node: an ODE."""

    evolution: Evolution
    grid: Grid | None

    @property
    def count(self) -> int:
        return len(self.grid.nodes) if self.grid else 1

    @property
    def fields(self) -> int:
        return len(self.evolution.fields)

    @property
    def places(self) -> Array:
        """(nodes, space dimensions)."""
        return self.grid.nodes[:, None] if self.grid else np.zeros((1, 0))

    @property
    def differential(self) -> tuple[bool, ...]:
        return self.evolution.differential

    @property
    def changes(self) -> bool:
        return self.evolution.changes

    def residual(self, times: Array, values: Array, rates: Array) -> Array:
        """(stages, nodes * equations) at `times` (stages,) from y and y' (stages, nodes * fields)."""
        shape = (len(times), self.count, self.fields)
        held = self._values(times, values.reshape(shape), rates.reshape(shape))
        found = np.empty(shape)
        for place, form in enumerate(self.evolution.equations):
            found[:, :, place] = form(held)
        for end in self.ends:
            found[:, end.row, end.equation] = end.form(self._at(held, end.node))
        return found.reshape(len(times), -1)

    def jacobian(self, time: float, values: Array, rates: Array) -> Pair:
        """(dF/dy, dF/dy')."""
        shape = (1, self.count, self.fields)
        held = self._values(np.array([time]), values.reshape(shape), rates.reshape(shape))
        parts: tuple[list[Any], list[Any]] = ([], [])
        for equation, form in enumerate(self.evolution.equations):
            rows = self._kept[equation]
            for partial in form.partials:
                found = np.broadcast_to(form.by(self.evolution.vocabulary.name(partial))(held), (1, self.count))[0]
                parts[self.evolution.rate(partial)].append(self._entries(partial, rows, rows, equation, found[rows]))
        for end in self.ends:
            there = self._at(held, end.node)
            for partial in end.form.partials:
                found = np.atleast_1d(np.squeeze(end.form.by(self.evolution.vocabulary.name(partial))(there)))
                entry = self._entries(partial, np.array([end.node]), np.array([end.row]), end.equation, found)
                parts[self.evolution.rate(partial)].append(entry)
        return self._assembled(parts[0]), self._assembled(parts[1])

    def factor(self, jacobians: Pair, shift: complex) -> Callable[[Array], Array]:
        """Solves (dF/dy + shift dF/dy') x = b. Raises RuntimeError where that is singular."""
        slopes, masses = jacobians
        return splu(sparse.csc_matrix(slopes + shift * masses), permc_spec=self._ordering).solve

    @property
    def _ordering(self) -> str:
        return "COLAMD" if self.grid and self.grid.periodic else "NATURAL"

    def fastest(self, jacobians: Pair) -> float:
        """The rate at which the quickest part of the grid's solution changes, about; 0 for an ODE."""
        if self.grid is None:
            return 0.0
        slopes, masses = (abs(part).sum(axis=1) for part in jacobians)
        moving = masses > 0
        return float((slopes[moving] / masses[moving]).max(initial=0.0)) / 8

    def settled(self, time: float, values: Array) -> Array:
        """Values with those at the ends replaced by what the conditions ask for, given the others, where they can."""
        ends = [end for end in self.ends if not any(map(self.evolution.rate, end.form.partials))]
        rows = np.array([end.row * self.fields + end.equation for end in ends], dtype=int)
        columns = np.array([end.row * self.fields + end.field for end in ends], dtype=int)
        found = values.copy()
        for _ in range(4 if len(ends) else 0):
            miss = self.residual(np.array([time]), found[None], np.zeros((1, len(found))))[0, rows]
            slopes = self.jacobian(time, found, np.zeros(len(found)))[0].tocsr()[rows][:, columns].toarray()
            if np.linalg.matrix_rank(slopes) < len(rows) or not np.all(np.isfinite(miss)):
                return values
            found[columns] -= np.linalg.solve(slopes, miss)
        return found

    def _values(self, times: Array, values: Array, rates: Array) -> dict[str, Any]:
        held: dict[str, Any] = {**self.evolution.problem.guesses(), TIME: times[:, None]}
        if self.grid is not None:
            held[self.grid.axis.name] = self.grid.nodes[None, :]
        for partial in self.evolution.partials:
            taken = rates if self.evolution.rate(partial) else values
            field = taken[:, :, self.evolution.fields.index(partial.field)]
            order = sum(self.evolution.space_orders(partial))
            if order and self.grid is not None:
                field = (self.grid.matrices[order] @ field.T).T
            held[self.evolution.vocabulary.name(partial)] = field
        return held

    def _at(self, held: Mapping[str, Any], node: int) -> dict[str, Any]:
        """The values at one node, columns left out."""
        wide = {name: value for name, value in held.items() if isinstance(value, np.ndarray) and value.ndim == 2}
        return {**held, **{name: value[:, node] if value.shape[1] > 1 else value[:, 0] for name, value in wide.items()}}

    def _entries(self, partial: Partial, nodes: Any, rows: Any, equation: int, found: Array) -> tuple[Any, Any, Any]:
        """(rows, columns, values) of coefficient times derivative at `nodes`."""
        field = self.evolution.fields.index(partial.field)
        order = sum(self.evolution.space_orders(partial))
        columns, weights = self.grid.stencil(order) if self.grid else (np.zeros((1, 1), dtype=int), np.ones((1, 1)))
        columns, weights = columns[nodes], weights[nodes]
        wide = np.broadcast_to((rows * self.fields + equation)[:, None], columns.shape)
        return wide.ravel(), (columns * self.fields + field).ravel(), (found[:, None] * weights).ravel()

    def _assembled(self, parts: list[Any]) -> sparse.csc_array:
        size = self.count * self.fields
        if not parts:
            return sparse.csc_array((size, size))
        rows, columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
        return sparse.csc_array((values, (rows, columns)), shape=(size, size))

    @cached_property
    def _kept(self) -> tuple[NDArray[np.int64], ...]:
        """Equation by equation, the nodes at which it holds."""
        kept = np.ones((self.count, self.fields), dtype=bool)
        for end in self.ends:
            kept[end.row, end.equation] = False
        return tuple(np.flatnonzero(column) for column in kept.T)

    @cached_property
    def ends(self) -> tuple[End, ...]:
        """Each condition takes the place of the equation that moves its field, from the end inwards."""
        if self.grid is None or self.grid.periodic:
            return ()
        found = []
        for low in (True, False):
            value = self.grid.axis.low if low else self.grid.axis.high
            forms = [
                form for face in self.evolution.faces if face.at[self.grid.axis.name] == value for form in face.forms
            ]
            for form, (equation, depth) in zip(forms, _matched(self.evolution, forms), strict=True):
                node, row = (0, depth) if low else (self.count - 1, self.count - 1 - depth)
                found.append(End(form, node, row, equation, _leading(self.evolution, form)))
        return tuple(found)


def _leading(evolution: Evolution, form: Form) -> int:
    """The field that a condition fixes: the one most differentiated in it."""
    best = max(form.partials, key=lambda p: (p.order, -evolution.fields.index(p.field)))
    return evolution.fields.index(best.field)


def _matched(evolution: Evolution, forms: list[Form]) -> list[tuple[int, int]]:
    """(equation, depth) for each condition: the equations that move its fields give way, depth by depth."""
    if not forms:
        return []
    slots = [(equation, depth) for depth in range(len(forms)) for equation in range(len(evolution.equations))]
    costs = np.array([[depth - _fit(evolution, form, equation) for equation, depth in slots] for form in forms])
    rows, columns = linear_sum_assignment(costs)
    chosen = [slots[column] for _, column in sorted(zip(rows, columns, strict=True))]
    seen: dict[int, int] = {}
    found = []
    for equation, _ in chosen:
        found.append((equation, seen.get(equation, 0)))
        seen[equation] = seen.get(equation, 0) + 1
    return found


def _fit(evolution: Evolution, form: Form, equation: int) -> float:
    """How well a condition takes the place of an equation: that equation moves, or differentiates, its fields."""
    held = evolution.equations[equation].partials
    leading = evolution.fields[_leading(evolution, form)]
    score = 0.0
    for field in {partial.field for partial in form.partials}:
        weight = 2.0 if field == leading else 0.5
        own = [partial for partial in held if partial.field == field]
        score += 10 * weight * any(map(evolution.rate, own))
        score += weight * max((sum(evolution.space_orders(partial)) for partial in own), default=-1)
    return score
