"""Reads observations of fields from a table; a cell that cannot be used is refused with its row, line and column."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.core.errors import BadInput
from orchestrator.core.evidence import Repair
from orchestrator.core.plan import Observations
from orchestrator.core.sizes import LARGEST, REMEDY, size_fault
from orchestrator.core.values import sha256_file
from orchestrator.data.columns import DASHES, MISSING, settle
from orchestrator.data.delimited import decode, read_delimited, sniff_delimiter
from orchestrator.data.quoting import quote
from orchestrator.data.readers import READERS, read_rows

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
MIN_PLACES = 10  # distinct points in space and time; fewer leave nothing to hold out (heuristic)


@dataclass(frozen=True)
class Observed:
    """`inputs` (rows, coordinates) and `outputs` (rows, `fields`), NaN where a field was not observed."""

    inputs: Floats
    outputs: Floats
    fields: tuple[str, ...]
    repairs: tuple[Repair, ...]

    @property
    def places(self) -> Floats:
        """The distinct points, (places, coordinates)."""
        return np.unique(self.inputs, axis=0)


def read_observed(
    told: Observations, box: Mapping[str, tuple[float, float]], fields: tuple[str, ...], unknowns: int = 0
) -> Observed:
    """The observations that a plan speaks of, checked: what passes here can be split and trained on.

    `box` is the range of every coordinate, in the problem's order; `fields` those of the problem; `unknowns` how many
    coefficients are sought.

    Raises: BadInput for a file that changed, a column that is absent, cells that are no finite numbers or too large,
    rows outside the box or without any value, too few places.
    """
    path = Path(told.file).expanduser()
    if told.sha256 and sha256_file(path) != told.sha256:
        raise BadInput(f"{str(path)!r} has changed since the plan was made", remedy="plan again")
    raw = read_rows(path)
    seen = tuple(name for name in fields if name in told.columns)
    if absent := [name for name in box if name not in told.columns]:
        raise BadInput(f"no column of {str(path)!r} holds {absent[0]!r}", remedy="say which column it is")
    if not seen:
        raise BadInput(f"no column of {str(path)!r} holds {' or '.join(fields)}", remedy="say which column it is")
    for name in (*box, *seen):
        _known(path, told.columns[name], [str(column) for column in raw.columns])
    used = raw[list(dict.fromkeys(told.columns[name] for name in (*box, *seen)))].reset_index(drop=True)
    table = settle(used)
    columns = {
        name: _numbers(path, used[told.columns[name]], table.frame[told.columns[name]], empty=name in seen)
        for name in (*box, *seen)
    }
    inputs, outputs = (np.column_stack([columns[name] for name in names]) for names in (tuple(box), seen))
    _check_rows(path, inputs, outputs, box)
    found = Observed(inputs, outputs, seen, table.repairs)
    _check_count(path, len(found.places), told.test_fraction, unknowns)
    return found


def held_out(places: int, fraction: float) -> int:
    """How many of the places are held out: at least two, and two are left."""
    return min(max(2, round(fraction * places)), places - 2)


def _known(path: Path, column: str, names: list[str]) -> None:
    if column not in names:
        near = difflib.get_close_matches(column, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(map(repr, names[:8]))}"
        raise BadInput(f"{str(path)!r} has no column {column!r}", remedy=hint)


def _numbers(path: Path, raw: pd.Series, cells: pd.Series, *, empty: bool) -> Floats:
    """A column as numbers. A field's cell may be empty, then nothing was observed there; a coordinate's may not."""
    column = str(cells.name)
    if pd.api.types.is_datetime64_any_dtype(cells) or pd.api.types.is_bool_dtype(cells):
        raise BadInput(
            f"column {column!r} of {str(path)!r} holds {cells.dtype}, numbers are wanted",
            remedy="give times as numbers in the problem's own unit",
        )
    values = np.asarray(pd.to_numeric(cells, errors="coerce"), dtype=np.float64)
    wrong = ~np.isfinite(values)
    wrong[wrong] = [bool(_written(cell)) for cell in raw[wrong]]
    if wrong.any():
        text = _written(raw.iloc[int(np.argmax(wrong))])
        _refuse(path, column, wrong, f"{quote(text)} {'is not finite' if _is_infinite(text) else 'is no number'}")
    large = np.abs(values) > LARGEST
    if large.any():
        value = float(values[int(np.argmax(large))])
        _refuse(path, column, large, f"{value:g} {size_fault(value)}", REMEDY)
    if not empty and np.isnan(values).any():
        _refuse(path, column, np.isnan(values), "the cell is empty")
    return values


def _written(cell: object) -> str:
    """The text of a cell; "" where it is empty or marked as missing."""
    if cell is None or (isinstance(cell, float) and np.isnan(cell)) or cell is pd.NaT or cell is pd.NA:
        return ""
    text = str(cell).strip()
    return "" if text.lower() in MISSING or text in DASHES else text


def _is_infinite(text: str) -> bool:
    try:
        return bool(np.isinf(float(text)))
    except ValueError:
        return False


def _check_rows(path: Path, inputs: Floats, outputs: Floats, box: Mapping[str, tuple[float, float]]) -> None:
    nothing: Mask = np.asarray(np.isnan(outputs).all(axis=1))
    if nothing.any():
        raise BadInput(f"{_row(path, nothing)} of {str(path)!r} holds no observed value", remedy="leave the row out")
    for place, (name, (low, high)) in enumerate(box.items()):
        outside: Mask = np.logical_or(inputs[:, place] < low, inputs[:, place] > high)
        if outside.any():
            value = inputs[int(np.argmax(outside)), place]
            raise BadInput(
                f"{_row(path, outside)} of {str(path)!r} has {name} = {value:g}, outside of {low:g} to {high:g}",
                remedy=f"widen the range of {name}, or leave {_rows(int(outside.sum()))} out",
            )


def _check_count(path: Path, places: int, fraction: float, unknowns: int) -> None:
    if places < MIN_PLACES:
        raise BadInput(
            f"{str(path)!r} has observations at {places} distinct places, {MIN_PLACES} are needed",
            remedy="give more observations",
        )
    left = places - held_out(places, fraction)
    if left <= unknowns:
        raise BadInput(
            f"{str(path)!r} has observations at {places} places; {left} of them are left to find {unknowns} unknown "
            f"coefficients from when {places - left} are held out",
            remedy="give more observations, or hold a smaller share out",
        )


def _rows(count: int) -> str:
    return "the row" if count == 1 else f"the {count} rows"


def _refuse(path: Path, column: str, wrong: Mask, what: str, remedy: str = "") -> None:
    told = f"{_row(path, wrong)} of column {column!r} in {str(path)!r}: {what}"
    more = f" ({int(wrong.sum())} such cells)" if wrong.sum() > 1 else ""
    raise BadInput(told + more, remedy=remedy or "mend the cell, or leave the row out")


def _row(path: Path, wrong: Mask) -> str:
    """The first row, counted from 1 below the header, and the line of a text file on which it stands."""
    first = int(np.argmax(wrong))
    lines = _lines(path)
    line = f" (line {lines[first + 1]})" if len(lines) == len(wrong) + 1 else ""
    return f"row {first + 1}{line}"


def _lines(path: Path) -> list[int]:
    """The line on which each record of a text file begins, the header's first; [] for other files."""
    if READERS.get(path.suffix.lower(), read_delimited) is not read_delimited:
        return []
    text = decode(path, path.read_bytes())
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sniff_delimiter(text), skipinitialspace=True)
    found, before = [], 0
    for record in reader:
        if any(cell.strip() for cell in record):
            found.append(before + 1)
        before = reader.line_num
    return found
