"""Calculus of fields and their derivatives: total derivatives, the Euler operator, integration by parts.

Olver, P. J. (1993) Applications of Lie Groups to Differential Equations, sections 2.3, 4.1 and 4.3.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy.printing.str import StrPrinter

from skills.runtime.problem import Problem
from skills.runtime.symbols import Form, Partial, Vocabulary, symbol

Array = NDArray[np.float64]
KNOWN = {
    sympy.sin,
    sympy.cos,
    sympy.tan,
    sympy.exp,
    sympy.log,
    sympy.tanh,
    sympy.sinh,
    sympy.cosh,
    sympy.Abs,
    sympy.sign,
}
Rank = tuple[int, int, tuple[int, ...]]


class Jets:
    """The derivatives of all fields as independent variables; unlike in formulas, of any order."""

    def __init__(self, vocabulary: Vocabulary, *, last_field_first: bool = False) -> None:
        self.vocabulary, self.last_field_first = vocabulary, last_field_first
        self.places = range(len(vocabulary.coordinates))

    def partial(self, found: sympy.Symbol) -> Partial | None:
        """The derivative that a symbol stands for; None for a coordinate."""
        return _partial(found.name, self.vocabulary)

    def symbol(self, field: str, orders: tuple[int, ...]) -> sympy.Symbol:
        return symbol(self.vocabulary.name(Partial(field, orders)))

    def field(self, name: str, **by: int) -> sympy.Symbol:
        """A field differentiated by coordinates: `field("u", x=2)` is u_xx."""
        return self.symbol(name, tuple(by.get(letter, 0) for letter in self.vocabulary.coordinates))

    def inside(self, expr: sympy.Expr) -> dict[sympy.Symbol, Partial]:
        """The fields and derivatives in an expression."""
        known = ((found, self.partial(found)) for found in sorted(expr.free_symbols, key=str))
        return {found: partial for found, partial in known if partial is not None}

    def raised(self, partial: Partial, place: int, by: int = 1) -> sympy.Symbol:
        return self.symbol(partial.field, _moved(partial.orders, place, by))

    def total(self, expr: sympy.Expr, place: int) -> sympy.Expr:
        """The total derivative by the coordinate at a place."""
        found = sympy.diff(expr, symbol(self.vocabulary.coordinates[place]))
        for jet, partial in self.inside(expr).items():
            found += sympy.diff(expr, jet) * self.raised(partial, place)
        return found

    def euler(self, expr: sympy.Expr, field: str) -> sympy.Expr:
        """The variational derivative: zero for every field exactly where the expression is a total divergence."""
        found = sympy.Integer(0)
        for jet, partial in self.inside(expr).items():
            if partial.field != field:
                continue
            part = sympy.diff(expr, jet)
            for place, count in enumerate(partial.orders):
                for _ in range(count):
                    part = -self.total(part, place)
            found += part
        return found

    def rank(self, partial: Partial) -> Rank:
        """What is integrated by parts first: the highest order, or all derivatives of the last field."""
        first, second = partial.order, self.vocabulary.fields.index(partial.field)
        return (second, first, partial.orders) if self.last_field_first else (first, second, partial.orders)


def by_parts(expr: sympy.Expr, jets: Jets) -> tuple[tuple[sympy.Expr, ...], sympy.Expr]:
    """(fluxes, rest) with expr = sum of D_i fluxes[i] + rest: what can be integrated is, highest derivatives first.

    A term is integrated only where all derivatives that it leaves are lower in rank, so this ends. The rest is zero for
    most total divergences, and for those of several fields where one takes the last field's derivatives first.
    """
    fluxes = [sympy.Integer(0) for _ in jets.places]
    left, rest = settled(expr), sympy.Integer(0)
    while left != 0:
        term = max(sympy.Add.make_args(left), key=lambda one: (_top(one, jets), str(one)))
        step = _step(term, jets)
        if step is None:
            rest += term
            left -= term
            continue
        place, flux, leaves = step
        fluxes[place] += flux
        left = settled(left - term + leaves)
    return tuple(settled(flux) for flux in fluxes), settled(rest)


def settled(expr: sympy.Expr) -> sympy.Expr:
    """Expanded, so that terms cancel; exactly, where all numbers are fractions."""
    return sympy.expand(expr)


def exact(expr: sympy.Expr) -> sympy.Expr:
    """The same with every number as a fraction (of the decimals that it is printed with)."""
    if expr.is_number:
        return expr if expr.is_Rational else sympy.Rational(repr(float(expr)))
    return expr.func(*(exact(part) for part in expr.args)) if expr.args else expr


def equations(problem: Problem) -> tuple[sympy.Expr, ...]:
    """The left sides with the parameters' values in them (unknown coefficients at their guesses)."""
    return tuple(with_numbers(one, problem) for one in problem.forms)


def with_numbers(one: Form, problem: Problem) -> sympy.Expr:
    values = {symbol(name): sympy.Float(value) for name, value in problem.guesses().items()}
    return exact(one.expr.xreplace(values))


def number(problem: Problem, expr: sympy.Expr) -> Callable[[dict[str, Array | float]], Array | float]:
    """The expression as a function of values by name."""
    held = Form("", expr, problem.vocabulary)
    return lambda values: held(values)


def evaluable(*exprs: sympy.Expr) -> bool:
    """Whether only functions stand in them that can be evaluated: calculus may bring others, such as Dirac's delta."""
    return all(type(part) in KNOWN for expr in exprs for part in expr.atoms(sympy.Function, sympy.Derivative))


def told(expr: sympy.Expr) -> str:
    """The expression as a reader wants it: four digits, powers as ^."""
    long = {number: sympy.Float(float(number)) for number in expr.atoms(sympy.Rational) if number.q > 100}
    return _Printer().doprint(expr.xreplace(long)).replace("**", "^")


class _Printer(StrPrinter):
    def _print_Float(self, expr: sympy.Float) -> str:
        return f"{float(expr):.4g}"


def _top(term: sympy.Expr, jets: Jets) -> Rank:
    ranks = [jets.rank(partial) for partial in jets.inside(term).values()]
    return max(ranks, default=(-1, -1, ()))


def _step(term: sympy.Expr, jets: Jets) -> tuple[int, sympy.Expr, sympy.Expr] | None:
    """(place, flux, leaves) with term = D_place flux + leaves, all derivatives that it leaves lower in rank."""
    held = jets.inside(term)
    if not held:
        return None
    jet = max(held, key=lambda one: jets.rank(held[one]))
    factor = sympy.diff(term, jet)
    if jet in factor.free_symbols:
        return None
    found = []
    for place in jets.places:
        if held[jet].orders[place] == 0:
            continue
        flux = _antiderivative(factor, jets.raised(held[jet], place, -1))
        if flux is None:
            continue
        leaves = settled(term - jets.total(flux, place))
        if (top := _top(leaves, jets)) < jets.rank(held[jet]):
            found.append((top, -place, flux, leaves))
    if not found:
        return None
    _, place, flux, leaves = min(found, key=lambda one: one[:2])
    return -place, flux, leaves


def _antiderivative(expr: sympy.Expr, by: sympy.Symbol) -> sympy.Expr | None:
    free, bound = expr.as_independent(by, as_Add=False)
    power = sympy.Poly(bound, by) if bound.is_polynomial(by) else None
    found = power.integrate().as_expr() if power is not None else sympy.integrate(bound, by)
    return None if found.has(sympy.Integral, sympy.Piecewise) else free * found


def _moved(orders: tuple[int, ...], place: int, by: int) -> tuple[int, ...]:
    return tuple(count + by * (at == place) for at, count in enumerate(orders))


@lru_cache(maxsize=8192)
def _partial(name: str, vocabulary: Vocabulary) -> Partial | None:
    if name in vocabulary.fields:
        return Partial(name, (0,) * len(vocabulary.coordinates))
    field, mark, letters = name.rpartition("_")
    if not mark or field not in vocabulary.fields or not letters or set(letters) - set(vocabulary.coordinates):
        return None
    return Partial(field, tuple(letters.count(letter) for letter in vocabulary.coordinates))
