"""Formulas as SymPy expressions, built node by node from checked trees, and their values on arrays.

The twin of `skills/runtime/symbols.py` on the host: the same language, the same numbers. Importing it loads SymPy, so
only what looks into a problem imports it.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from orchestrator.core.errors import IllPosed
from orchestrator.core.expression import evaluate
from orchestrator.problems.formula import printed

Array = NDArray[np.float64]
_MADE: dict[str, Any] = {
    "sin": sympy.sin, "cos": sympy.cos, "tan": sympy.tan, "exp": sympy.exp, "log": sympy.log, "sqrt": sympy.sqrt,
    "tanh": sympy.tanh, "sinh": sympy.sinh, "cosh": sympy.cosh, "abs": sympy.Abs,
}  # fmt: skip
_NUMERIC: dict[Any, str] = {made: name for name, made in _MADE.items() if name not in ("sqrt", "abs")}
_NUMERIC |= {sympy.Abs: "abs", sympy.sign: "sign"}
_REMEDY = "Write it out with numbers, + - * / ** and the functions sin cos tan exp log sqrt tanh sinh cosh abs."
LARGEST_POWER = 32.0
MOST_TERMS = 400  # to which an expression may expand: all that is derived from it grows with them


def symbol(name: str) -> sympy.Symbol:
    return sympy.Symbol(name, real=True)


@lru_cache(maxsize=2048)
def expression(text: str) -> sympy.Expr:
    """The SymPy expression of a text in the normal form (which is checked already).

    Raises IllPosed where it would expand to too many terms.
    """
    return bounded(built(ast.parse(text.strip(), mode="eval").body))


def bounded(expr: sympy.Expr) -> sympy.Expr:
    """The expression itself. Raises IllPosed where it would expand to too many terms."""
    if (count := terms_of(expr)) > MOST_TERMS:
        told = str(expr)
        short = told if len(told) < 80 else f"{told[:77]}..."
        raise IllPosed(f"{short!r} expands to up to {float(count):.3g} terms; at most {MOST_TERMS} are worked with",
                       remedy="Use smaller powers, or a parameter for what is constant.")  # fmt: skip
    return expr


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


def built(node: ast.expr) -> sympy.Expr:
    """What holds no name is a number at once, so that no tower of powers can grow.

    Raises IllPosed for a division by zero, a huge power, a constant without a finite value.
    """
    if not any(isinstance(part, ast.Name) and part.id not in (*_MADE, "pi", "e") for part in ast.walk(node)):
        return _number(node)
    match node:
        case ast.Name(id=name):
            return symbol(name)
        case ast.UnaryOp(op=op, operand=operand):
            return -built(operand) if isinstance(op, ast.USub) else built(operand)
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return _MADE[name](built(argument))
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(op, built(left), built(right))
    raise IllPosed(f"{ast.unparse(node)!r} is not allowed", remedy=_REMEDY)


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
                raise IllPosed("a division by zero stands in the formula", remedy=_REMEDY)
            return left / right
    if right.is_number and abs(float(right)) > LARGEST_POWER:
        raise IllPosed(f"the power {float(right):g} is larger than {LARGEST_POWER:g}", remedy=_REMEDY)
    return left**right


def _number(node: ast.expr) -> sympy.Expr:
    value = evaluate(printed(node), ())
    return sympy.Integer(int(value)) if value == int(value) and abs(value) < 1e15 else sympy.Float(value)


def text_of(expr: sympy.Expr) -> str:
    """An expression in the language of the normal form. Raises IllPosed where it holds what that cannot say."""
    if expr.has(sympy.sign, sympy.Derivative, sympy.DiracDelta, sympy.I, sympy.zoo, sympy.nan, sympy.oo):
        raise IllPosed("a derivative that is needed cannot be written (abs has none everywhere)", remedy=_REMEDY)
    return str(sympy.sstr(expr, full_prec=False)).replace("Abs(", "abs(")


def value(expr: sympy.Expr, at: Mapping[str, Any], known: dict[sympy.Expr, Any] | None = None) -> Any:
    """The value at arrays or numbers by name; out of range gives inf or nan, never an exception."""
    with np.errstate(all="ignore"):
        return _value(expr, at, {} if known is None else known)


def _value(expr: sympy.Expr, at: Mapping[str, Any], known: dict[sympy.Expr, Any]) -> Any:
    if expr not in known:
        known[expr] = _computed(expr, at, known)
    return known[expr]


def _computed(expr: sympy.Expr, at: Mapping[str, Any], known: dict[sympy.Expr, Any]) -> Any:
    if expr.is_Symbol:
        return at[expr.name]
    if expr.is_number:
        found = complex(expr)
        return np.float64(found.real if found.imag == 0.0 else math.nan)
    parts = [_value(part, at, known) for part in expr.args]
    if expr.is_Add or expr.is_Mul:
        total = parts[0]
        for part in parts[1:]:
            total = total + part if expr.is_Add else total * part
        return total
    if expr.is_Pow:
        above = expr.args[1]
        if above.is_Integer and int(above) < 0:
            return np.float64(1.0) / parts[0] ** -int(above)
        return parts[0] ** int(above) if above.is_Integer else np.power(parts[0], parts[1])
    if isinstance(expr, sympy.DiracDelta):  # of a kink's second derivative: zero but at one point
        return np.zeros(np.shape(parts[0]))
    return getattr(np, _NUMERIC[expr.func])(parts[0])
