"""What the host knows of a user's table before it plans: no rows, only descriptions."""

from __future__ import annotations

from typing import Literal

from orchestrator.core.values import Value

ColumnKind = Literal["number", "category", "boolean", "text", "time", "identifier", "constant", "empty"]
Unit = Literal["month", "business_day", "second", "number"]  # of the steps of a series


class Column(Value):
    """One column. `missing` is the share of missing cells in [0, 1]; `low`, `high` for numbers.

    `integer` is true where every present value is a whole number; `monotone` where a number or
    time column never decreases from row to row. `sensitive` names what the column tells of people ("sex", "age"…), and
    `personal` the personal data that it holds ("e-mail addresses"…), of which no value is kept here; both may be empty.
    """

    name: str
    kind: ColumnKind
    missing: float
    unique: int
    low: float | None = None
    high: float | None = None
    integer: bool = False
    monotone: bool = False
    sensitive: str = ""
    personal: str = ""


class ArrayForm(Value):
    """What one sample of array data is, once it is brought into one form.

    `shape` is (channels, height, width) for images, (channels, length) for series, (length,) for vectors; `dtype` is
    uint8 or float32; `low` and `high` bound all values. `ordered` tells whether neighbours along a sample are alike,
    `resize` the (height, width) to which images of different sizes are brought, `alike` how many samples have a near
    copy, `imbalance` how many times as large the largest class is as the smallest.
    """

    kind: Literal["images", "series", "vectors"]
    shape: tuple[int, ...]
    dtype: Literal["uint8", "float32"]
    low: float
    high: float
    ordered: bool = False
    resize: tuple[int, int] | None = None
    alike: int = 0
    imbalance: float = 1.0


class SeriesForm(Value):
    """Rows that follow each other in regular steps of the column `time`, one a step, or one a step of each `group`.

    A step is `size` months, seconds or numbers long, or one business day; `start` is the first time in that unit,
    counted from 1970 for dates. `steps` counts the times from the first to the last.
    """

    time: str
    group: str | None = None
    unit: Unit
    size: float
    start: float
    steps: int


class DataProfile(Value):
    """A table in figures. `sha256` is the hash of the file's bytes, `duplicates` exact row copies.

    `series` are the columns by whose times the rows make a regular series, the likeliest first; `no_series` says what
    keeps them from it where there is none.
    Array data is a table too: one column for the inputs, of which `arrays` tells the form, one for the labels.
    """

    file: str
    sha256: str
    rows: int
    columns: tuple[Column, ...]
    duplicates: int = 0
    arrays: ArrayForm | None = None
    series: tuple[SeriesForm, ...] = ()
    no_series: str = ""

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)
