"""A linear parabolic equation in one dimension in its own words: the family with series and a maximum principle."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
import sympy
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from skills.runtime.expression import Expression, parse
from skills.runtime.problem import TIME, Problem
from skills.runtime.symbols import FUNCTIONS, Form, symbol

Array = NDArray[np.float64]
CHECK_POINTS = 33
COEFFICIENTS = ("diffusion", "advection", "reaction", "source")


def _of(*variables: str) -> AfterValidator:
    def check(text: str) -> str:
        parse(text, variables)
        return text

    return AfterValidator(check)


OfXT = Annotated[str, _of("x", "t")]
OfX = Annotated[str, _of("x")]
OfT = Annotated[str, _of("t")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Boundary(_Frozen):
    """One end: u = value, u_x = value, u_x + coefficient u = value, or periodic (at both ends)."""

    kind: Literal["dirichlet", "neumann", "robin", "periodic"] = "dirichlet"
    value: OfT = "0"
    coefficient: OfT = "0"

    @property
    def weights(self) -> tuple[float, float]:
        """The condition is first u + second u_x = value; for robin, first is `coefficient`."""
        return {"dirichlet": (1.0, 0.0), "neumann": (0.0, 1.0), "robin": (1.0, 1.0), "periodic": (1.0, 0.0)}[self.kind]


class Units(_Frozen):
    x: str = ""
    t: str = ""
    u: str = ""


class Parabolic(_Frozen):
    """u_t = diffusion u_xx + advection u_x + reaction u + source on x[0] ≤ x ≤ x[1], t[0] ≤ t ≤ t[1].

    Coefficients are formulas in x and t, `initial` in x, boundary values in t.
    """

    name: str = "heat"
    diffusion: OfXT = "0.4"
    advection: OfXT = "0"
    reaction: OfXT = "0"
    source: OfXT = "0"
    x: tuple[float, float] = (0.0, 1.0)
    t: tuple[float, float] = (0.0, 1.0)
    initial: OfX = "sin(pi*x)"
    left: Boundary = Boundary()
    right: Boundary = Boundary()
    units: Units = Field(default_factory=Units)

    @model_validator(mode="after")
    def is_well_posed(self) -> Self:
        """Refuse what has no unique stable solution: reversed boxes, diffusion ≤ 0, a lone periodic end."""
        for name, (low, high) in (("x", self.x), ("t", self.t)):
            if not low < high:
                raise ValueError(f"{name} runs from {low} to {high}; the second number must be larger")
        if (self.left.kind == "periodic") != (self.right.kind == "periodic"):
            raise ValueError("one end is periodic and the other is not; periodic needs both")
        x, t = (part.ravel() for part in np.meshgrid(self.grid("x", CHECK_POINTS), self.grid("t", CHECK_POINTS)))
        for name in COEFFICIENTS:
            if not np.all(np.isfinite(self.coefficient(name, x, t))):
                raise ValueError(f"{name} {getattr(self, name)!r} is not finite everywhere on the box")
        if not np.all(self.coefficient("diffusion", x, t) > 0):
            raise ValueError(f"diffusion {self.diffusion!r} is not positive everywhere; the problem is ill-posed")
        if not np.all(np.isfinite(self.initial_value(x))):
            raise ValueError(f"initial {self.initial!r} is not finite everywhere on the box")
        for end in (self.left, self.right):
            if not np.all(np.isfinite([_formula(end.value)(t=t), _formula(end.coefficient)(t=t)])):
                raise ValueError(f"the boundary value {end.value!r} is not finite everywhere in time")
        return self

    @classmethod
    def of(cls, problem: Problem) -> Parabolic | None:
        """The problem in these words; None where it is of another kind."""
        return recognised(problem)[0]

    @property
    def periodic(self) -> bool:
        return self.left.kind == "periodic"

    def grid(self, axis: Literal["x", "t"], count: int) -> Array:
        """`count` equally spaced points of an axis, both ends included."""
        low, high = getattr(self, axis)
        return np.linspace(low, high, count)

    def constant(self, name: str) -> float | None:
        """The value of a coefficient in which no variable stands, else None."""
        return parse(getattr(self, name)).constant

    def coefficient(self, name: str, x: Array | float, t: Array | float) -> Array:
        """`diffusion`, `advection`, `reaction` or `source` at points."""
        return _formula(getattr(self, name))(x=x, t=t)

    def initial_value(self, x: Array | float) -> Array:
        return _formula(self.initial)(x=x)

    def boundary_row(self, end: Boundary, t: Array | float) -> tuple[Array, Array, Array]:
        """(a, b, value) of the condition a u + b u_x = value at times t."""
        times = np.asarray(t, dtype=np.float64)
        first, second = end.weights
        a = _formula(end.coefficient)(t=times) if end.kind == "robin" else np.full(times.shape, first)
        return a, np.full(times.shape, second), _formula(end.value)(t=times)


def _formula(text: str) -> Expression:
    return parse(text)


def written(expr: sympy.Expr) -> str:
    """An expression of numbers, names and the known functions as a formula that `parse` reads, to the last digit."""
    if expr.is_number:
        return repr(float(expr))
    if expr.is_Symbol:
        return str(expr.name)
    if expr.is_Add or expr.is_Mul:
        return f"({(' + ' if expr.is_Add else '*').join(written(part) for part in expr.args)})"
    if expr.is_Pow:
        return f"({written(expr.args[0])})**({written(expr.args[1])})"
    name = expr.func.__name__.lower()
    if name not in FUNCTIONS:
        raise _Otherwise(f"{name} has no name in formulas")
    return f"{name}({written(expr.args[0])})"


class _Otherwise(Exception):
    """Raised with the reason why a problem is not of this family."""


def recognised(problem: Problem) -> tuple[Parabolic | None, str]:
    """(the problem in the family's words, "") or (None, why it is of another kind). Read from its symbols."""
    try:
        return _Reading(problem).parabolic(), ""
    except _Otherwise as why:
        return None, str(why)
    except ValidationError as error:
        return None, str(error.errors(include_url=False)[0]["msg"])


class _Reading:
    """Coefficients of a linear form as formulas in x and t, with the values of the parameters in them."""

    def __init__(self, problem: Problem) -> None:
        if len(problem.names) != 2 or not problem.timed or len(problem.fields) != 1 or problem.inverse:
            raise _Otherwise("it is not one equation in one place and time with known coefficients")
        self.problem = problem
        self.field, self.place = problem.fields[0], problem.names[0]
        self.known = {f"{self.field}{end}" for end in ("", f"_{self.place}", f"_{self.place * 2}", f"_{TIME}")}

    def parabolic(self) -> Parabolic:
        problem = self.problem
        moves = self.part(problem.forms[0], f"{self.field}_{TIME}")
        if moves == 0:
            raise _Otherwise("it does not move in time")
        ends = ("", f"_{self.place}", f"_{self.place * 2}")
        reaction, advection, diffusion = (-self.part(problem.forms[0], self.field + end) / moves for end in ends)
        space, time = problem.axis(self.place), problem.axis(TIME)
        return Parabolic(
            name=problem.name,
            diffusion=written(diffusion),
            advection=written(advection),
            reaction=written(reaction),
            source=written(-self.part(problem.forms[0], "") / moves),
            x=(space.low, space.high),
            t=(time.low, time.high),
            initial=self.initial(),
            left=self.end(space.low),
            right=self.end(space.high),
            units=Units(**{name: problem.units.get(old, "") for name, old in
                           (("x", self.place), ("t", TIME), ("u", self.field))}),
        )  # fmt: skip

    def initial(self) -> str:
        form = self.only({TIME: self.problem.axis(TIME).low}, "at the first time")
        if {self.problem.vocabulary.name(partial) for partial in form.partials} != {self.field}:
            raise _Otherwise("the values at the first time are not simply given")
        value = -self.part(form, "") / self.part(form, self.field)
        return written(value.subs(symbol("t"), self.problem.axis(TIME).low))

    def end(self, at: float) -> Boundary:
        """One end of the place."""
        if self.place in self.problem.periodic:
            return Boundary(kind="periodic")
        form = self.only({self.place: at}, f"at {self.place} = {at:g}")
        value, slope, rest = (
            self.part(form, name).subs(symbol("x"), at) for name in (self.field, f"{self.field}_{self.place}", "")
        )
        if {self.problem.vocabulary.name(p) for p in form.partials} - {self.field, f"{self.field}_{self.place}"}:
            raise _Otherwise(f"the condition at {self.place} = {at:g} is on other derivatives")
        if slope == 0:
            return Boundary(kind="dirichlet", value=written(-rest / value))
        if value == 0:
            return Boundary(kind="neumann", value=written(-rest / slope))
        return Boundary(kind="robin", coefficient=written(value / slope), value=written(-rest / slope))

    def only(self, at: dict[str, float], where: str) -> Form:
        """The one equation of the one condition at a place."""
        found = [
            form
            for condition, forms in zip(self.problem.conditions, self.problem.condition_forms, strict=True)
            if condition.at == at
            for form in forms
        ]
        if len(found) != 1 or not found[0].linear:
            raise _Otherwise(f"there is not one linear condition {where}")
        return found[0]

    def part(self, form: Form, name: str) -> sympy.Expr:
        """The coefficient of a field or derivative; of nothing ("") what is left without them."""
        names = {self.problem.vocabulary.name(partial) for partial in form.partials}
        if not form.linear or names - self.known:
            raise _Otherwise("its equation is not linear, or has other derivatives")
        found = form.by(name).expr if name else form.expr.xreplace(dict.fromkeys(map(symbol, names), sympy.Integer(0)))
        told = {symbol(key): sympy.Float(value, 17) for key, value in self.problem.parameters.items()}
        return found.xreplace(told).xreplace({symbol(self.place): symbol("x")})
