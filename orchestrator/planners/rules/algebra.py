"""A little algebra on expressions: products and sums without clutter, and derivatives."""

from __future__ import annotations

import ast

from orchestrator.core.errors import IllPosed
from orchestrator.core.expression import parse
from orchestrator.planners.rules.formula import constant

_OUTER = {
    "sin": "cos({0})", "cos": "-sin({0})", "tan": "1/cos({0})**2", "exp": "exp({0})", "log": "1/({0})",
    "sqrt": "1/(2*sqrt({0}))", "tanh": "1/cosh({0})**2", "sinh": "cosh({0})", "cosh": "sinh({0})",
}  # fmt: skip


def derivative(text: str, variable: str = "x") -> str:
    """d(text)/d(variable) as an expression, numbers folded. Raises IllPosed for abs and for f**g(x)."""
    return _folded(_of(parse(text), variable))


def _of(node: ast.expr, by: str) -> str:
    match node:
        case ast.Constant():
            return "0"
        case ast.Name(id=name):
            return "1" if name == by else "0"
        case ast.UnaryOp(op=op, operand=operand):
            return product("-1" if isinstance(op, ast.USub) else "1", _of(operand, by))
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            return total(_of(left, by), _of(right, by), minus=isinstance(op, ast.Sub))
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return total(
                product(_of(left, by), ast.unparse(right)), product(ast.unparse(left), _of(right, by)), minus=False
            )
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            top = total(
                product(_of(left, by), ast.unparse(right)), product(ast.unparse(left), _of(right, by)), minus=True
            )
            return "0" if top == "0" else f"({top})/({ast.unparse(right)})**2"
        case ast.BinOp(left=left, op=ast.Pow(), right=right) if constant(ast.unparse(right)) is not None:
            power = constant(ast.unparse(right)) or 0.0
            return product(product(short(power), f"({ast.unparse(left)})**({short(power - 1)})"), _of(left, by))
        case ast.Call(func=ast.Name(id=name), args=[argument]) if name in _OUTER:
            return product(_OUTER[name].format(ast.unparse(argument)), _of(argument, by))
        case _:
            raise IllPosed(
                f"the derivative of {ast.unparse(node)!r} is needed and not known here",
                remedy="Write the equation out, with every coefficient: u_t = ... u_xx + ... u_x + ... u.",
            )


def short(value: float) -> str:
    """A float as text, whole numbers without a point."""
    rounded = round(value, 15)
    return str(int(rounded)) if abs(rounded) < 1e15 and rounded == int(rounded) else repr(rounded)


def negative(text: str) -> str:
    """-text, without doubled signs."""
    if (value := constant(text)) is not None:
        return short(-value)
    node = ast.parse(text, mode="eval").body
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return ast.unparse(node.operand)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        sign = "*" if isinstance(node.op, ast.Mult) else "/"
        return f"{_held(negative(ast.unparse(node.left)))}{sign}{_held(ast.unparse(node.right))}"
    return f"-{_held(text)}"


def product(left: str, right: str) -> str:
    """left*right, simplified where one of them is a number."""
    for first, second in ((left, right), (right, left)):
        value = constant(first)
        if value == 0.0:
            return "0"
        if value == 1.0:
            return second
        if value == -1.0:
            return negative(second)
    return _folded(f"{_held(left)}*{_held(right)}")


def quotient(left: str, right: str) -> str:
    return left if constant(right) == 1.0 else _folded(f"{_held(left)}/{_held(right)}")


def total(left: str, right: str, *, minus: bool) -> str:
    """left+right or left-right, simplified where one of them is zero."""
    if constant(right) == 0.0:
        return left
    if constant(left) == 0.0:
        return negative(right) if minus else right
    return _folded(f"{left} {'-' if minus else '+'} {_held(right)}")


def _held(text: str) -> str:
    """In brackets, unless it is a number, a name or a call."""
    node = ast.parse(text, mode="eval").body
    plain = isinstance(node, ast.Constant | ast.Name | ast.Call)
    return ast.unparse(node) if plain else f"({ast.unparse(node)})"


def _folded(text: str) -> str:
    value = constant(text)
    return ast.unparse(ast.parse(text, mode="eval").body) if value is None else short(value)
