"""The symbol of a linearised system: what its waves exp(sum z*x) do at high frequency, with coefficients frozen.

Growth without bound at high frequency is Hadamard's instability; the number of modes that decay into the domain is the
number of conditions that its face needs (Kreiss 1970, doi:10.1002/cpa.3160230304).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import sympy
from numpy.typing import NDArray

from orchestrator.problems.forms import Normal
from orchestrator.problems.posed_states import COUNT, State
from orchestrator.problems.symbols import Array, expression, value
from orchestrator.problems.vocabulary import Vocabulary

Complex = NDArray[np.complex128]
_CANCELLED = 1e-10  # a coefficient this small beside the sizes that it was summed from is zero


@dataclass(frozen=True)
class Term:
    """coefficient * (derivative of a field), in one equation; the coefficient at each of the points of a state."""

    equation: int
    field: int
    orders: tuple[int, ...]
    coefficient: Array


@dataclass(frozen=True)
class Linear:
    """A system linearised at the points of a state: as many texts as rows."""

    coordinates: tuple[str, ...]
    size: int
    terms: tuple[Term, ...]

    def distinct(self, step: int = 1) -> list[int]:
        """Every `step`-th point, those left out that have the coefficients of one before: all but one if constant."""
        if not self.terms:
            return [0]
        columns = np.array([term.coefficient for term in self.terms])[:, ::step]
        return sorted(int(first) * step for first in np.unique(columns, axis=1, return_index=True)[1])

    @cached_property
    def bare(self) -> Linear:
        """Without those fields that stand undifferentiated and change no degree: they cannot matter to fast waves."""
        kept = self
        for term in self.terms:
            if not any(term.orders):
                fewer = Linear(self.coordinates, self.size, tuple(one for one in kept.terms if one is not term))
                if all(fewer.degree(letter) == self.degree(letter) for letter in self.coordinates):
                    kept = fewer
        return kept

    def degree(self, letter: str, points: tuple[int, ...] = (0, 11, 23, 37)) -> int:
        """In the wave number of one coordinate, for general ones of the others; the largest at some points."""
        others = {one: complex(7.3, 11.1 + 3.7 * index) for index, one in enumerate(self.coordinates) if one != letter}
        return max(len(self.polynomial(letter, others, point)) for point in points) - 1

    def polynomial(self, letter: str, others: Mapping[str, complex], point: int) -> Complex:
        """Coefficients (lowest first) of the determinant in the wave number of `letter`; [] where it vanishes."""
        entries = self._entries(letter, others, point)
        exact: dict[int, Complex] = {0: np.ones(1, dtype=np.complex128)}
        sizes: dict[int, Complex] = {0: np.ones(1, dtype=np.complex128)}
        for row in range(self.size):
            below, below_sizes = exact, sizes
            exact, sizes = {}, {}
            for mask, told in below.items():
                for column in range(self.size):
                    if mask >> column & 1 or (row, column) not in entries:
                        continue
                    sign = -1.0 if bin(mask >> (column + 1)).count("1") % 2 else 1.0
                    to = mask | 1 << column
                    exact[to] = _sum(exact.get(to), sign * np.convolve(told, entries[row, column]))
                    sizes[to] = _sum(sizes.get(to), np.convolve(below_sizes[mask], np.abs(entries[row, column])))
        full = (1 << self.size) - 1
        if full not in exact:
            return np.zeros(0, dtype=np.complex128)
        kept = np.where(np.abs(exact[full]) > _CANCELLED * np.abs(sizes[full]), exact[full], 0.0)
        return np.trim_zeros(kept, "b")

    def roots(self, letter: str, others: Mapping[str, complex], point: int) -> Complex:
        return np.roots(self.polynomial(letter, others, point)[::-1]).astype(np.complex128)

    def matrix(self, at: Mapping[str, complex], point: int, columns: int | None = None) -> Complex:
        """The symbol (rows, fields) at wave numbers of all coordinates."""
        rows = 1 + max((term.equation for term in self.terms), default=0)
        found = np.zeros((rows, columns or self.size), dtype=np.complex128)
        for term in self.terms:
            found[term.equation, term.field] += term.coefficient[point] * _power(self.coordinates, term.orders, at)
        return found

    def _entries(self, letter: str, others: Mapping[str, complex], point: int) -> dict[tuple[int, int], Complex]:
        place = self.coordinates.index(letter)
        found: dict[tuple[int, int], Complex] = {}
        for term in self.terms:
            factor = term.coefficient[point] * _power(self.coordinates, term.orders, {**others, letter: 1.0})
            entry = found.get((term.equation, term.field), np.zeros(5, dtype=np.complex128)).copy()
            entry[term.orders[place]] += factor
            found[term.equation, term.field] = entry
        return found


def linear(form: Normal, texts: tuple[str, ...], at: State) -> Linear:
    """The texts linearised at a state."""
    terms = []
    for row, text in enumerate(texts):
        for partial, derivative in _derivatives(text, form.vocabulary):
            factor = np.broadcast_to(np.asarray(value(derivative, at), dtype=np.float64), (COUNT,))
            factor = np.where(np.isfinite(factor), factor, 0.0)
            if np.any(factor):
                terms.append(Term(row, form.fields.index(partial[0]), partial[1], factor))
    return Linear(form.coordinates, len(form.fields), tuple(terms))


@lru_cache(maxsize=512)
def _derivatives(text: str, names: Vocabulary) -> tuple[tuple[tuple[str, tuple[int, ...]], sympy.Expr], ...]:
    """The derivative of an expression by each field and derivative in it."""
    expr = expression(text)
    held = [(names.partial(used.name), used) for used in sorted(expr.free_symbols, key=lambda one: one.name)]
    return tuple((partial, sympy.diff(expr, used)) for partial, used in held if partial is not None)


def _sum(old: Complex | None, new: Complex) -> Complex:
    return new if old is None else old + new


def _power(coordinates: tuple[str, ...], orders: tuple[int, ...], at: Mapping[str, complex]) -> complex:
    found = complex(1.0)
    for letter, order in zip(coordinates, orders, strict=True):
        found *= at[letter] ** order
    return found
