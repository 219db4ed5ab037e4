"""The columns of a table as the fields of a request: a type, whether it may be missing, a range. No row is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
from pydantic import JsonValue

from orchestrator.data.columns import is_number, is_time

Row = dict[str, JsonValue]


def fields_of(frame: pd.DataFrame, names: Iterable[str]) -> list[JsonValue]:
    """One object a column, as the skill `deploy` wants them."""
    return [_field(name, frame[name]) for name in names]


def rows_of(frame: pd.DataFrame, fields: Iterable[Mapping[str, Any]]) -> list[Row]:
    """The rows as JSON has them, by the fields' names; a missing value is null."""
    kinds = {str(field["name"]): str(field["type"]) for field in fields}
    cells = {name: [_cell(value, kind) for value in frame[name]] for name, kind in kinds.items()}
    return [{name: column[place] for name, column in cells.items()} for place in range(len(frame))]


def _field(name: str, column: pd.Series) -> JsonValue:
    present = column.dropna()
    kind = _kind(column, present)
    found: Row = {"name": name, "type": kind, "optional": bool(column.isna().any())}
    found |= {"low": None, "high": None, "example": None}
    if kind in ("number", "integer") and len(present):
        found |= {"low": float(present.min()), "high": float(present.max())}
    elif kind == "text" and len(present):
        common = present.astype(str).value_counts()
        if int(common.iloc[0]) >= 20:  # what fewer rows share may tell who they are
            found["example"] = str(common.index[0])
    return found


def _kind(column: pd.Series, present: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(column) or (len(present) and all(isinstance(cell, bool) for cell in present)):
        return "boolean"
    if pd.api.types.is_integer_dtype(column):
        return "integer"
    if is_number(column):
        return "number"
    return "time" if pd.api.types.is_datetime64_any_dtype(column) or is_time(column) else "text"


def _cell(value: Any, kind: str) -> JsonValue:
    if pd.isna(value):
        return None
    if kind == "integer":
        return int(value)
    if kind == "number":
        return float(value)
    if kind == "boolean":
        return bool(value)
    return pd.Timestamp(value).isoformat() if kind == "time" else str(value)
