"""A linear parabolic equation in one dimension in its own words: the family with series and a maximum principle."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from skills.runtime.expression import Expression, parse

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
