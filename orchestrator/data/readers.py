"""Reads a user's table from CSV, TSV, Parquet, Excel or NPZ; every mistake is one clear `BadInput`."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from orchestrator.core.errors import BadInput
from orchestrator.data.binary import MAX_CELLS, read_excel, read_npz, read_parquet
from orchestrator.data.columns import settle
from orchestrator.data.delimited import foreign_encoding, read_delimited, short_rows
from orchestrator.data.table import Table

MAX_FILE_MB = 512

Reader = Callable[[Path], pd.DataFrame]

READERS: dict[str, Reader] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".tab": read_delimited,
    ".txt": read_delimited,
    ".parquet": read_parquet,
    ".pq": read_parquet,
    ".xlsx": read_excel,
    ".xlsm": read_excel,
    ".npz": read_npz,
}


def read_table(path: Path) -> Table:
    """The table in a file, columns typed, with the repairs that typing made.

    Raises: BadInput where the file is missing, unreadable, empty, too large, of an unknown kind or malformed.
    """
    table = settle(read_rows(path))
    if READERS.get(path.suffix.lower(), read_delimited) is not read_delimited:
        return table
    whole = bool(table.frame.iloc[:, -1].notna().all())
    short = () if whole else short_rows(path, table.frame.shape[1])
    return Table(table.frame, (*foreign_encoding(path), *short, *table.repairs))


def read_rows(path: Path) -> pd.DataFrame:
    """The rows of a file as its reader types them, before `settle`. Raises as `read_table` does."""
    reader = _reader(path)
    _check_file(path)
    try:
        frame = reader(path)
    except PermissionError as error:
        raise _unreadable(path) from error
    _check_shape(path, frame)
    return frame


def _reader(path: Path) -> Reader:
    suffix = path.suffix.lower()
    if suffix not in READERS and not path.is_dir() and path.exists():
        known = ", ".join(READERS)
        hint = {
            ".xls": "save it as .xlsx",
            ".gz": "unpack it first",
            ".zip": "unpack it first",
            ".npy": "save the arrays X and y with numpy.savez as .npz",
        }.get(suffix, "save it as .csv or .parquet")
        raise BadInput(f"{str(path)!r} has the suffix {suffix!r}; readable are {known}", remedy=hint)
    return READERS.get(suffix, read_delimited)


def _check_file(path: Path) -> None:
    check_link(path)
    if not path.exists():
        raise _missing(path)
    if path.is_dir():
        raise BadInput(f"{str(path)!r} is a folder, not a table", remedy="name one file in it")
    if not path.is_file():
        raise BadInput(f"{str(path)!r} is not a regular file", remedy="name a file on disk")
    size = path.stat().st_size
    if size == 0:
        raise BadInput(f"{str(path)!r} is empty (0 bytes)", remedy="give a file with a header and rows")
    if size > MAX_FILE_MB * 2**20:
        raise BadInput(
            f"{str(path)!r} has {size / 2**20:.0f} MiB, the limit is {MAX_FILE_MB} MiB",
            remedy="give a sample of the rows, or leave out columns",
        )


def check_link(path: Path) -> None:
    """Raises: BadInput for a link that leads round in a circle, or to nothing."""
    if path.is_symlink() and not path.exists():
        raise BadInput(
            f"{str(path)!r} is a link to {str(path.readlink())!r}, which leads to no file",
            remedy="name the file itself, or mend the link",
        )


def _missing(path: Path) -> BadInput:
    folder = path.parent
    if not folder.is_dir():
        return BadInput(f"no file {str(path)!r}: the folder {str(folder)!r} does not exist", remedy="check the path")
    names = sorted(entry.name for entry in folder.iterdir() if entry.suffix.lower() in READERS)
    lowered = {name.lower(): name for name in names}
    near = difflib.get_close_matches(path.name.lower(), list(lowered), n=1, cutoff=0.5)
    if near:
        return BadInput(f"no file {str(path)!r}", remedy=f"did you mean {str(folder / lowered[near[0]])!r}?")
    there = f"the folder holds {', '.join(names[:5])}" if names else "the folder holds no table"
    return BadInput(f"no file {str(path)!r}; {there}", remedy="check the path")


def _unreadable(path: Path) -> BadInput:
    return BadInput(f"{str(path)!r} may not be read by this user", remedy="change its permissions (chmod u+r)")


def _check_shape(path: Path, frame: pd.DataFrame) -> None:
    names = [str(name).strip() for name in frame.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        listed = ", ".join(repr(name) for name in twice)
        raise BadInput(f"{str(path)!r} has columns of the same name: {listed}", remedy="rename one of them")
    frame.columns = pd.Index(names)
    if frame.shape[1] == 0 or frame.shape[0] == 0:
        what = "a header but no rows" if frame.shape[1] else "no columns"
        raise BadInput(f"{str(path)!r} has {what}", remedy="give a file with a header and rows")
    if frame.size > MAX_CELLS:
        raise BadInput(
            f"{str(path)!r} has {frame.shape[0]} rows x {frame.shape[1]} columns, the limit is {MAX_CELLS} cells",
            remedy="give a sample of the rows, or leave out columns",
        )
