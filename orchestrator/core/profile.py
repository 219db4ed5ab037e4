"""What the host knows of a user's table before it plans: no rows, only descriptions."""

from __future__ import annotations

from typing import Literal

from orchestrator.core.values import Value

ColumnKind = Literal["number", "category", "boolean", "text", "time", "identifier", "constant", "empty"]


class Column(Value):
    """One column. `missing` is the share of missing cells in [0, 1]; `low`, `high` for numbers.

    `integer` is true where every present value is a whole number; `monotone` where a number or
    time column never decreases from row to row.
    """

    name: str
    kind: ColumnKind
    missing: float
    unique: int
    low: float | None = None
    high: float | None = None
    integer: bool = False
    monotone: bool = False


class DataProfile(Value):
    """A table in figures. `sha256` is the hash of the file's bytes, `duplicates` exact row copies."""

    file: str
    sha256: str
    rows: int
    columns: tuple[Column, ...]
    duplicates: int = 0

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)
