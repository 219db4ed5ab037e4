"""The shared problem: equations in symbols on a box, with conditions on its faces, parameters, units, unknowns.

The host reads it from words, a file or Python, checks that it is well posed and writes it in this normal form; skills
and scorers read the form and nothing else.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from skills.runtime.symbols import Form, Partial, Vocabulary, form

Array = NDArray[np.float64]
TIME = "t"
Letter = Annotated[str, StringConstraints(pattern=r"^[a-z]$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9]{0,23}(_[0-9]{1,3})?$")]
Formula = Annotated[str, StringConstraints(min_length=1, max_length=500)]
_TAKEN = frozenset({"pi", "e"})


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Coordinate(_Frozen):
    """One axis of the box, low < high, in its own unit."""

    name: Letter
    low: float
    high: float

    @property
    def length(self) -> float:
        return self.high - self.low


class Condition(_Frozen):
    """Equations (each = 0) that hold where the coordinates of `at` have the given values: a face, an edge or a point.

    Each value is an end of its coordinate's range. They may use the fields, their derivatives and all coordinates.
    """

    at: dict[Letter, float] = Field(min_length=1)
    equations: tuple[Formula, ...] = Field(min_length=1)


class Unknown(_Frozen):
    """A coefficient to be found from data, between `low` and `high`; training starts from `guess`."""

    low: float
    high: float
    guess: float


class Problem(_Frozen):
    """Find `fields` with `equations` (each = 0) inside the box, `conditions` on its faces, and periodic coordinates.

    `coordinates` are in the order of all point arrays: space first, the time `t` (if there is one) last. `parameters`
    are known numbers, `unknown` coefficients are sought. `exact` may give every field in closed form, in coordinates
    and parameters; whoever uses it as the truth checks it first. `units` maps coordinates, fields and parameters.
    """

    name: str = "problem"
    coordinates: tuple[Coordinate, ...] = Field(min_length=1, max_length=4)
    fields: tuple[Name, ...] = Field(min_length=1, max_length=8)
    equations: tuple[Formula, ...] = Field(min_length=1, max_length=8)
    conditions: tuple[Condition, ...] = ()
    periodic: tuple[Letter, ...] = ()
    parameters: dict[Name, float] = Field(default_factory=dict)
    unknown: dict[Name, Unknown] = Field(default_factory=dict)
    exact: dict[Name, Formula] = Field(default_factory=dict)
    units: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def is_stated(self) -> Self:
        """Refuse what cannot be read: names used twice, empty ranges, unknown symbols, conditions off the faces."""
        self._has_distinct_names()
        self._lies_on_its_box()
        if len(self.equations) != len(self.fields):
            raise ValueError(f"{len(self.equations)} equations for {len(self.fields)} fields")
        if self.exact and set(self.exact) != set(self.fields):
            raise ValueError("an exact solution gives every field")
        _ = (self.forms, self.condition_forms, self.exact_forms)  # whatever cannot be parsed is refused here
        return self

    def _has_distinct_names(self) -> None:
        told = [*self.names, *self.fields, *self.parameters, *self.unknown]
        if twice := sorted({name for name in told if told.count(name) > 1} | (_TAKEN & set(told))):
            raise ValueError(f"the names {', '.join(twice)} are used twice, or are numbers of the language")

    def _lies_on_its_box(self) -> None:
        for axis in self.coordinates:
            if not axis.low < axis.high:
                raise ValueError(f"{axis.name} runs from {axis.low} to {axis.high}; the second number must be larger")
        places: list[tuple[str, float | None]] = [(letter, None) for letter in self.periodic]
        places += [(letter, value) for one in self.conditions for letter, value in one.at.items()]
        for letter, value in places:
            if letter not in self.names:
                raise ValueError(f"{letter!r} is no coordinate; known are {', '.join(self.names)}")
            if value is not None and value not in (self.axis(letter).low, self.axis(letter).high):
                raise ValueError(f"a condition at {letter} = {value:g} lies on no face of the box")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The coordinates' names."""
        return tuple(axis.name for axis in self.coordinates)

    @cached_property
    def space(self) -> tuple[str, ...]:
        return tuple(name for name in self.names if name != TIME)

    @property
    def timed(self) -> bool:
        return TIME in self.names

    @property
    def inverse(self) -> bool:
        return bool(self.unknown)

    def axis(self, name: str) -> Coordinate:
        return next(axis for axis in self.coordinates if axis.name == name)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.names, self.fields, (*self.parameters, *self.unknown))

    @cached_property
    def forms(self) -> tuple[Form, ...]:
        """The equations."""
        return tuple(form(text, self.vocabulary) for text in self.equations)

    @cached_property
    def condition_forms(self) -> tuple[tuple[Form, ...], ...]:
        """The equations of each condition."""
        return tuple(tuple(form(text, self.vocabulary) for text in one.equations) for one in self.conditions)

    @cached_property
    def exact_forms(self) -> tuple[Form, ...]:
        """The exact solution field by field, or ()."""
        plain = Vocabulary(self.names, (), (*self.parameters, *self.unknown))
        return tuple(form(self.exact[name], plain) for name in self.fields) if self.exact else ()

    @cached_property
    def linear(self) -> bool:
        """Whether all equations and conditions are linear in the fields."""
        return all(one.linear for one in (*self.forms, *(f for forms in self.condition_forms for f in forms)))

    @cached_property
    def partials(self) -> tuple[Partial, ...]:
        """All fields and derivatives that equations and conditions use, sorted."""
        used = {p for one in (*self.forms, *(f for forms in self.condition_forms for f in forms)) for p in one.partials}
        return tuple(sorted(used))

    def order(self, coordinate: str, field: str | None = None) -> int:
        """The highest derivative by a coordinate in the equations, of one field or of all."""
        place = self.names.index(coordinate)
        orders = [p.orders[place] for one in self.forms for p in one.partials if field in (None, p.field)]
        return max(orders, default=0)

    def guesses(self) -> dict[str, float]:
        """Values of parameters and of unknowns at their guesses."""
        return {**self.parameters, **{name: one.guess for name, one in self.unknown.items()}}

    def with_values(self, **values: float) -> Problem:
        """The forward problem in which the unknown coefficients have these values."""
        told = {"parameters": {**self.parameters, **values}, "unknown": {}}
        return Problem.model_validate({**self.model_dump(), **told})

    def columns(self, points: Array) -> dict[str, Any]:
        """Points (n, d) as name -> column (n,), together with the parameters."""
        return {**self.guesses(), **dict(zip(self.names, points.T, strict=True))}

    def exact_values(self, points: Array) -> Array:
        """The exact solution (n, fields) at points (n, d)."""
        at = self.columns(points)
        return np.stack([np.broadcast_to(one(at), len(points)) for one in self.exact_forms], axis=1).astype(np.float64)
