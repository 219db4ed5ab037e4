"""Equations in symbols: fields and their derivatives, coordinates, parameters; differentiated exactly, never executed.

The text goes through the whitelist of `expression`; from its checked tree a SymPy expression is built node by node, so
that no text of a user is ever evaluated. `u_xxt` names a derivative: field, underscore, one letter a differentiation.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import ModuleType
from typing import Any

import numpy as np
import sympy

from skills.runtime.expression import BadExpression, Expression, parse

HIGHEST_ORDER = 4  # of a derivative
LARGEST_POWER = 32.0
MOST_TERMS = 400  # to which an expression may expand: all that is derived from it grows with them
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sin": sympy.sin, "cos": sympy.cos, "tan": sympy.tan, "exp": sympy.exp, "log": sympy.log, "sqrt": sympy.sqrt,
    "tanh": sympy.tanh, "sinh": sympy.sinh, "cosh": sympy.cosh, "abs": sympy.Abs,
}  # fmt: skip
_NUMERIC = {sympy.Abs: "abs", sympy.sign: "sign"} | {
    made: name for name, made in FUNCTIONS.items() if name not in ("sqrt", "abs")
}


@dataclass(frozen=True, order=True)
class Partial:
    """A field, or a derivative of one: `orders` (one per coordinate) says how often it is differentiated by each."""

    field: str
    orders: tuple[int, ...]

    @property
    def order(self) -> int:
        return sum(self.orders)


@dataclass(frozen=True)
class Vocabulary:
    """The names that equations may use. Coordinates are single letters, in the order of `Partial.orders`."""

    coordinates: tuple[str, ...]
    fields: tuple[str, ...]
    parameters: tuple[str, ...] = ()

    def partial(self, name: str) -> Partial | None:
        """The derivative that a name stands for (`u_xt` and `u_tx` are the same); None for any other name.

        Raises BadExpression above order 4.
        """
        if name in self.fields:
            return Partial(name, (0,) * len(self.coordinates))
        field, mark, letters = name.rpartition("_")
        if not mark or field not in self.fields or not letters or set(letters) - set(self.coordinates):
            return None
        if len(letters) > HIGHEST_ORDER:
            raise BadExpression(f"{name!r} is a derivative of order {len(letters)}; at most {HIGHEST_ORDER} is read")
        return Partial(field, tuple(letters.count(letter) for letter in self.coordinates))

    def name(self, partial: Partial) -> str:
        """The one name of a derivative: its letters in the order of the coordinates."""
        letters = "".join(letter * count for letter, count in zip(self.coordinates, partial.orders, strict=True))
        return f"{partial.field}_{letters}" if letters else partial.field

    def knows(self, name: str) -> bool:
        return name in self.coordinates or name in self.parameters or self.partial(name) is not None


@dataclass(frozen=True)
class Form:
    """An expression that is to be zero. Calling it evaluates it at given values of its names."""

    text: str
    expr: sympy.Expr
    vocabulary: Vocabulary

    @cached_property
    def names(self) -> frozenset[str]:
        """Everything that it depends on, by canonical names."""
        return frozenset(symbol.name for symbol in self.expr.free_symbols)

    @cached_property
    def partials(self) -> tuple[Partial, ...]:
        """The fields and derivatives in it, sorted."""
        found = (self.vocabulary.partial(name) for name in self.names)
        return tuple(sorted(partial for partial in found if partial is not None))

    @cached_property
    def terms(self) -> tuple[Form, ...]:
        """The summands; their sizes are what a residual is compared with."""
        return tuple(Form(str(term), term, self.vocabulary) for term in sympy.Add.make_args(sympy.expand(self.expr)))

    def by(self, name: str) -> Form:
        """The derivative by a name in it: a field, one of its derivatives, a parameter or a coordinate (explicitly)."""
        return _derivative(self, name)

    @cached_property
    def linear(self) -> bool:
        """Whether it is linear (or affine) in the fields and their derivatives."""
        held = {self.vocabulary.name(partial) for partial in self.partials}
        return not any(self.by(name).names & held for name in held)

    def __call__(self, values: Mapping[str, Any], ops: ModuleType | Any = np) -> Any:
        """The value: arrays (or tensors of `ops`, such as torch or jax.numpy) broadcast; a float where all are floats.

        `values` maps canonical names to arrays or floats. Out of range gives inf or nan, never an exception.
        """
        with np.errstate(all="ignore"):
            return _value(self.expr, values, ops, {})


@lru_cache(maxsize=4096)
def form(text: str, vocabulary: Vocabulary) -> Form:
    """The form that a text states. Raises BadExpression naming the symbol or the part that is not allowed."""
    checked = parse(text, _spellings(text, vocabulary))
    made = _built(checked.tree, checked, vocabulary)
    if (count := terms_of(made)) > MOST_TERMS:
        raise BadExpression(f"{text!r} expands to up to {float(count):.3g} terms; at most {MOST_TERMS} are worked with")
    return Form(text, made, vocabulary)


def terms_of(expr: sympy.Expr) -> int:
    """No fewer than the summands that it expands to: what is derived from it later expands it."""
    if expr.is_Add:
        return sum(terms_of(part) for part in expr.args)
    if expr.is_Mul:
        return math.prod(terms_of(part) for part in expr.args)
    if expr.is_Pow and expr.exp.is_Integer and abs(int(expr.exp)) > 1:
        within, power = terms_of(expr.base), abs(int(expr.exp))
        return math.comb(within + power - 1, power)
    return 1 if expr.is_Atom else max(1, *(terms_of(part) for part in expr.args))


def symbol(name: str) -> sympy.Symbol:
    """The SymPy symbol of a canonical name: everything here is real."""
    return sympy.Symbol(name, real=True)


@lru_cache(maxsize=8192)
def _derivative(subject: Form, name: str) -> Form:
    found = sympy.diff(subject.expr, symbol(name))
    return Form(str(found), found, subject.vocabulary)


def _spellings(text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The names of the text that the vocabulary knows, as they are written."""
    try:
        written = {node.id for node in ast.walk(ast.parse(text.strip(), mode="eval")) if isinstance(node, ast.Name)}
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadExpression(f"{text!r} is not a formula") from error
    known = {*vocabulary.coordinates, *vocabulary.fields, *vocabulary.parameters}
    return tuple(sorted(known | {name for name in written if vocabulary.knows(name)}))


def _built(node: ast.expr, whole: Expression, vocabulary: Vocabulary) -> sympy.Expr:
    """The SymPy expression of a checked tree; what holds no name is a number at once: no tower of powers can grow."""
    if not any(isinstance(part, ast.Name) and vocabulary.knows(part.id) for part in ast.walk(node)):
        return _number(node, whole)
    match node:
        case ast.Name(id=name):
            partial = vocabulary.partial(name)
            return symbol(vocabulary.name(partial) if partial else name)
        case ast.UnaryOp(op=op, operand=operand):
            inner = _built(operand, whole, vocabulary)
            return -inner if isinstance(op, ast.USub) else inner
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return FUNCTIONS[name](_built(argument, whole, vocabulary))
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(op, _built(left, whole, vocabulary), _built(right, whole, vocabulary))
    raise BadExpression(f"{ast.unparse(node)!r} is not allowed")


def _binary(op: ast.operator, left: sympy.Expr, right: sympy.Expr) -> sympy.Expr:
    match op:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div():
            if right.is_zero:
                raise BadExpression("a division by zero stands in the formula")
            return left / right
    if right.is_number and abs(float(right)) > LARGEST_POWER:
        raise BadExpression(f"the power {float(right):g} is larger than {LARGEST_POWER:g}")
    return left**right


def _number(node: ast.expr, whole: Expression) -> sympy.Expr:
    value = float(Expression(whole.text, node, frozenset())())
    if not math.isfinite(value):
        raise BadExpression(f"{ast.unparse(node)!r} has no finite value")
    return sympy.Integer(int(value)) if value == int(value) and abs(value) < 1e15 else sympy.Float(value)


def _value(expr: sympy.Expr, values: Mapping[str, Any], ops: Any, known: dict[sympy.Expr, Any]) -> Any:
    """Each different part once."""
    if expr in known:
        return known[expr]
    if expr.is_Symbol:
        found = values[expr.name]
    elif expr.is_number:
        found = float(expr)
    elif expr.is_Add or expr.is_Mul:
        parts = [_value(part, values, ops, known) for part in expr.args]
        found = parts[0]
        for part in parts[1:]:
            found = found + part if expr.is_Add else found * part
    elif expr.is_Pow:
        found = _power(expr, values, ops, known)
    else:
        found = _call(_NUMERIC[expr.func], _value(expr.args[0], values, ops, known), ops)
    known[expr] = found
    return found


def _power(expr: sympy.Pow, values: Mapping[str, Any], ops: Any, known: dict[sympy.Expr, Any]) -> Any:
    base, exponent = expr.args
    below = _value(base, values, ops, known)
    if exponent == sympy.Rational(1, 2) or exponent == 0.5:
        return _call("sqrt", below, ops)
    if exponent.is_Integer:
        power = int(exponent)
        if power == 2:
            return below * below
        if power == -1:
            return _ratio(1.0, below)
        return below**power if power > 0 else _ratio(1.0, below**-power)
    if base == sympy.E:
        return _call("exp", _value(exponent, values, ops, known), ops)
    above = _value(exponent, values, ops, known)
    if isinstance(below, float) and isinstance(above, float):
        return float(np.power(np.float64(below), above))
    return below**above


def _ratio(above: float, below: Any) -> Any:
    return float(np.float64(above) / below) if isinstance(below, float) else above / below


def _call(name: str, value: Any, ops: Any) -> Any:
    """Floats go through numpy, whose functions give nan where Python's raise."""
    return float(getattr(np, name)(value)) if isinstance(value, float) else getattr(ops, name)(value)
