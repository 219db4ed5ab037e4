"""Physical units to network units and back, so that one set of numbers suits every problem."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skills.runtime.parabolic import Boundary
from skills.runtime.parabolic import Parabolic as Problem

Array = NDArray[np.float64]
SAMPLES = 101
TINY = 1e-12


@dataclass(frozen=True)
class Scaling:
    """X, T in [-1, 1] and u = centre + spread N(X, T). `rate` is a typical speed of the equation, in 1/time."""

    x: tuple[float, float]
    t: tuple[float, float]
    centre: float
    spread: float
    rate: float

    @classmethod
    def of(cls, problem: Problem) -> Self:
        """Centre and spread from the initial data, the boundary data and the source; rate from the coefficients."""
        x, t = (part.ravel() for part in np.meshgrid(problem.grid("x", SAMPLES), problem.grid("t", SAMPLES)))
        length, span = problem.x[1] - problem.x[0], problem.t[1] - problem.t[0]
        start = problem.initial_value(problem.grid("x", 4 * SAMPLES))
        centre = float((start.max() + start.min()) / 2)
        sizes = [np.abs(start - centre).max(), np.abs(problem.coefficient("source", x, t)).max() * span / 10, TINY]
        for end in (problem.left, problem.right):
            if end.kind != "periodic":
                a, _, value = problem.boundary_row(end, problem.grid("t", SAMPLES))
                sizes.append(np.abs((value - a * centre) * row_factor(problem, end, problem.grid("t", SAMPLES))).max())
        rate = 1 / span + sum(
            np.abs(problem.coefficient(name, x, t)).mean() / length**power
            for name, power in (("diffusion", 2), ("advection", 1), ("reaction", 0))
        )
        return cls(problem.x, problem.t, centre, float(max(sizes)), float(rate))

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        return cls(**{**told, "x": tuple(told["x"]), "t": tuple(told["t"])})

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def points(self, x: Array, t: Array) -> Array:
        """Scaled inputs (n, 2), columns X and T."""
        scaled = [2 * (part - low) / (high - low) - 1 for part, (low, high) in ((x, self.x), (t, self.t))]
        return np.stack(scaled, axis=1)

    @property
    def slopes(self) -> tuple[float, float]:
        """(dX/dx, dT/dt)."""
        return 2 / (self.x[1] - self.x[0]), 2 / (self.t[1] - self.t[0])


def row_factor(problem: Problem, end: Boundary, t: Array) -> Array:
    """What brings the condition a u + b u_x = value to order one: 1 / (|a| + 2 |b| / length)."""
    a, b, _ = problem.boundary_row(end, t)
    return 1 / (np.abs(a) + 2 * np.abs(b) / (problem.x[1] - problem.x[0]))
