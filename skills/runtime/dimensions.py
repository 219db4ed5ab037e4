"""Units and dimensions: what is added must agree, what stands in a function must be a plain number.

A unit is read as powers of the seven SI base units; its size (km, m) does not matter here. Numbers in products have no
dimension. A summand without fields that is a plain number, or made of numbers and coordinates alone (a source, an
initial profile), is data: it is read in the unit of what it is added to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import sympy

from skills.runtime.symbols import Vocabulary

BASES = ("kg", "m", "s", "A", "K", "mol", "cd")
# What each named unit is made of: exponents of kg, m, s, A, K, mol, cd.
UNITS: dict[str, tuple[int, ...]] = {
    "g": (1,), "t": (1,), "m": (0, 1), "s": (0, 0, 1), "min": (0, 0, 1), "h": (0, 0, 1), "d": (0, 0, 1),
    "day": (0, 0, 1), "yr": (0, 0, 1), "A": (0, 0, 0, 1), "K": (0, 0, 0, 0, 1), "degC": (0, 0, 0, 0, 1),
    "°C": (0, 0, 0, 0, 1), "C": (0, 0, 1, 1), "mol": (0, 0, 0, 0, 0, 1), "cd": (0, 0, 0, 0, 0, 0, 1),
    "Hz": (0, 0, -1), "N": (1, 1, -2), "Pa": (1, -1, -2), "bar": (1, -1, -2), "J": (1, 2, -2), "eV": (1, 2, -2),
    "W": (1, 2, -3), "V": (1, 2, -3, -1), "F": (-1, -2, 4, 2), "ohm": (1, 2, -3, -2), "Ω": (1, 2, -3, -2),
    "S": (-1, -2, 3, 2), "Wb": (1, 2, -2, -1), "T": (1, 0, -2, -1), "H": (1, 2, -2, -2), "L": (0, 3), "l": (0, 3),
    "P": (1, -1, -1), "rad": (), "deg": (), "°": (), "1": (), "-": (), "%": (),
}  # fmt: skip
PREFIXES = ("da", *"yzafpnumµcdhkMGTPEZY")
_TOKEN = re.compile(r"\s*(\*\*|[A-Za-zµΩ°%]+|[0-9]+(?:\.[0-9]+)?|[-+*/·^()⋅])")


class BadUnit(ValueError):
    """Raised when a unit cannot be read; the message names the part."""


@dataclass(frozen=True)
class Dimension:
    """Exponents of the base units, in the order of `BASES`."""

    powers: tuple[Fraction, ...] = (Fraction(0),) * len(BASES)

    def __mul__(self, other: Dimension) -> Dimension:
        return Dimension(tuple(a + b for a, b in zip(self.powers, other.powers, strict=True)))

    def __pow__(self, exponent: Fraction | int) -> Dimension:
        return Dimension(tuple(a * exponent for a in self.powers))

    def __truediv__(self, other: Dimension) -> Dimension:
        return self * other**-1

    @property
    def plain(self) -> bool:
        return not any(self.powers)

    def __str__(self) -> str:
        parts = [
            f"{name}^{power}" if power != 1 else name for name, power in zip(BASES, self.powers, strict=True) if power
        ]
        return " ".join(parts) or "1"


PLAIN = Dimension()


def dimension(text: str) -> Dimension:
    """The dimension of a unit such as "m^2/s", "W/(m K)", "1/s" or "km h^-1"; "" is 1.

    Read from left to right, so "W/m K" is (W/m) K; a space multiplies. Raises BadUnit.
    """
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise BadUnit(f"the unit {text!r} cannot be read from {text[at:]!r} on")
        tokens.append(found.group(1))
        at = found.end()
    made, left = _product(tokens, text)
    if left:
        raise BadUnit(f"the unit {text!r} has a {left[0]!r} too many")
    return made


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


@dataclass(frozen=True)
class Findings:
    """`violations` in words, naming terms and units; `assumed`: data that were read in a unit; `inferred` units."""

    violations: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    inferred: Mapping[str, str] = field(default_factory=dict)


def check(exprs: Mapping[str, sympy.Expr], vocabulary: Vocabulary, units: Mapping[str, str]) -> Findings:
    """Whether expressions that are to be zero, each under a name for messages, are consistent in their dimensions.

    Names without a unit are open: their dimension is inferred, and only a contradiction is a violation. Raises BadUnit.
    """
    ledger = Ledger(vocabulary, {name: dimension(text) for name, text in units.items()})
    for where, expr in exprs.items():
        ledger.where = where
        ledger.sized(expr)
    return Findings(tuple(ledger.violations), tuple(ledger.assumed), ledger.inferred())


class Ledger:
    """What has been learned so far about open names; grows with each sum and each function that is looked at."""

    def __init__(self, vocabulary: Vocabulary, units: Mapping[str, Dimension]) -> None:
        self.vocabulary, self.units = vocabulary, units
        self.where = ""
        self.violations: list[str] = []
        self.assumed: list[str] = []
        self._solved: dict[str, Sized] = {}  # open name -> what it equals

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

    def inferred(self) -> dict[str, str]:
        """The units that follow for names that were given none."""
        reduced = {name: self._reduced(Sized(PLAIN, {name: Fraction(1)})) for name in self._solved}
        return {name: str(one.known) for name, one in sorted(reduced.items()) if not one.open}

    def _symbol(self, name: str) -> Sized:
        partial = self.vocabulary.partial(name)
        if partial is None:
            return self._name(name)
        found = self._name(partial.field)
        for letter, count in zip(self.vocabulary.coordinates, partial.orders, strict=True):
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
                if not self._is_plain(first[1]):
                    self.assumed.append(f"{self.where}: {_told(term)} is read in {self._text(first[1])}")
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
                self.violations.append(f"{self.where}: {what}, but {self._text(one)} is not {self._text(other)}")
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


def _product(tokens: list[str], text: str) -> tuple[Dimension, list[str]]:
    found, left, sign = PLAIN, tokens, 1
    while left and left[0] != ")":
        if left[0] in ("*", "·", "⋅", "/"):
            sign, left = (-1 if left[0] == "/" else 1), left[1:]
        one, left = _factor(left, text)
        found, sign = found * one**sign, 1
    return found, left


def _factor(tokens: list[str], text: str) -> tuple[Dimension, list[str]]:
    if not tokens or tokens[0] in ("*", "·", "⋅", "/", "^", "**", ")", "+"):
        raise BadUnit(f"the unit {text!r} lacks a unit {f'before {tokens[0]!r}' if tokens else 'at its end'}")
    if tokens[0] == "(":
        found, left = _product(tokens[1:], text)
        if not left:
            raise BadUnit(f"the unit {text!r} lacks a ')'")
        left = left[1:]
    else:
        found, left = _unit(tokens[0], text), tokens[1:]
    if left and left[0] in ("^", "**"):
        left = left[1:]
    elif not left or not (left[0][0].isdigit() or (left[0] == "-" and left[1:] and left[1][0].isdigit())):
        return found, left
    power, left = _power(left, text)  # "m2" and "s-1" are powers too
    return found**power, left


def _power(tokens: list[str], text: str) -> tuple[Fraction, list[str]]:
    bracket = bool(tokens) and tokens[0] == "("
    left = tokens[1:] if bracket else tokens
    sign = -1 if left and left[0] == "-" else 1
    left = left[1:] if left and left[0] in "+-" else left
    if not left or not left[0][0].isdigit():
        raise BadUnit(f"the unit {text!r} has a power that is no number")
    found, left = sign * Fraction(left[0]), left[1:]
    if bracket and left[:1] == ["/"] and len(left) > 1 and left[1].isdigit() and int(left[1]):
        found, left = found / int(left[1]), left[2:]
    if bracket:
        if left[:1] != [")"]:
            raise BadUnit(f"the unit {text!r} lacks a ')'")
        left = left[1:]
    return found, left


def _unit(name: str, text: str) -> Dimension:
    if name[0].isdigit():
        return PLAIN  # a size, such as the 1 of 1/s or the 100 of 100 km
    if name in UNITS:
        return _made(UNITS[name])
    for prefix in PREFIXES:
        if name.startswith(prefix) and name[len(prefix) :] in UNITS and name[len(prefix) :].isalpha():
            return _made(UNITS[name[len(prefix) :]])
    raise BadUnit(f"the unit {text!r} holds {name!r}, which is not known")


def _made(powers: tuple[int, ...]) -> Dimension:
    return Dimension(tuple(Fraction(power) for power in powers) + (Fraction(0),) * (len(BASES) - len(powers)))
