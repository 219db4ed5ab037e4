"""What the deploy skill is told."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Form = Literal["rows", "points", "array"]


class Subject(BaseModel):
    """The model to serve: a file of the user's, or the model of an earlier run (`skill` made it, `run` is its id).

    `name` is what the user calls it, `sha256` the hash of its file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: Literal["pickle", "torch", "xgboost", "lightgbm", "run"] = "pickle"
    sha256: str = ""
    skill: str = ""
    run: str = ""


class Column(BaseModel):
    """One named input. `low` and `high` are what the data held (of points: what is allowed); `example` one value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    type: Literal["number", "integer", "boolean", "text", "time"] = "number"
    optional: bool = False
    low: float | None = None
    high: float | None = None
    example: JsonValue = None


class Spec(BaseModel):
    """One model and what a request to its service holds.

    `form`: rows of named columns, points of a field's coordinates, or one array of numbers a sample. Columns and shape
    that are empty are read from the model, where it tells them. `card` holds sentences with measured numbers.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: Subject
    form: Form = "rows"
    columns: list[Column] = Field(default=[])
    shape: list[int] = Field(default=[])
    dtype: Literal["float32", "float64", "uint8"] = "float32"
    target: str = ""
    task: Literal["", "regression", "classification"] = ""
    card: list[dict[str, JsonValue]] = Field(default=[])
    port: int = Field(default=8000, ge=1024, le=65535)
    batch: int = Field(default=1000, ge=1, le=100_000)
    seed: int = Field(default=0, ge=0, lt=2**32)
