"""A complex field as two real ones: `i*psi_t + 0.5*psi_xx + |psi|^2*psi = 0` in its real and imaginary parts."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any

import sympy

from orchestrator.core.errors import IllPosed
from orchestrator.problems.forms import Normal, normal_form
from orchestrator.problems.statement import Problem
from orchestrator.problems.symbols import built, symbol, text_of

UNIT = "i"
_NOTHING = sympy.Integer(0)
_REMEDY = (
    "Write the real and the imaginary part as two equations, e.g. `u_t + v_xx/2 + (u^2 + v^2)*v = 0` and "
    "`v_t - u_xx/2 - (u^2 + v^2)*u = 0` for psi = u + i v, with conditions for both."
)


def in_real_parts(statement: Problem) -> tuple[Problem, str]:
    """The statement with a real and an imaginary part for each of its fields, and a note that names them.

    Raises IllPosed where a part cannot be split, and what `normal_form` raises.
    """
    single = re.compile(r"(?<![A-Za-z0-9_.])1[ij](?![A-Za-z0-9_(])")
    told: dict[str, Any] = dict(statement.as_json())
    for key in ("equations", "conditions"):
        told[key] = [single.sub(UNIT, str(one)) for one in told.get(key, [])]
    told["parameters"] = {**statement.parameters, UNIT: 1.0}
    form = normal_form(Problem.model_validate(told))
    names = _names(form)
    equations = [part for text in form.equations for part in _zero(text, form, names)]
    conditions = [
        {"at": dict(at), "is": [f"{part} = 0" for text in texts for part in _zero(text, form, names) if part != "0"]}
        for at, texts in form.conditions
    ]
    made = Problem.model_validate(
        {
            **told, "equations": equations, "fields": [one for pair in names.values() for one in pair],
            "conditions": conditions, "periodic": list(form.periodic),
            "parameters": {name: value for name, value in form.parameters.items() if name != UNIT},
        }
    )  # fmt: skip
    meant = ", ".join(f"{real} and {imaginary} of {name}" for name, (real, imaginary) in names.items())
    return made, f"The field is complex: its real and imaginary parts are solved for, {meant}."


def _names(form: Normal) -> dict[str, tuple[str, str]]:
    """The names of both parts of each field: u and v where there is one and they are free."""
    taken = {*form.parameters, *form.unknown, *form.coordinates}
    if len(form.fields) == 1 and not taken & {"u", "v"}:
        return {form.fields[0]: ("u", "v")}
    return {name: (f"{name.replace('_', '')}re", f"{name.replace('_', '')}im") for name in form.fields}


@dataclass(frozen=True)
class _Pair:
    real: Any
    imaginary: Any = _NOTHING

    def times(self, other: _Pair) -> _Pair:
        return _Pair(
            self.real * other.real - self.imaginary * other.imaginary,
            self.real * other.imaginary + self.imaginary * other.real,
        )

    @property
    def square(self) -> Any:
        """The square of its modulus."""
        return self.real**2 + self.imaginary**2


def _zero(text: str, form: Normal, names: dict[str, tuple[str, str]]) -> tuple[str, str]:
    """The real and the imaginary part of what is to be zero."""
    pair = _split(ast.parse(text, mode="eval").body, form, names)
    return text_of(sympy.expand_mul(pair.real)), text_of(sympy.expand_mul(pair.imaginary))


def _split(node: ast.expr, form: Normal, names: dict[str, tuple[str, str]]) -> _Pair:
    match node:
        case ast.Name(id=name) if name == UNIT:
            return _Pair(sympy.Integer(0), sympy.Integer(1))
        case ast.Name(id=name) if (partial := form.vocabulary.partial(name)) is not None:
            parts = (form.vocabulary.spelled(one, partial[1]) for one in names[partial[0]])
            return _Pair(*map(symbol, parts))
        case ast.UnaryOp(op=op, operand=operand):
            inner = _split(operand, form, names)
            return _Pair(-inner.real, -inner.imaginary) if isinstance(op, ast.USub) else inner
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(_split(left, form, names), op, _split(right, form, names))
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return _function(name, _split(argument, form, names), node)
    return _Pair(built(node))


def _binary(left: _Pair, op: ast.operator, right: _Pair) -> _Pair:
    match op:
        case ast.Add():
            return _Pair(left.real + right.real, left.imaginary + right.imaginary)
        case ast.Sub():
            return _Pair(left.real - right.real, left.imaginary - right.imaginary)
        case ast.Mult():
            return left.times(right)
        case ast.Div():
            if right.imaginary == 0:
                return _Pair(left.real / right.real, left.imaginary / right.real)
            turned = left.times(_Pair(right.real, -right.imaginary))
            return _Pair(turned.real / right.square, turned.imaginary / right.square)
    if left.imaginary == 0 and right.imaginary == 0:
        return _Pair(left.real**right.real)
    if right.imaginary == 0 and right.real.is_Integer and 0 < int(right.real) <= 8:
        found = left
        for _ in range(int(right.real) - 1):
            found = found.times(left)
        return found
    raise IllPosed("a complex number is raised to a power that is not a whole number from 1 to 8", remedy=_REMEDY)


def _function(name: str, of: _Pair, node: ast.expr) -> _Pair:
    a, b = of.real, of.imaginary
    if name == "abs":
        return _Pair(sympy.sqrt(of.square) if b != 0 else sympy.Abs(a))
    if b == 0:
        return _Pair({"sqrt": sympy.sqrt, "log": sympy.log}.get(name, getattr(sympy, name))(a))
    if name == "exp":
        return _Pair(sympy.exp(a) * sympy.cos(b), sympy.exp(a) * sympy.sin(b))
    if name == "sin":
        return _Pair(sympy.sin(a) * sympy.cosh(b), sympy.cos(a) * sympy.sinh(b))
    if name == "cos":
        return _Pair(sympy.cos(a) * sympy.cosh(b), -sympy.sin(a) * sympy.sinh(b))
    raise IllPosed(f"{ast.unparse(node)!r} of a complex number is not read here", remedy=_REMEDY)
