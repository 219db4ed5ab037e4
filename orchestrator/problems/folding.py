"""Constant names put in as numbers, and what they make idle (x - 0, x/1, 0*x) left out."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from orchestrator.problems.formula import printed


def folded(text: str, values: Mapping[str, float]) -> str:
    """`text` with the named values as numbers; parts that hold none of the names stay as they are."""
    if not any(name in text for name in values):
        return text
    return printed(_fold(ast.parse(text, mode="eval").body, values))


def _fold(node: ast.expr, values: Mapping[str, float]) -> ast.expr:
    if not any(isinstance(part, ast.Name) and part.id in values for part in ast.walk(node)):
        return node
    match node:
        case ast.Name(id=name):
            return _number(values[name])
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _fold(operand, values)
            return _number(-_value(inner)) if _is_number(inner) else ast.UnaryOp(ast.USub(), inner)
        case ast.Call(func=func, args=arguments):
            return ast.Call(func, [_fold(one, values) for one in arguments], [])
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(_fold(left, values), op, _fold(right, values))
    return node


def _binary(left: ast.expr, op: ast.operator, right: ast.expr) -> ast.expr:
    if _is_number(left) and _is_number(right):
        made = _computed(_value(left), op, _value(right))
        if made is not None:
            return _number(made)
    first = _value(left) if _is_number(left) else None
    second = _value(right) if _is_number(right) else None
    match op:
        case ast.Add() | ast.Sub() if second is not None:
            return _shifted(left, second if isinstance(op, ast.Add) else -second)
        case ast.Add() if first == 0.0:
            return right
        case ast.Mult() if second in (0.0, 1.0):
            return right if second == 0.0 else left
        case ast.Mult() if first in (0.0, 1.0):
            return left if first == 0.0 else right
        case ast.Div() if second == 1.0 or first == 0.0:
            return left
    return ast.BinOp(left, op, right)


def _shifted(left: ast.expr, by: float) -> ast.expr:
    if by == 0.0:
        return left
    return ast.BinOp(left, ast.Add() if by > 0.0 else ast.Sub(), _number(abs(by)))


def _computed(first: float, op: ast.operator, second: float) -> float | None:
    match op:
        case ast.Add():
            return first + second
        case ast.Sub():
            return first - second
        case ast.Mult():
            return first * second
        case ast.Div() if second != 0.0:
            return first / second
        case ast.Pow() if first > 0.0 and second in (1.0, 2.0):
            return float(first**second)
    return None


def _number(value: float) -> ast.expr:
    whole = int(value) if abs(value) < 1e15 and value == int(value) else value
    return ast.Constant(whole) if value >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-whole))


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant)
    )


def _value(node: ast.expr) -> float:
    if isinstance(node, ast.UnaryOp):
        return -_value(node.operand)
    return float(str(node.value)) if isinstance(node, ast.Constant) else float("nan")
