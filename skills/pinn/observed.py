"""Observations: values of fields at points, with noise known or not; missing ones are left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skills.pinn.domain import Domain
from skills.pinn.scales import Seen
from skills.runtime.job import UserMistake
from skills.runtime.problem import Problem
from skills.runtime.symbols import Partial

Array = NDArray[np.float64]
LIGHT = 0.1


@dataclass(frozen=True)
class Observed:
    """`points` (n, d) in the problem's order, `values` (n, fields) with NaN where a field was not observed.

    `noise` is one standard deviation for all (or NaN); `weights`, one a field, weigh its misfit in units of the field's
    spread, mean squared over all values. They are light: the equations are to be held, the data to be smoothed.
    """

    points: Array
    values: Array
    noise: float
    weights: tuple[float, ...] = ()

    @classmethod
    def read(cls, path: Path, problem: Problem) -> Observed:
        """From a file observations.npz, or a folder that holds it. Raises: UserMistake for columns that do not fit."""
        with np.load(path / "observations.npz" if path.is_dir() else path, allow_pickle=False) as held:
            inputs, outputs = (np.asarray(held[name], dtype=np.float64) for name in ("inputs", "outputs"))
            names, fields = ([str(one) for one in held[key]] for key in ("input_names", "output_names"))
            noise = float(held["noise"]) if "noise" in held.files else float("nan")
        if missing := [name for name in problem.names if name not in names]:
            raise UserMistake(f"the observations have no column {missing[0]!r}, they have {names}")
        if strange := [name for name in fields if name not in problem.fields]:
            raise UserMistake(
                f"the observations tell of {strange[0]!r}, which is no field; fields are {problem.fields}"
            )
        values = np.full((len(inputs), len(problem.fields)), np.nan)
        for column, name in enumerate(fields):
            values[:, problem.fields.index(name)] = outputs[:, column]
        points = inputs[:, [names.index(name) for name in problem.names]]
        kept = np.isfinite(values).any(axis=1) & np.isfinite(points).all(axis=1)
        if not kept.any():
            raise UserMistake("the observations hold no finite value", "give at least one observed value")
        return cls(points[kept], values[kept], noise)

    @property
    def count(self) -> int:
        """How many values."""
        return int(np.isfinite(self.values).sum())

    def seen(self, problem: Problem, domain: Domain) -> tuple[Seen, ...]:
        inside = self._inside(domain)
        found = []
        for column, name in enumerate(problem.fields):
            values = self.values[inside, column]
            if np.isfinite(values).any():
                found.append(Seen(name, values[np.isfinite(values)], start=False))
        return tuple(found)

    def rows(self, problem: Problem, domain: Domain) -> list[tuple[Partial, Array, Array, Array]]:
        """(field, points, values, weights in units of the field) for every observed field."""
        inside, found = self._inside(domain), []
        zero = (0,) * len(problem.names)
        for column, name in enumerate(problem.fields):
            kept = inside & np.isfinite(self.values[:, column])
            if kept.any():
                weights = np.full(
                    int(kept.sum()), (self.weights[column] if self.weights else LIGHT) / np.sqrt(self.count)
                )
                found.append((Partial(name, zero), self.points[kept], self.values[kept, column], weights))
        return found

    def weighted(self, weights: tuple[float, ...]) -> Observed:
        return replace(self, weights=weights)

    def _inside(self, domain: Domain) -> NDArray[np.bool_]:
        slack = 1e-9 * domain.lengths
        low, high = np.array(domain.low) - slack, np.array(domain.high) + slack
        wraps = np.array(domain.periodic)
        return np.all(((self.points >= low) & (self.points <= high)) | wraps, axis=1)
