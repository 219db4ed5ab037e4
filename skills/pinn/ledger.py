"""What a training has done so far, in one file: a job that was cut off goes on from it to the same bits.

Stages are noted by name as flat arrays. Since every stage depends on nothing but the spec and the stages before, what
is recalled and what is computed anew are the same; the clock decides only when the file is written.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

Arrays = dict[str, np.ndarray]
FILE = "checkpoint.npz"
EVERY_S = 10.0
MARK = "spec"


@dataclass
class Ledger:
    """`path` None: nothing is written. `stamp` tells which spec and data the file belongs to."""

    path: Path | None = None
    stamp: str = ""
    every_s: float = EVERY_S
    stages: dict[str, Arrays] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    written: float = field(default=-1e18)

    def recall(self, stage: str) -> Arrays | None:
        return self.stages.get(stage)

    def note(self, stage: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Take in a stage, in place of an older one of that name; write the file if the last time is long ago."""
        self.stages[stage] = dict(arrays)
        if self.path is not None and self.clock() - self.written >= self.every_s:
            self._write(self.path)
            self.written = self.clock()

    def forget(self, stage: str) -> None:
        self.stages.pop(stage, None)

    def close(self) -> None:
        """The training is done: its file goes."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def _write(self, path: Path) -> None:
        flat = {f"{stage}|{name}": value for stage, held in self.stages.items() for name, value in held.items()}
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez(file, **{MARK: np.array(self.stamp)}, **flat)
        partial.replace(path)

    @classmethod
    def open(cls, out: Path, earlier: Path | None, stamp: str, every_s: float = EVERY_S) -> Ledger:
        """With the stages of `earlier` (a file or the folder that holds it) or of `out`, where they bear this stamp."""
        places = [out / FILE] + ([earlier / FILE if earlier.is_dir() else earlier] if earlier else [])
        for place in places:
            if place.is_file():
                with np.load(place, allow_pickle=False) as held:
                    if str(held[MARK]) == stamp:
                        return cls(out / FILE, stamp, every_s, _stages({n: held[n] for n in held.files if n != MARK}))
        return cls(out / FILE, stamp, every_s)


def packed(value: object) -> np.ndarray:
    """Any JSON value as an array of text; floats keep all their digits."""
    return np.array(json.dumps(value))


def unpacked(value: np.ndarray) -> object:
    return json.loads(str(value))


def _stages(flat: Mapping[str, np.ndarray]) -> dict[str, Arrays]:
    found: dict[str, Arrays] = {}
    for name, value in flat.items():
        stage, _, key = name.rpartition("|")
        found.setdefault(stage, {})[key] = value
    return found
