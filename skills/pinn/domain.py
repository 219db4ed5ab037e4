"""The box (or a window of it) that a network covers, and the points in it and on its faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from skills.runtime.problem import TIME, Problem

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Domain:
    """Ranges by coordinate, in the problem's order; `periodic` ones wrap. `timed` says that the last one is time."""

    names: tuple[str, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    periodic: tuple[bool, ...]

    @classmethod
    def of(cls, problem: Problem) -> Domain:
        axes = problem.coordinates
        return cls(
            problem.names,
            tuple(axis.low for axis in axes),
            tuple(axis.high for axis in axes),
            tuple(axis.name in problem.periodic for axis in axes),
        )

    @property
    def lengths(self) -> Array:
        return np.array(self.high) - np.array(self.low)

    @property
    def timed(self) -> bool:
        return TIME in self.names

    @property
    def time(self) -> int:
        """The column of the time."""
        return self.names.index(TIME)

    def window(self, start: float, stop: float) -> Domain:
        """The part of it between two times."""
        low, high = list(self.low), list(self.high)
        low[self.time], high[self.time] = start, stop
        return Domain(self.names, tuple(low), tuple(high), self.periodic)

    def physical(self, unit: Array) -> Array:
        """Points (n, d) of the unit cube to the box."""
        return np.array(self.low) + unit * self.lengths

    def interior(self, count: int, seed: int) -> Array:
        """`count` points (n, d): scrambled Sobol, one half drawn towards the start and the ends.

        There solutions bend most, and where data meet badly they are not even smooth.
        """
        if not count:
            return np.zeros((0, len(self.names)))
        unit = qmc.Sobol(len(self.names), seed=seed).random_base2(int(np.ceil(np.log2(count))))[:count].copy()
        half = count // 2
        for axis, name in enumerate(self.names):
            if name == TIME:
                unit[:half, axis] **= 3 if len(self.names) > 1 else 1
            elif not self.periodic[axis]:
                unit[:half, axis] = (1 - np.cos(np.pi * unit[:half, axis])) / 2
        return self.physical(unit)

    def candidates(self, count: int, seed: int) -> Array:
        """Uniform random points (n, d), for choosing among them."""
        return self.physical(np.random.default_rng(seed).random((count, len(self.names))))

    def face(self, at: dict[str, float], count: int) -> Array:
        """About `count` points where the coordinates of `at` have these values: Chebyshev–Lobatto in the others.

        Both ends are included and lie closer together, where conditions meet; periodic ones are equally spaced.
        """
        free = [axis for axis, name in enumerate(self.names) if name not in at]
        each = max(2, round(count ** (1 / max(len(free), 1))))
        lines = [
            self.low[axis] + _line(each, wraps=self.periodic[axis]) * self.lengths[axis]
            if axis in free
            else np.array([at[name]])
            for axis, name in enumerate(self.names)
        ]
        return np.stack([part.ravel() for part in np.meshgrid(*lines, indexing="ij")], axis=1)


def _line(count: int, *, wraps: bool) -> Array:
    return np.arange(count) / count if wraps else (1 - np.cos(np.linspace(0, np.pi, count))) / 2
