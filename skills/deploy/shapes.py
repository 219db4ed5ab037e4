"""The types of requests and responses, made from the model's columns or its samples' shape."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from skills.deploy.spec import Column, Spec

MOST_TEXT = 10_000
LARGEST_FLOAT32 = 3.4028234663852886e38
LARGEST = 2**53  # beyond it JSON's numbers are not exact


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 3.0 is an integer."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


TYPES: dict[str, Any] = {
    "number": Annotated[float, Field(strict=True, allow_inf_nan=False)],
    "integer": Annotated[int, Field(strict=True, ge=-LARGEST, le=LARGEST), BeforeValidator(_whole)],
    "boolean": Annotated[bool, Field(strict=True)],
    "text": Annotated[str, Field(strict=True, max_length=MOST_TEXT)],
    "time": datetime,
}
CELLS: dict[str, Any] = {
    "float64": TYPES["number"],
    "float32": Annotated[float, Field(strict=True, ge=-LARGEST_FLOAT32, le=LARGEST_FLOAT32)],
    "uint8": Annotated[int, Field(strict=True, ge=0, le=255), BeforeValidator(_whole)],
}
STRICT = ConfigDict(extra="forbid", populate_by_name=False)


class Prediction(BaseModel):
    """`prediction` is the value, or the likeliest class; `outputs` every output by name, probabilities for classes."""

    prediction: float | str
    outputs: dict[str, float]


class Predictions(BaseModel):
    """One prediction a sample, in the request's order."""

    predictions: list[Prediction]


def sample_type(spec: Spec) -> type[BaseModel]:
    """One sample: an object of the columns, or `inputs`, nested lists of the sample's shape."""
    if spec.form == "array":
        return create_model("Sample", __config__=STRICT, inputs=(nested(tuple(spec.shape), spec.dtype), ...))
    fields = {f"column_{place}": _field(column, spec) for place, column in enumerate(spec.columns)}
    return create_model("Sample", __config__=STRICT, **fields)  # type: ignore[call-overload,no-any-return]


def batch_type(sample: type[BaseModel], spec: Spec) -> type[BaseModel]:
    """Between one and `batch` samples."""
    rows = Annotated[list[sample], Field(min_length=1, max_length=spec.batch)]  # type: ignore[valid-type]
    return create_model("Batch", __config__=STRICT, samples=(rows, ...))


def nested(shape: tuple[int, ...], dtype: str) -> Any:
    """Lists of fixed lengths around numbers that the model's own type can hold."""
    if not shape:
        return CELLS[dtype]
    return Annotated[list[nested(shape[1:], dtype)], Field(min_length=shape[0], max_length=shape[0])]  # type: ignore[misc]


def example_of(spec: Spec) -> dict[str, Any]:
    """A sample that the service takes."""
    if spec.form == "array":
        return {"inputs": _filled(tuple(spec.shape), 0 if spec.dtype == "uint8" else 0.0)}
    return {column.name: _example(column) for column in spec.columns}


def task_of(spec: Spec) -> Literal["classification", "regression"]:
    return "classification" if spec.task == "classification" else "regression"


def _field(column: Column, spec: Spec) -> tuple[Any, Any]:
    """Named by its alias, since a column's name may be anything; a point must lie where the field is defined."""
    limits: dict[str, Any] = {"ge": column.low, "le": column.high} if spec.form == "points" else {}
    kind = Annotated[TYPES[column.type], Field(**{key: value for key, value in limits.items() if value is not None})]
    held = "" if column.low is None else f"{column.low:g} to {column.high:g} in the data"
    told: dict[str, Any] = {"alias": column.name, "description": held or None, "examples": [_example(column)]}
    return (kind | None, Field(default=None, **told)) if column.optional else (kind, Field(**told))


def _example(column: Column) -> Any:
    if column.example is not None:
        return column.example
    if column.type in ("number", "integer"):
        middle = 0.0 if column.low is None or column.high is None else (column.low + column.high) / 2
        return math.floor(middle) if column.type == "integer" else middle
    return {"boolean": True, "text": "a", "time": "2026-01-01T00:00:00"}[column.type]


def _filled(shape: tuple[int, ...], cell: float) -> Any:
    return [_filled(shape[1:], cell) for _ in range(shape[0])] if shape else cell
