"""Mathematical expressions of a request: checked and evaluated on the host, never executed.

The language is the boxes' own (`skills/runtime/expression.py`): numbers, the variables that the
caller allows, pi, e, the operators + - * / ** and a few functions. Everything else is refused.
"""

from __future__ import annotations

import ast
import math
import sys
from collections.abc import Callable

from orchestrator.core.errors import IllPosed

CONSTANTS: dict[str, float] = {"pi": math.pi, "e": math.e}
FUNCTIONS: dict[str, Callable[[float], float]] = {
    "sin": math.sin, "cos": math.cos, "tan": math.tan, "exp": math.exp, "log": math.log, "sqrt": math.sqrt,
    "tanh": math.tanh, "sinh": math.sinh, "cosh": math.cosh, "abs": abs,
}  # fmt: skip
MAX_LENGTH = 500
MAX_DEPTH = 40
_REMEDY = (
    "Use numbers, + - * / ** ( ), the variables named in the message, pi, e, "
    "and sin cos tan exp log sqrt tanh sinh cosh abs."
)


def parse(text: str, variables: tuple[str, ...] = ("x", "t")) -> ast.expr:
    """The checked syntax tree of `text`.

    Raises IllPosed where the text is no expression, is over the limits, or uses a name, a
    function or an operator outside the language.
    """
    stripped = text.strip()
    if not stripped or len(stripped) > MAX_LENGTH:
        raise IllPosed(f"an expression must have 1 to {MAX_LENGTH} characters, got {len(stripped)}", remedy=_REMEDY)
    try:
        tree = ast.parse(stripped, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise IllPosed(f"{stripped!r} is not a mathematical expression", remedy=_REMEDY) from error
    _check(tree, stripped, variables, 0)
    return tree


def names(text: str, variables: tuple[str, ...] = ("x", "t")) -> frozenset[str]:
    """The variables that `text` really uses."""
    used = {node.id for node in ast.walk(parse(text, variables)) if isinstance(node, ast.Name)}
    return frozenset(used & set(variables))


def evaluate(text: str, variables: tuple[str, ...] = ("x", "t"), **point: float) -> float:
    """The value of `text` at `point`, computed in floats.

    Raises IllPosed where the expression is not allowed, a variable has no value, or the result
    is not a finite number.
    """
    tree = parse(text, variables)
    try:
        value = _value(tree, {**CONSTANTS, **{name: float(number) for name, number in point.items()}})
    except OverflowError as error:
        raise _no_value(text, point, f"a part of it is larger than {sys.float_info.max:.2g}, the largest number "
                        "that is computed with", "Use smaller numbers or powers.") from error  # fmt: skip
    except ZeroDivisionError as error:
        raise _no_value(
            text, point, "a part of it divides by zero", "Keep what is divided by away from zero."
        ) from error
    except ValueError as error:
        raise _no_value(
            text, point, "a root, a logarithm, a sine or a power is taken of what has none",
            "Keep arguments in range: log(x) for x > 0, sqrt(x) and fractional powers for x >= 0.",
        ) from error  # fmt: skip
    except KeyError as error:
        raise IllPosed(f"{text!r} needs a value for {error.args[0]!r}", remedy=_REMEDY) from error
    if not math.isfinite(value):
        raise _no_value(text, point, f"it comes out as {value}", "Use finite numbers.")
    return value


def _no_value(text: str, point: dict[str, float], why: str, remedy: str) -> IllPosed:
    at = f" at {', '.join(f'{name} = {number:g}' for name, number in point.items())}" if point else ""
    return IllPosed(f"{text!r} has no finite value{at}: {why}", remedy=remedy)


def _check(node: ast.expr, text: str, variables: tuple[str, ...], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise IllPosed(f"{text!r} is nested deeper than {MAX_DEPTH} levels", remedy=_REMEDY)
    for child in _operands(node, text, variables):
        _check(child, text, variables, depth + 1)


def _operands(node: ast.expr, text: str, variables: tuple[str, ...]) -> list[ast.expr]:
    match node:
        case ast.Constant(value=bool() | complex() | str() | bytes() | None):
            pass
        case ast.Constant(value=int() | float()):
            return []
        case ast.Name(id=name):
            if name in CONSTANTS or name in variables:
                return []
            allowed = ", ".join((*variables, *CONSTANTS))
            raise IllPosed(f"unknown symbol {name!r} in {text!r} (known: {allowed})", remedy=_REMEDY)
        case ast.UnaryOp(op=ast.UAdd() | ast.USub(), operand=operand):
            return [operand]
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() | ast.Pow(), right=right):
            return [left, right]
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
            return [argument]
        case _:
            pass
    raise IllPosed(f"{ast.unparse(node)!r} is not allowed in the expression {text!r}", remedy=_REMEDY)


def _value(node: ast.expr, known: dict[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return known[name]
        case ast.UnaryOp(op=op, operand=operand):
            value = _value(operand, known)
            return -value if isinstance(op, ast.USub) else value
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return float(FUNCTIONS[name](_value(argument, known)))
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(op, _value(left, known), _value(right, known))
        case _:
            raise TypeError(f"unexpected {type(node).__name__}")


def _binary(op: ast.operator, left: float, right: float) -> float:
    match op:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div():
            return left / right
        case _:
            power: float | complex = left**right
            if isinstance(power, complex):
                raise ValueError("a fractional power of a negative number")
            return power
