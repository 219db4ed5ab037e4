"""Dimensions: what is added must agree, what stands in a function must be a plain number.

The twin of the second half of `skills/runtime/dimensions.py`. Numbers in products have no dimension. A summand without
fields that is a plain number, or made of numbers and coordinates alone (a source, an initial profile), is data: it is
read in the unit of what it is added to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import sympy

from orchestrator.problems.faults import Faults
from orchestrator.problems.forms import Normal
from orchestrator.problems.symbols import expression
from orchestrator.problems.units import PLAIN, Dimension, dimension
from orchestrator.problems.vocabulary import Vocabulary


def check_units(form: Normal, faults: Faults) -> None:
    """A fault for a unit that cannot be read, and for every equation and condition whose terms do not fit together."""
    units = {}
    for name, text in form.units.items():
        with faults.at("units", name):
            units[name] = dimension(text)
    if faults.found or not units:
        return
    ledger = Ledger(form.vocabulary, units)
    for index, text in enumerate(form.equations):
        ledger.look(f"equation {index + 1}", expression(text))
    for at, texts in form.conditions:
        place = ", ".join(f"{letter} = {end:g}" for letter, end in at.items())
        for text in texts:
            ledger.look(f"the condition at {place}", expression(text))
    for violation in ledger.violations:
        faults.add(("units",), f"the units do not fit: {violation}", "Correct the units, or the term that is named.")


@dataclass(frozen=True)
class Sized:
    """The dimension of an expression: a known part times powers of names whose units were not given."""

    known: Dimension = PLAIN
    open: Mapping[str, Fraction] = field(default_factory=dict)

    def times(self, other: Sized, power: Fraction | int = 1) -> Sized:
        names = {**self.open}
        for name, exponent in other.open.items():
            names[name] = names.get(name, Fraction(0)) + exponent * power
        return Sized(self.known * other.known**power, {name: value for name, value in names.items() if value})


class Ledger:
    """What has been learned so far about open names; grows with each sum and each function that is looked at."""

    def __init__(self, vocabulary: Vocabulary, units: Mapping[str, Dimension]) -> None:
        self.vocabulary, self.units = vocabulary, units
        self._where = ""
        self.violations: list[str] = []
        self._solved: dict[str, Sized] = {}  # open name -> what it equals

    def look(self, where: str, expr: sympy.Expr) -> None:
        """Follow an expression that is to be zero; `where` it stands is for messages."""
        self._where = where
        self.sized(expr)

    def sized(self, expr: sympy.Expr) -> Sized | None:
        """The dimension; None for data, which take any."""
        if expr.is_Symbol:
            return self._symbol(expr.name)
        if expr.is_number:
            return Sized()
        if expr.is_Add:
            return self._sum(expr)
        if expr.is_Mul:
            found = Sized()
            for part in expr.args:
                found = found.times(self.sized(part) or Sized())
            return found
        if expr.is_Pow and expr.args[1].is_number:
            power = Fraction(float(expr.args[1])).limit_denominator(1000)
            return Sized().times(self.sized(expr.args[0]) or Sized(), power)
        if isinstance(expr, sympy.Abs):
            return self.sized(expr.args[0])
        for part in expr.args:
            self._agree(self.sized(part) or Sized(), Sized(), f"{_told(part)} stands in {expr.func.__name__.lower()}")
        return Sized()

    def _symbol(self, name: str) -> Sized:
        partial = self.vocabulary.partial(name)
        if partial is None:
            return self._name(name)
        found = self._name(partial[0])
        for letter, count in zip(self.vocabulary.coordinates, partial[1], strict=True):
            found = found.times(self._name(letter), -count)
        return found

    def _name(self, name: str) -> Sized:
        return Sized(self.units[name]) if name in self.units else Sized(PLAIN, {name: Fraction(1)})

    def _sum(self, expr: sympy.Expr) -> Sized | None:
        """The simplest term with fields is what all others are compared with; what holds no field may be data."""
        first: tuple[sympy.Expr, Sized] | None = None
        for term in sorted(expr.args, key=lambda one: (not self._has_fields(one), len(one.free_symbols), str(one))):
            found = None if self._is_data(term) else self.sized(term)
            plain = found is not None and not self._has_fields(term) and self._is_plain(found)
            if found is not None and first is None and not plain:
                first = term, found
            elif first is not None and (found is None or plain):
                continue  # data are read in the unit of what they are added to
            elif first is not None and found is not None:
                self._agree(found, first[1], f"{_told(term)} is added to {_told(first[0])}")
        return None if first is None else first[1]

    def _has_fields(self, term: sympy.Expr) -> bool:
        return any(self.vocabulary.partial(name.name) is not None for name in term.free_symbols)

    def _is_data(self, term: sympy.Expr) -> bool:
        return not {name.name for name in term.free_symbols} - set(self.vocabulary.coordinates)

    def _is_plain(self, one: Sized) -> bool:
        found = self._reduced(one)
        return found.known.plain and not found.open

    def _agree(self, one: Sized, other: Sized, what: str) -> None:
        gap = self._reduced(one.times(other, -1))
        if not gap.open:
            if not gap.known.plain:
                self.violations.append(f"{self._where}: {what}, but {self._text(one)} is not {self._text(other)}")
            return
        name, exponent = sorted(gap.open.items())[0]
        rest = {other: -value / exponent for other, value in gap.open.items() if other != name}
        self._solved[name] = Sized(gap.known ** (-1 / exponent), rest)

    def _reduced(self, one: Sized) -> Sized:
        found = one
        while known := [name for name in found.open if name in self._solved]:
            exponent = found.open[known[0]]
            left = Sized(found.known, {name: value for name, value in found.open.items() if name != known[0]})
            found = left.times(self._solved[known[0]], exponent)
        return found

    def _text(self, one: Sized) -> str:
        found = self._reduced(one)
        return " ".join([str(found.known), *(f"[{name}]^{power}" for name, power in sorted(found.open.items()))])


def _told(expr: sympy.Expr) -> str:
    return str(expr.xreplace({number: sympy.Float(number, 4) for number in expr.atoms(sympy.Float)})).replace("**", "^")
