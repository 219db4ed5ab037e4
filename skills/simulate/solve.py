"""Which method suits a problem, and one solution by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from skills.runtime.job import UserMistake
from skills.runtime.problem import TIME, Problem
from skills.simulate import grid as grids
from skills.simulate.box import MOST_UNKNOWNS, box
from skills.simulate.evolution import Evolution, evolution
from skills.simulate.grid import EVEN, Density, spaced
from skills.simulate.interpolate import BoxField, Field, LineField, radau
from skills.simulate.line import Line
from skills.simulate.march import march
from skills.simulate.projection import projected
from skills.simulate.start import start
from skills.simulate.steady import steady

Array = NDArray[np.float64]

PILOTS = 3  # runs on the coarsest grid that find where points are needed
SPECTRAL = (6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256, 320, 384, 512, 640, 768)
DEGREES = {1: (12, 512), 2: (8, 40), 3: (6, 14), 4: (6, 7)}  # fewest and most points an axis, by dimensions


@dataclass(frozen=True)
class Run:
    """One solution. `cells` of an axis (0 for an ODE), time `steps` (0 where nothing moves)."""

    cells: int
    field: Field
    steps: int
    tolerance: float


@dataclass(frozen=True)
class Method:
    """`levels` are the numbers of cells from coarse to fine that may be tried; `solve(cells, tolerance, steps)`.

    `kind` is "ode" (levels mean nothing), "line" (differences in one space dimension) or "box" (spectral).
    """

    kind: str
    evolution: Evolution
    levels: tuple[int, ...]
    order: float
    solve: Callable[..., Run]
    text: str
    density: Density = EVEN

    @property
    def timed(self) -> bool:
        return self.evolution.marches


def method(problem: Problem, resolution: int, largest: int, like: Method | None = None) -> Method:
    """The method for a problem, on grids graded as those of `like`, or as the solution needs them.

    Raises UserMistake where there is none.
    """
    if problem.inverse:
        raise UserMistake("the problem has unknown coefficients", "use the mode `fit`, with observations")
    made = evolution(problem)
    if made.marches and not made.space:
        return Method("ode", made, (0,), 8.0, partial(_ode, made), "Radau collocation, seven stages")
    if made.marches and len(made.space) == 1 and fits_a_line(made):
        density = like.density if like else _density(made, max(resolution, grids.LEAST_CELLS))
        levels = _doubled(max(resolution // 2, grids.LEAST_CELLS), largest)
        text = "differences of eighth order" + (" on a graded grid" if density is not EVEN else "")
        return Method(
            "line", made, levels, 8.0, partial(_line, made, density), f"{text}, Radau collocation in time", density
        )
    return _spectral(made, resolution)


def _spectral(made: Evolution, resolution: int) -> Method:
    dimensions = len(made.space)
    if dimensions > 3 + (not made.marches):
        raise UserMistake(f"{dimensions} space dimensions are too many here", "state a problem in at most three")
    low, high = DEGREES[dimensions]
    most = min(high, int((MOST_UNKNOWNS / len(made.fields)) ** (1 / dimensions)))
    first = max(low, resolution // (8 if dimensions > 1 else 4))
    levels = tuple(count for count in SPECTRAL if first <= count <= most)
    if len(levels) < 3:
        levels = tuple(count for count in SPECTRAL if count <= most)[-3:]
    if len(levels) < 3:
        raise UserMistake(
            f"{len(made.fields)} fields in {dimensions} dimensions are more than this solver takes",
            "state a smaller problem",
        )
    text = "spectral collocation in the sense of least squares" + (", Radau in time" if made.marches else "")
    return Method("box", made, levels, np.inf, _Boxes(made), text)


def fits_a_line(made: Evolution) -> bool:
    """Whether each equation moves a field, so that a condition can take an equation's place at an end."""
    return all(any(map(made.rate, form.partials)) for form in made.equations) and all(
        set(face.at) == set(made.space) for face in made.faces
    )


def _doubled(first: int, largest: int) -> tuple[int, ...]:
    levels = [first, 2 * first, 4 * first]
    while 2 * levels[-1] <= largest:
        levels.append(2 * levels[-1])
    return tuple(levels)


def span_of(made: Evolution) -> tuple[float, float]:
    axis = made.problem.axis(TIME)
    return axis.low, axis.high


def _ode(made: Evolution, cells: int, tolerance: float, steps: int = 0) -> Run:
    line = Line(made, None)
    found = march(line, start(made, line.places), span_of(made), tolerance, steps)
    return Run(0, _line_field(made, None, found.edges, found.values), len(found.values), tolerance)


def _line(made: Evolution, density: Density, cells: int, tolerance: float, steps: int = 0) -> Run:
    axis = made.problem.axis(made.space[0])
    line = Line(made, spaced(axis, cells, density, periodic=axis.name in made.problem.periodic))
    found = march(line, start(made, line.places), span_of(made), tolerance, steps)
    return Run(cells, _line_field(made, line.grid, found.edges, found.values), len(found.values), tolerance)


def _line_field(made: Evolution, grid: grids.Grid | None, edges: Array, values: Array) -> LineField:
    """Only the problem's own fields are kept, not their rates."""
    wide = values.reshape(*values.shape[:2], -1, len(made.fields))
    return LineField(radau(edges), grid, np.ascontiguousarray(wide[..., : len(made.problem.fields)]))


class _Boxes:
    """Spectral solutions; a steady one starts from the last one that was found."""

    def __init__(self, made: Evolution) -> None:
        self.made = made
        self.last: Field | None = None

    def __call__(self, cells: int, tolerance: float, steps: int = 0) -> Run:
        made, system = self.made, box(self.made, cells)
        shape = (*(axis.count for axis in system.axes), len(made.fields))
        kept = len(made.problem.fields)
        if made.marches:
            span, values = span_of(made), start(made, system.places)
            found = march(projected(system, span[0], values), values, span, tolerance, steps)
            wide = found.values.reshape(*found.values.shape[:2], *shape)[..., :kept]
            return Run(cells, BoxField(radau(found.edges), system.axes, wide), len(found.values), tolerance)
        guess = np.zeros(system.count * system.fields)
        if self.last is not None:
            guess = self.last(dict(zip(made.space, system.places.T, strict=True))).ravel()
        field = BoxField(None, system.axes, steady(system, guess).reshape(1, 1, *shape))
        self.last = field
        return Run(cells, field, 0, tolerance)


def _density(made: Evolution, cells: int) -> Density:
    """Where a coarse solution is steep at any time, points are wanted; a first guess is mended by a second run."""
    axis = made.problem.axis(made.space[0])
    periodic = axis.name in made.problem.periodic
    found = EVEN
    for _ in range(PILOTS):
        line = Line(made, spaced(axis, cells, found, periodic=periodic))
        try:
            solved = march(line, start(made, line.places), span_of(made), 1e-4)
        except UserMistake:
            return found
        assert line.grid is not None
        scales = _scales(line, solved.values)
        wanted = grids.density(scales, line.grid.nodes, axis, cells, periodic=periodic)
        if wanted is EVEN:
            return found
        found = wanted
    return found


def _scales(line: Line, values: Array) -> Array:
    """(nodes,) the shortest length over which a field changes at any time, from its first three derivatives."""
    assert line.grid is not None
    kept = len(line.evolution.problem.fields)
    wide = np.moveaxis(values.reshape(-1, line.count, line.fields)[..., :kept], 1, 0).reshape(line.count, -1)
    ranges = np.ptp(wide.reshape(line.count, -1, kept), axis=(0, 1))
    sizes = np.tile(np.maximum(ranges, 1e-12 * np.abs(wide).max(initial=1e-300)), wide.shape[1] // kept)
    rates = [(np.abs(line.grid.matrices[m] @ wide) / sizes).max(axis=1) ** (1 / m) for m in (1, 2, 3)]
    return 1 / np.maximum(np.max(rates, axis=0), 1 / line.grid.axis.length)
