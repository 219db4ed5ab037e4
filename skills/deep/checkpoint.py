"""What a job has done so far, in one file of plain arrays: a job that was cut off goes on from it to the same bits.

Parts are noted by name. Every part depends on the spec, the data and the parts before it alone, so what is recalled and
what is computed anew are the same; the clock decides only when the file is written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

FILE = "checkpoint.npz"
MARK = "stamp"
Arrays = dict[str, np.ndarray]


@dataclass
class Checkpoint:
    """`stamp` tells which spec and data it belongs to; `path` None: nothing is written."""

    path: Path | None = None
    stamp: str = ""
    every_s: float = 10.0
    parts: dict[str, Arrays] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    written: float = -1e18

    def recall(self, part: str) -> Arrays | None:
        return self.parts.get(part)

    def note(self, part: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Take in a part, in place of an older one of that name; write the file if the last time is long ago."""
        self.parts[part] = dict(arrays)
        if self.path is not None and self.clock() - self.written >= self.every_s:
            self._write(self.path)
            self.written = self.clock()

    def forget(self, part: str) -> None:
        self.parts.pop(part, None)

    def close(self) -> None:
        """The work is done: its file goes."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def _write(self, path: Path) -> None:
        flat = {f"{part}|{name}": value for part, held in self.parts.items() for name, value in held.items()}
        partial = path.with_suffix(".partial")
        with partial.open("wb") as stream:
            np.savez(stream, **{MARK: np.array(self.stamp)}, **flat)
        partial.replace(path)

    @classmethod
    def open(cls, out: Path, earlier: Path | None, stamp: str, every_s: float) -> Checkpoint:
        """With the parts of `earlier` (a file, or the folder that holds it) or of `out`, where they bear this stamp."""
        places = [out / FILE] + ([earlier / FILE if earlier.is_dir() else earlier] if earlier else [])
        for place in places:
            if place.is_file():
                with np.load(place, allow_pickle=False) as held:
                    if str(held[MARK]) == stamp:
                        parts: dict[str, Arrays] = {}
                        for name in (name for name in held.files if name != MARK):
                            part, _, key = name.rpartition("|")
                            parts.setdefault(part, {})[key] = held[name]
                        return cls(out / FILE, stamp, every_s, parts)
        return cls(out / FILE, stamp, every_s)
