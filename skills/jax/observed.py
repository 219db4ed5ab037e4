"""Measured values that a training is given: observations.npz."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skills.runtime.job import UserMistake
from skills.runtime.problem import Problem

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Observed:
    """`outputs` (n, k) of the named fields at `inputs` (n, d) of the named coordinates; NaN where not observed.

    `noise` is the standard deviation of the measurements, NaN where it is not known.
    """

    inputs: Array
    input_names: tuple[str, ...]
    outputs: Array
    output_names: tuple[str, ...]
    noise: float

    @classmethod
    def read(cls, path: Path) -> Observed:
        with np.load(path, allow_pickle=False) as held:
            names = {key: tuple(str(name) for name in held[key]) for key in ("input_names", "output_names")}
            inputs, outputs = (np.asarray(held[key], dtype=np.float64) for key in ("inputs", "outputs"))
            noise = float(held["noise"]) if "noise" in held.files else float("nan")
        return cls(inputs, names["input_names"], outputs, names["output_names"], noise)

    def table(self, problem: Problem) -> tuple[Array, Array]:
        """Points (n, d) and values (n, fields) in the problem's order. Raises UserMistake where a column lacks."""
        missing = [name for name in problem.names if name not in self.input_names]
        if missing:
            raise UserMistake(f"the observations have no column {', '.join(missing)}", "name every coordinate")
        points = self.inputs[:, [self.input_names.index(name) for name in problem.names]]
        values = np.full((len(points), len(problem.fields)), np.nan)
        for place, name in enumerate(problem.fields):
            if name in self.output_names:
                values[:, place] = self.outputs[:, self.output_names.index(name)]
        if not np.isfinite(values).any():
            raise UserMistake("the observations hold no value of a field", f"measure {', '.join(problem.fields)}")
        return points, values

    def by_field(self, problem: Problem) -> dict[str, Array]:
        """The values without gaps, a field each."""
        _, values = self.table(problem)
        return {name: column[np.isfinite(column)] for name, column in zip(problem.fields, values.T, strict=True)}
