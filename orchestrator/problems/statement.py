"""A problem as its user states it: equations, domain, conditions, parameters, unknowns, data, units."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import (
    AliasChoices,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    ModelWrapValidatorHandler,
    StringConstraints,
    ValidationError,
    model_validator,
)

from orchestrator.core.errors import BadInput
from orchestrator.core.values import Value
from orchestrator.problems.faults import Fault, combined
from orchestrator.problems.mistakes import FormMistake, form_mistakes

Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Number = Annotated[float, Field(allow_inf_nan=True)] | Text
_EXAMPLES = {
    "equations": 'equations = ["u_t = nu*u_xx"]',
    "domain": 'domain = {"x": [0, 1], "t": [0, 1]}',
    "fields": 'fields = ["u", "v"]',
    "conditions": 'conditions = ["u(x, 0) = sin(pi*x)", "u(0, t) = 0"]',
    "periodic": 'periodic = ["x"]',
    "parameters": 'parameters = {"nu": 0.02}',
    "unknown": 'unknown = {"nu": {"low": 0.001, "high": 0.1}}',
    "exact": 'exact = {"u": "exp(-t)*sin(x)"}',
    "units": 'units = {"x": "m"}',
    "data": 'data = {"file": "observations.csv", "noise": 0.01}',
    "name": 'name = "heat"',
}


def _listed(value: object) -> object:
    """One text where a list is expected stands for a list of one."""
    return (value,) if isinstance(value, str | dict) else value


Texts = Annotated[tuple[Text, ...], BeforeValidator(_listed)]


class Place(Value):
    """A condition with its place apart: `at = "x = -1"` (or "x = 0, y = 0", "boundary"), `is = "u = 0"`."""

    model_config = ConfigDict(populate_by_name=True)
    at: Text | dict[str, Number]
    equations: Texts = Field(validation_alias=AliasChoices("is", "equations"), serialization_alias="is")


class Unknown(Value):
    """A coefficient to be found from data, between `low` and `high`; the search starts from `guess` (their middle)."""

    low: Number
    high: Number
    guess: Number | None = None


class Data(Value):
    """Observations in a table: `columns` maps coordinates and fields to column names where these differ.

    `noise` is the standard deviation of the observed values, in the fields' unit; None where it is not known.
    """

    file: Text
    columns: dict[str, str] = Field(default_factory=dict)
    noise: float | None = Field(default=None, ge=0)


class Problem(Value):
    """A differential equation, or a system of them, to be solved on a box.

    >>> Problem(
    ...     equations=["u_t + u*u_x = nu*u_xx"],
    ...     domain={"x": (-1, 1), "t": (0, 1)},
    ...     conditions=["u(x, 0) = -sin(pi*x)", "u(-1, t) = 0", "u(1, t) = 0"],
    ...     parameters={"nu": "0.01/pi"},
    ... )

    Equations are `left = right` or residuals; `fields` need no mention where their derivatives occur. Numbers may be
    formulas of earlier parameters. Raises BadInput for a form that cannot be read; mathematics is looked at by `pose`.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[\w .,:()–-]{1,80}$")] = "problem"
    equations: Texts = Field(min_length=1, max_length=8)
    domain: dict[str, tuple[Number, Number]] = Field(min_length=1)
    fields: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    conditions: Annotated[tuple[Text | Place, ...], BeforeValidator(_listed)] = Field(default=(), max_length=64)
    periodic: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    parameters: dict[str, Number] = Field(default_factory=dict, max_length=64)
    unknown: dict[str, Unknown] = Field(default_factory=dict, max_length=8)
    exact: dict[str, Text] = Field(default_factory=dict)
    units: dict[str, Annotated[str, StringConstraints(max_length=60)]] = Field(default_factory=dict)
    data: Data | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _is_told(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Word every mistake for a person, all at once."""
        try:
            return handler(values)
        except ValidationError as error:
            found = [Fault(one.path, BadInput(one.sentence, remedy=_remedy(one.path))) for one in mistakes_of(error)]
            raise combined(found) from error

    def as_json(self) -> dict[str, JsonValue]:
        """What `Problem.model_validate` reads back; parts at their defaults left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _remedy(path: tuple[str, ...]) -> str:
    example = _EXAMPLES.get(path[0]) if path else None
    return f"Write it as {example}." if example else "Use the keys that help(orchestrator.Problem) lists."


def mistakes_of(error: ValidationError) -> list[FormMistake]:
    """What validation found wrong with the form of a problem, in words."""
    keys = {
        "": tuple(Problem.model_fields),
        "conditions": ("at", "is"),
        "unknown": tuple(Unknown.model_fields),
        "data": tuple(Data.model_fields),
    }
    return form_mistakes(error, keys)
