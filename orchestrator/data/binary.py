"""Reads tables from Parquet, Excel and NPZ."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl  # type: ignore[import-untyped]
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from numpy.typing import NDArray

from orchestrator.core.errors import BadInput

MAX_UNPACKED_MB = 2048
MAX_CELLS = 50_000_000
# What the decoders of zip, XML, numpy and Arrow raise on bytes that are not what they should be.
CORRUPT = (
    OSError, EOFError, LookupError, ValueError, TypeError, AttributeError, SyntaxError, NotImplementedError,
    RuntimeError, zipfile.BadZipFile, zlib.error, pa.ArrowException,
)  # fmt: skip
NAMES = ("feature_names", "target_names", "columns")
OF_ROWS = (
    "a table is X (n, d) and y (n,), real; images and series train a network (`Classify the images in FILE`), and a "
    "run's network is evaluated on the rows that it sealed (`Evaluate run RUN`)"
)


def read_parquet(path: Path) -> pd.DataFrame:
    """The rows of a Parquet file, its size checked before they are loaded."""
    return _decoded(path, "Parquet", _parquet)


def read_excel(path: Path) -> pd.DataFrame:
    """The first sheet that holds anything; its first filled row names the columns."""
    return _decoded(path, "Excel", _excel)


def read_npz(path: Path) -> pd.DataFrame:
    """Arrays as columns: 1-d arrays by their names, 2-d ones as x0, x1, … or by `feature_names`.

    Raises: BadInput for pickled or complex arrays, three or more axes, and lengths that differ.
    """
    return _decoded(path, "NPZ", _npz)


def _decoded(path: Path, kind: str, decode: Callable[[Path], pd.DataFrame]) -> pd.DataFrame:
    try:
        return decode(path)
    except PermissionError:
        raise
    except CORRUPT as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadInput(f"{str(path)!r} cannot be read as {kind}: {first}", remedy="save or copy it again") from error


def _parquet(path: Path) -> pd.DataFrame:
    opened = pq.ParquetFile(path)
    names = opened.schema_arrow.names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(f"{str(path)!r} has columns of the same name: {twice}", remedy="rename one of them")
    cells = opened.metadata.num_rows * len(names)
    if cells > MAX_CELLS:
        raise BadInput(f"{str(path)!r} has {cells} cells, the limit is {MAX_CELLS}", remedy="give a sample of it")
    frame: pd.DataFrame = opened.read().to_pandas(ignore_metadata=True)
    return frame


def _excel(path: Path) -> pd.DataFrame:
    _check_unpacked(path)
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        for sheet in book.worksheets:
            rows = [row for row in sheet.iter_rows(values_only=True) if any(cell is not None for cell in row)]
            if rows:
                return _from_cells(path, rows)
    finally:
        book.close()
    raise BadInput(f"{str(path)!r} has only empty sheets", remedy="give a sheet with a header and rows")


def _from_cells(path: Path, rows: list[tuple[object, ...]]) -> pd.DataFrame:
    width = max(place + 1 for row in rows for place, cell in enumerate(row) if cell is not None)
    header = (*rows[0], *([None] * width))[:width]
    if all(isinstance(cell, int | float) for cell in header):
        raise BadInput(
            f"{str(path)!r} starts with numbers, not with column names",
            remedy="add a first row with a name for every column",
        )
    names = [f"Unnamed: {place}" if cell is None else str(cell) for place, cell in enumerate(header)]
    padded = [(*row, *([None] * width))[:width] for row in rows[1:]]
    columns = [pd.Series([row[place] for row in padded], dtype=object) for place in range(width)]
    frame = pd.DataFrame(dict(enumerate(columns)))
    frame.columns = pd.Index(names)
    return frame


def _npz(path: Path) -> pd.DataFrame:
    _check_unpacked(path)
    with np.load(path, allow_pickle=False) as held:
        try:
            arrays = {name: np.asarray(held[name]) for name in held.files}
        except ValueError as error:
            if "allow_pickle" not in str(error):
                raise
            raise BadInput(
                f"{str(path)!r} holds pickled objects, which could run code when opened",
                remedy="save plain arrays of numbers or text (numpy.savez with no dtype=object)",
            ) from error
    return _from_arrays(path, arrays)


def _from_arrays(path: Path, arrays: dict[str, NDArray[np.generic]]) -> pd.DataFrame:
    feature_names = [str(name) for name in np.atleast_1d(arrays.get("feature_names", np.array([])))]
    data = {name: array for name, array in arrays.items() if name not in NAMES}
    lengths = {name: len(array) if array.ndim else 0 for name, array in data.items()}
    if len(set(lengths.values())) > 1:
        raise BadInput(f"{str(path)!r} has arrays of different lengths: {lengths}", remedy="one length for all")
    series: list[tuple[str, NDArray[np.generic]]] = []
    for name, array in data.items():
        if array.ndim not in (1, 2) or np.iscomplexobj(array):
            what = f"shape {array.shape} and type {array.dtype}"
            raise BadInput(f"array {name!r} of {str(path)!r} has {what}", remedy=OF_ROWS)
        if array.ndim == 1:
            series.append((name, array))
            continue
        own = feature_names if len(feature_names) == array.shape[1] else []
        names = own or [f"{name.lower()}{place}" for place in range(array.shape[1])]
        series += [(column, array[:, place]) for place, column in enumerate(names)]
    frame = pd.DataFrame({place: array for place, (_, array) in enumerate(series)})
    frame.columns = pd.Index([name for name, _ in series])
    return frame


def _check_unpacked(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > MAX_UNPACKED_MB * 2**20:
        raise BadInput(
            f"{str(path)!r} unpacks to {unpacked / 2**20:.0f} MiB, the limit is {MAX_UNPACKED_MB} MiB",
            remedy="give a sample of the rows, or leave out columns",
        )
