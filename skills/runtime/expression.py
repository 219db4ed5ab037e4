"""Formulas in x and t that users write: parsed by a whitelist, never by `eval`."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_CHARACTERS = 500
MAX_DEPTH = 40
CONSTANTS = {"pi": math.pi, "e": math.e}
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "abs": np.abs,
}
BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
}
UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.UAdd: np.positive, ast.USub: np.negative}

Array = NDArray[np.float64]


class BadExpression(ValueError):
    """Raised when a formula holds anything but numbers, + - * / **, the known names and functions."""


@dataclass(frozen=True)
class Expression:
    """A checked formula. Calling it gives float64 of the broadcast shape of its variables."""

    text: str
    tree: ast.expr
    names: frozenset[str]

    def __call__(self, **variables: Array | float) -> Array:
        """Evaluate in float64; a value out of range becomes inf or nan, never an exception."""
        values = {name: np.asarray(value, dtype=np.float64) for name, value in variables.items()}
        shape = np.broadcast_shapes(*(value.shape for value in values.values()))
        with np.errstate(all="ignore"):
            found = _evaluate(self.tree, values)
        return np.array(np.broadcast_to(np.asarray(found, dtype=np.float64), shape))

    @property
    def constant(self) -> float | None:
        """The value, where no variable stands in the formula."""
        return None if self.names else float(self())


def parse(text: str, variables: tuple[str, ...] = ("x", "t")) -> Expression:
    """Check a formula in the given variables. Raises BadExpression naming what is not allowed."""
    if len(text) > MAX_CHARACTERS:
        raise BadExpression(f"the formula has {len(text)} characters, at most {MAX_CHARACTERS} are read")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadExpression(f"{text!r} is not a formula") from error
    names: set[str] = set()
    _check(tree, frozenset(variables), names, 0)
    return Expression(text, tree, frozenset(names))


def _check(node: ast.expr, variables: frozenset[str], names: set[str], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise BadExpression(f"the formula is nested more than {MAX_DEPTH} deep")
    match node:
        case ast.Constant(value=number):
            if type(number) not in (int, float) or not _is_finite(number):
                raise BadExpression(f"{str(number)[:20]!r} is no number, or too large a one")
        case ast.Name(id=name) if name in variables:
            names.add(name)
        case ast.Name(id=name):
            if name not in CONSTANTS:
                raise BadExpression(f"{name!r} is not known here; variables are {', '.join(sorted(variables))}")
        case _:
            for part in _parts(node):
                _check(part, variables, names, depth + 1)


def _parts(node: ast.expr) -> tuple[ast.expr, ...]:
    match node:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in BINARY:
            return left, right
        case ast.UnaryOp(op=op, operand=operand) if type(op) in UNARY:
            return (operand,)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
            return (argument,)
    raise BadExpression(f"{ast.unparse(node)!r} is not allowed; write + - * / ** and {', '.join(FUNCTIONS)}")


def _is_finite(number: int | float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:
        return False


def _evaluate(node: ast.expr, values: Mapping[str, Array]) -> Any:
    match node:
        case ast.Constant(value=int() | float() as number):
            return np.float64(number)
        case ast.Name(id=name):
            return values[name] if name in values else np.float64(CONSTANTS[name])
        case ast.BinOp(left=left, op=op, right=right):
            return BINARY[type(op)](_evaluate(left, values), _evaluate(right, values))
        case ast.UnaryOp(op=op, operand=operand):
            return UNARY[type(op)](_evaluate(operand, values))
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return FUNCTIONS[name](_evaluate(argument, values))
    raise BadExpression(f"{ast.unparse(node)!r} is not allowed")
