"""The tables that scoring left beside its scores: counts and summaries, never rows of the user's data."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

MOST_ROWS = 60


class Table(BaseModel):
    """A table as a scorer left it."""

    columns: list[str]
    rows: list[list[JsonValue]]


class _Scores(BaseModel):
    model_config = ConfigDict(extra="ignore")

    tables: dict[str, Table] = {}


@dataclass(frozen=True)
class Cell:
    """`share` in [0, 1] shades a cell of a confusion matrix by its part of the row; None elsewhere."""

    value: JsonValue
    share: float | None = None


@dataclass(frozen=True)
class ScoreTable:
    """A table to show; `left_out` rows are not shown."""

    title: str
    source: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    left_out: int
    matrix: bool


def read_tables(measured: Path, drawn: Container[str] = ()) -> tuple[ScoreTable, ...]:
    """Every table of every readable scores.json below `measured`, but those named in `drawn`."""
    return tuple(
        _shown(name, table, source)
        for source, tables in _read(measured)
        for name, table in tables.items()
        if table.rows and name not in drawn
    )


def whole_tables(measured: Path) -> dict[str, Table]:
    """The same tables by name, with all their rows."""
    return {name: table for _, tables in _read(measured) for name, table in tables.items() if table.rows}


def _read(measured: Path) -> Iterator[tuple[str, dict[str, Table]]]:
    for path in sorted(measured.rglob("scores.json")) if measured.is_dir() else ():
        try:
            scores = _Scores.model_validate(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, ValidationError):
            continue  # a damaged file shows no table; its scores are in the evidence or nowhere
        yield path.relative_to(measured.parent).as_posix(), scores.tables


def _shown(name: str, table: Table, source: str) -> ScoreTable:
    matrix = name.startswith("confusion")
    rows = tuple(_row(row, matrix) for row in table.rows[:MOST_ROWS])
    title = name.replace("_", " ").replace("confusion-", "Confusion matrix: ").replace("confusion", "Confusion matrix")
    return ScoreTable(title, source, tuple(table.columns), rows, max(0, len(table.rows) - MOST_ROWS), matrix)


def _row(row: list[JsonValue], matrix: bool) -> tuple[Cell, ...]:
    total = sum(value for value in row[1:] if isinstance(value, int | float)) if matrix else 0
    return tuple(
        Cell(value, value / total if matrix and index and total and isinstance(value, int | float) else None)
        for index, value in enumerate(row)
    )
