"""Reads an equation that is written out ("u_t = 0.1 u_xx - 2 u") into the coefficients of a problem."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

from orchestrator.planners.rules.algebra import negative, product, quotient, short, total
from orchestrator.planners.rules.formula import constant, dangles, scan

_PARTS = ("UT", "UXX", "UX", "U")
SYMBOLS = (
    "a", "b", "c", "d", "k", "r", "s", "v", "alpha", "beta", "gamma", "kappa", "lambda", "mu", "nu", "sigma", "diff",
)  # fmt: skip
_VALUE = r"[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?(?:\s*/\s*pi|\s*\*?\s*pi)?"


@dataclass(frozen=True)
class Equation:
    """Coefficients of u_t = diffusion*u_xx + advection*u_x + reaction*u + source, as expressions.

    `obstacle` says why the equation is none of this form ("" if it is).
    """

    coefficients: dict[str, str] = field(default_factory=dict)
    obstacle: str = ""
    unread: str = ""  # a part that is no formula
    letter: str = "u"


class _NotLinear(Exception):
    """The unknown stands in a product with itself, in a power or in a function."""


def written_equation(plain: str) -> Equation | None:
    """The first equation with a time derivative in the text, or None."""
    if wave := re.search(r"\b([a-z])_?\{?tt\}?\b|\bd\^?2\s*[a-z]\s*/\s*dt\^?2", plain):
        return Equation(obstacle="its second time derivative makes it a wave equation", letter=wave[1] or "u")
    start = re.search(
        r"(?<![a-z])(?:([a-z])_\{?t\}?(?![a-z])|d\s?([a-z])\s?/\s?dt\b|(u)t(?=\s*[=+-])|d_t ([a-z])\b)", plain
    )
    if not start:
        return None
    letter = next(group for group in start.groups() if group)
    text = _mark(plain[_beginning(plain, start.start(), letter) :], letter)
    if re.search(r"U_?[XY]*Y", text.split("=")[0] + text.partition("=")[2][:80]):
        return Equation(obstacle="it has more than one space variable", letter=letter)
    left, end = scan(text, 0, (*_PARTS, *SYMBOLS))
    if unread := dangles(text, end):
        return Equation(unread=unread, letter=letter)
    if "=" not in left:
        return None
    before, _, after = left.partition("=")
    after = after.split("=")[0]
    if not before or not after:
        return None
    return _solved(before, after, plain, letter)


def _beginning(plain: str, position: int, letter: str) -> int:
    """Where the side begins on which the time derivative at `position` stands second ("0.1 u_xx = u_t")."""
    before = plain[max(0, position - 80) : position]
    unit = rf"(?:[-+*/().\d\s^]|{letter}_?x{{1,2}}(?![a-z])|(?<![a-z]){letter}(?![a-z_]))"
    side = re.search(rf"(?<![a-z]){unit}+=\s*{unit}*$", before)
    if side and letter in side[0]:
        return position - len(before) + side.start()
    factor = re.search(r"[-+]?\s*[\d.]+\s*\*?\s*$", before)
    return position - len(before) + factor.start() if factor else position


def _mark(text: str, letter: str) -> str:
    """Write the derivatives of the unknown as UT, UX, UXX, and the unknown itself as U."""
    u = re.escape(letter)
    text = re.sub(
        rf"(?<![a-z])(?:{u}_?\{{?xx\}}?|d(?:\^?2)\s?{u}\s?/\s?dx(?:\^?2)|d_xx {u}|d_x\^2 {u})(?![a-z])", " UXX ", text
    )
    text = re.sub(rf"(?<=\d){u}_?xx(?![a-z])", " UXX ", text)
    text = re.sub(rf"(?<![a-z]){u}_\{{?yy\}}?(?![a-z])", " U_YY ", text)
    text = re.sub(rf"(?<![a-z])(?:{u}_?\{{?x\}}?|d\s?{u}\s?/\s?dx|d_x {u})(?![a-z(])", " UX ", text)
    text = re.sub(rf"(?<![a-z])(?:{u}_\{{?t\}}?|d\s?{u}\s?/\s?dt|{u}t|d_t {u})(?![a-z(])", " UT ", text)
    return re.sub(rf"(?<![a-z]){u}(?:\(x,\s*t\))?(?![a-z_(])", " U ", text)


def _solved(before: str, after: str, plain: str, letter: str) -> Equation:
    values = _symbol_values(plain)
    try:
        terms = _linear(ast.parse(f"({before})-({after})", mode="eval").body)
    except _NotLinear:
        return Equation(obstacle="it is not linear in the unknown", letter=letter)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Equation(obstacle="its terms could not be read", letter=letter)
    head = terms.pop("UT", "")
    scale = constant(_substitute(head, values)) if head else None
    if scale is None or scale == 0:
        return Equation(obstacle="its time derivative has no constant factor", letter=letter)
    keys = {"UXX": "diffusion", "UX": "advection", "U": "reaction", "1": "source"}
    found = {keys[part]: _scaled(_substitute(text, values), scale) for part, text in terms.items()}
    return Equation(coefficients={key: text for key, text in found.items() if text != "0"}, letter=letter)


def _symbol_values(plain: str) -> dict[str, str]:
    from_text: dict[str, str] = {}
    names = {"α": "alpha", "β": "beta", "γ": "gamma", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "σ": "sigma"}
    symbols = "|".join(sorted((*SYMBOLS, *names), key=len, reverse=True))
    for match in re.finditer(rf"(?<![a-z_(])({symbols})\s*=\s*({_VALUE})", plain):
        from_text.setdefault(names.get(match[1], match[1]), scan(match[2], 0)[0])
    return from_text


def _substitute(text: str, values: dict[str, str]) -> str:
    return re.sub(r"[A-Za-z_]+", lambda match: f"({values[match[0]]})" if match[0] in values else match[0], text)


def _scaled(text: str, scale: float) -> str:
    """`-text/scale`; left alone where it holds an unknown symbol, which the plan will name."""
    return quotient(negative(text), short(scale))


def _linear(node: ast.expr) -> dict[str, str]:
    """Coefficients by part: {"UXX": "0.1", "1": "sin(x)"}."""
    match node:
        case ast.Name(id=name) if name in _PARTS:
            return {name: "1"}
        case ast.UnaryOp(op=op, operand=operand):
            inner = _linear(operand)
            return {part: negative(text) for part, text in inner.items()} if isinstance(op, ast.USub) else inner
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            sums = dict(_linear(left))
            for part, text in _linear(right).items():
                sums[part] = total(sums.get(part, "0"), text, minus=isinstance(op, ast.Sub))
            return sums
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            first, second = _linear(left), _linear(right)
            if set(first) != {"1"} and set(second) != {"1"}:
                raise _NotLinear
            free, other = (first, second) if set(first) == {"1"} else (second, first)
            return {part: product(free["1"], text) for part, text in other.items()}
        case ast.BinOp(left=left, op=ast.Div(), right=right) if set(_linear(right)) == {"1"}:
            return {part: quotient(text, ast.unparse(right)) for part, text in _linear(left).items()}
        case _:
            if any(isinstance(child, ast.Name) and child.id in _PARTS for child in ast.walk(node)):
                raise _NotLinear
            return {"1": ast.unparse(node)}
