"""Looks for the values of personal columns in the files that a run leaves, where none of them may stand."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.core.values import Value
from orchestrator.data.columns import is_number, is_time

SHORTEST = 8  # bytes; shorter values stand in any large file by chance
MOST_VALUES = 20_000  # of a longer column so many are looked for, evenly spread
Keys = NDArray[np.uint64]


class Traces(Value):
    """`looked_for` values in `files`; `found` of them stand somewhere, in the files `where`."""

    looked_for: int
    files: int
    found: int = 0
    where: tuple[str, ...] = ()


def find_traces(frame: pd.DataFrame, columns: Iterable[str], root: Path, files: Iterable[Path]) -> Traces:
    """How many values of the columns stand as plain text in the files, which are named from `root` on.

    Values of fewer than `SHORTEST` bytes are not looked for, nor what is compressed or escaped, nor what stands in
    another column as well ("Washington", of an address, is a city too).
    """
    hidden = tuple(columns)
    values = sorted({value for name in hidden for value in _values(frame[name])})
    keys, by_key = _lookup(values)
    elsewhere = _in_bytes(_other_text(frame, hidden), keys, by_key)
    values = [value for value in values if value not in elsewhere]
    keys, by_key = _lookup(values)
    every = sorted(path for path in files if path.is_file())
    found: set[bytes] = set()
    where = []
    for path in every if values else ():
        here = _in_bytes(path.read_bytes(), keys, by_key)
        found |= here
        if here:
            where.append(path.relative_to(root).as_posix())
    return Traces(looked_for=len(values), files=len(every), found=len(found), where=tuple(where))


def _lookup(values: list[bytes]) -> tuple[Keys, dict[int, list[bytes]]]:
    """The first eight bytes of every value as a number, and the values that begin so."""
    by_key: dict[int, list[bytes]] = {}
    for value in values:
        by_key.setdefault(_key(value), []).append(value)
    return np.array(sorted(by_key), dtype=np.uint64), by_key


def _other_text(frame: pd.DataFrame, hidden: tuple[str, ...]) -> bytes:
    """The names of all columns, and the different cells of those that are not hidden."""
    others = [name for name in map(str, frame.columns) if name not in hidden]
    cells = [str(cell) for name in others if not is_number(frame[name]) for cell in frame[name].dropna().unique()]
    return "\n".join([*map(str, frame.columns), *cells]).encode()


def _values(column: pd.Series) -> list[bytes]:
    present = column.dropna().drop_duplicates()
    present = present.iloc[:: max(1, len(present) // MOST_VALUES)]
    if is_time(column):
        texts = [cell.date().isoformat() for cell in present]
    elif is_number(column):
        texts = [str(int(cell)) if float(cell).is_integer() else repr(float(cell)) for cell in present]
    else:
        texts = [str(cell).strip() for cell in present]
    return [text.encode() for text in texts if len(text.encode()) >= SHORTEST]


def _key(value: bytes) -> int:
    return int.from_bytes(value[:SHORTEST], "little")


def _in_bytes(content: bytes, keys: Keys, by_key: dict[int, list[bytes]]) -> set[bytes]:
    """Those values that stand in the content: their first eight bytes are looked up at every place of it."""
    found: set[bytes] = set()
    for shift in range(SHORTEST):
        length = (len(content) - shift) // SHORTEST * SHORTEST
        if length <= 0:
            continue
        words = np.frombuffer(content, dtype="<u8", count=length // SHORTEST, offset=shift)
        for place in np.flatnonzero(np.isin(words, keys)):
            start = shift + int(place) * SHORTEST
            for value in by_key[int(words[place])]:
                if content.startswith(value, start):
                    found.add(value)
    return found
