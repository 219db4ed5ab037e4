"""The parameters of a data set's samples, as its file tells them: are they what was asked for, and which are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orchestrator.core.plan import Step
from orchestrator.measure.edge import load_arrays

ROUNDING = 1e-12  # of a range: so far may a value lie outside it
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Samples:
    """`values` (samples, parameters) in the order of `ranges`."""

    values: Floats
    ranges: dict[str, tuple[float, float]]

    @property
    def inside(self) -> NDArray[np.bool_]:
        """(samples,) whether every parameter lies in its range."""
        low, high = np.array(list(self.ranges.values())).T
        margin = ROUNDING * (high - low)
        return np.asarray(((self.values >= low - margin) & (self.values <= high + margin)).all(axis=1))

    @property
    def strays(self) -> int:
        """How many lie outside the ranges, or repeat another one."""
        kept = self.values[self.inside]
        return len(self.values) - len(np.unique(kept, axis=0))

    def drawn(self, count: int, generator: np.random.Generator) -> list[int]:
        """At most so many different samples among those inside the ranges, in order."""
        rows = np.flatnonzero(self.inside)
        return sorted(map(int, generator.choice(rows, min(count, len(rows)), replace=False))) if len(rows) else []

    def at(self, row: int) -> dict[str, float]:
        return dict(zip(self.ranges, map(float, self.values[row]), strict=True))


def read_samples(path: Path, step: Step) -> Samples | str:
    """What the file holds, which must vary the parameters of the plan's own ranges; or why it cannot be used."""
    ranges = _ranges(step)
    found = load_arrays(path, ("parameters", "parameter_names"))
    if found.why:
        return found.why
    values, names = found.held["parameters"], found.held["parameter_names"]
    if names.ndim != 1 or [str(name) for name in names] != list(ranges):
        return f"{path.name} cannot be used: it does not vary {', '.join(ranges)} in that order"
    if values.dtype.kind != "f" or values.ndim != 2 or values.shape[1] != len(ranges) or not len(values):
        return f"{path.name} cannot be used: parameters of shape {values.shape} and type {values.dtype}"
    return Samples(np.asarray(values, dtype=np.float64), ranges)


def _ranges(step: Step) -> dict[str, tuple[float, float]]:
    told = step.spec.get("ranges")
    pairs = told.items() if isinstance(told, dict) else ()
    return {name: (float(str(ends[0])), float(str(ends[1]))) for name, ends in pairs if isinstance(ends, list)}
