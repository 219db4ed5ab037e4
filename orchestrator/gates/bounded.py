"""Whether the strict maximum principle bounds a problem's solution: read from its normal form, by the boxes' own rule.

The twin of `skills/runtime/parabolic.py` and `fields.bounds`. Importing it loads SymPy, so the table does so only when
it is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import sympy
from numpy.typing import NDArray
from pydantic import Field, JsonValue, TypeAdapter, ValidationError

from orchestrator.core.errors import IllPosed
from orchestrator.core.values import Value
from orchestrator.problems.symbols import expression, symbol, value

Array = NDArray[np.float64]
TIME = "t"
_INSIDE, _ALONG = 101, 1001  # points an axis: inside the box, and along one end


class _Axis(Value):
    name: str
    low: float
    high: float


class _Condition(Value):
    at: dict[str, float]
    equations: tuple[str, ...]


class _Told(Value):
    """The parts of the normal form that count here."""

    coordinates: tuple[_Axis, ...]
    fields: tuple[str, ...]
    equations: tuple[str, ...]
    conditions: tuple[_Condition, ...] = ()
    periodic: tuple[str, ...] = ()
    parameters: dict[str, float] = Field(default_factory=dict)


class _Otherwise(Exception):
    """Raised where the problem is of another kind, or its data give no bounds."""


def bounded(problem: Mapping[str, JsonValue]) -> bool:
    """Whether one linear parabolic equation in a place and time stays within bounds that its data give.

    No source, no growth, no end that drives or feeds it: decay pulls u towards zero, and an end that gives off pulls it
    towards its surroundings; both keep u within bounds. Data without a value somewhere waive nothing.
    """
    if problem.get("unknown"):
        return False
    try:
        kept = {name: problem[name] for name in _Told.model_fields if name in problem}
        told = TypeAdapter(_Told).validate_python(kept)
        _Rule(told).hold()
    except (_Otherwise, ValidationError):
        return False
    except IllPosed:
        return True
    return True


@dataclass(frozen=True)
class _Rule:
    told: _Told

    def hold(self) -> None:
        """Raises _Otherwise where no bounds follow, IllPosed where a coefficient has no value."""
        told = self.told
        if [axis.name for axis in told.coordinates[1:]] != [TIME] or len(told.fields) != 1 or len(told.equations) != 1:
            raise _Otherwise
        u, s = told.fields[0], self.space.name
        names = (u, f"{u}_{s}", f"{u}_{s}{s}", f"{u}_{TIME}")
        expr = expression(told.equations[0])
        x, t = np.meshgrid(_line(self.space, _INSIDE), _line(told.coordinates[1], _INSIDE))
        inside = {s: x.ravel(), TIME: t.ravel()}
        source, (reaction, _, diffusion, moves) = self.parts(expr, names, inside)
        with np.errstate(all="ignore"):
            if not np.all(-diffusion / moves > 0):
                raise _Otherwise
            if np.any(source != 0) or np.any(-reaction / moves > 0):
                raise _Otherwise
        self.initial(names[:1])
        if told.periodic != (s,):
            for at, outward in ((self.space.low, -1.0), (self.space.high, 1.0)):
                self.end(at, outward, names[:2])

    @property
    def space(self) -> _Axis:
        return self.told.coordinates[0]

    def initial(self, names: tuple[str, ...]) -> None:
        times = self.told.coordinates[1]
        expr = self.only({TIME: times.low})
        along = _line(self.space, _ALONG)
        self.parts(expr, names, {self.space.name: along, TIME: np.full(len(along), times.low)})

    def end(self, at: float, outward: float, names: tuple[str, ...]) -> None:
        """The end holds u to given values, lets nothing through, or exchanges with its surroundings."""
        expr = self.only({self.space.name: at})
        along = _line(self.told.coordinates[1], _ALONG)
        rest, (level, slope) = self.parts(expr, names, {self.space.name: np.full(len(along), at), TIME: along})
        if not np.any(slope):
            return
        exchange = outward * level / slope
        if np.any(exchange < 0) or np.any(rest[exchange == 0] != 0):
            raise _Otherwise

    def only(self, at: dict[str, float]) -> sympy.Expr:
        found = [text for one in self.told.conditions if one.at == at for text in one.equations]
        if len(found) != 1:
            raise _Otherwise
        return expression(found[0])

    def parts(
        self, expr: sympy.Expr, names: tuple[str, ...], at: Mapping[str, Array]
    ) -> tuple[Array, tuple[Array, ...]]:
        """(what holds no field, the coefficient of each name) at points; anything else in it is another kind."""
        known = {**self.told.parameters, **at}
        others = {found.name for found in expr.free_symbols} - known.keys()
        factors = [sympy.diff(expr, symbol(name)) for name in names]
        if others - set(names) or any({s.name for s in one.free_symbols} & others for one in factors):
            raise _Otherwise
        bare = expr.xreplace({symbol(name): sympy.Integer(0) for name in names})
        count = len(next(iter(at.values())))
        found = [
            np.array(np.broadcast_to(np.asarray(value(one, known), np.float64), count)) for one in (bare, *factors)
        ]
        if not all(np.isfinite(one).all() for one in found):
            raise IllPosed("a coefficient or a condition has no value somewhere")
        return found[0], tuple(found[1:])


def _line(axis: _Axis, count: int) -> Array:
    return np.linspace(axis.low, axis.high, count)
