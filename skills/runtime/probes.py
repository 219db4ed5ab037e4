"""The judge's points for any problem: where a model is asked, so that its values alone show error and physics.

One array of points, cut into blocks: `grid` for pictures, `points` for errors, `interior` for equations, `condition.0`
… for what holds on faces, `periodic.x` for ends that meet, `laws`, and `observations` that were held out. Blocks of
derivatives hold the nodes of a stencil, point by point.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime import laws
from skills.runtime.problem import Problem
from skills.runtime.stencils import Stencil, stencil
from skills.runtime.symbols import Partial

Array = NDArray[np.float64]
POINTS_FILE, PROBES_FILE = "points.npz", "probes.json"
GRIDS = {1: 1001, 2: 101, 3: 31, 4: 11}  # points an axis
RANDOM = 4000
CENTRES, NODES = 2000, 40_000  # points at which equations are looked at, and how many nodes these may have in all
FACE, FACE_NODES = {0: 1, 1: 300, 2: 600, 3: 600}, 6000  # the same of one condition, by its free coordinates


@dataclass(frozen=True)
class Block:
    """Rows start … start + rows of the points; `shape` of a grid; `nodes` rows belong to each point of a stencil."""

    name: str
    start: int
    rows: int
    shape: tuple[int, ...] = ()
    nodes: int = 1

    @property
    def cut(self) -> slice:
        return slice(self.start, self.start + self.rows)


@dataclass(frozen=True)
class Probes:
    """All points (n, d) in the order of the problem's coordinates, and their blocks by name."""

    points: Array
    blocks: Mapping[str, Block]


def draw(problem: Problem, seed: int, observations: Array | None = None) -> Probes:
    """Drawn from the judge's secret seed after the work was done; `observations` (n, d) are held-out coordinates."""
    generator = np.random.default_rng(seed)
    low, high = _box(problem)
    parts: dict[str, tuple[Array, tuple[int, ...], int]] = {}
    shape = (GRIDS[len(low)],) * len(low)
    parts["grid"] = (_grid(low, high, shape), shape, 1)
    parts["points"] = (scattered(problem, RANDOM, generator), (), 1)
    inside = interior_stencil(problem)
    parts["interior"] = (inside.around(_latticed(problem, inside, generator)), (), inside.nodes)
    for number in range(len(problem.conditions)):
        net = condition_stencil(problem, number)
        parts[f"condition.{number}"] = (net.around(condition_points(problem, number, generator)), (), net.nodes)
    for letter in problem.periodic:
        parts[f"periodic.{letter}"] = (_seam(problem, letter, generator), (), seam_stencil(problem, letter, 1).nodes)
    parts["laws"] = (laws.points(problem), (), 1)
    if observations is not None:
        parts["observations"] = (observations, (), 1)
    return _joined(parts)


def write(probes: Probes, problem: Problem, out: Path) -> None:
    """points.npz (`inputs`, `input_names`) and probes.json, below `out`."""
    np.savez(out / POINTS_FILE, inputs=probes.points, input_names=np.asarray(problem.names, dtype=np.str_))
    told = {"blocks": [asdict(block) for block in probes.blocks.values()], "names": list(problem.names)}
    (out / PROBES_FILE).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def read_blocks(path: Path) -> dict[str, Block]:
    """The blocks of a probes.json by name."""
    told = json.loads(path.read_text(encoding="utf-8"))
    return {entry["name"]: Block(**{**entry, "shape": tuple(entry["shape"])}) for entry in told["blocks"]}


def interior_stencil(problem: Problem) -> Stencil:
    """For every derivative in the equations and in the conditions, whose sizes are judged by those inside."""
    return _interior(problem.coordinates, problem.partials)


def condition_stencil(problem: Problem, number: int) -> Stencil:
    """For the derivatives in one condition, from nodes that lie in the box."""
    used = {partial for one in problem.condition_forms[number] for partial in one.partials}
    at = problem.conditions[number].at
    sides = {name: 1 if value == problem.axis(name).low else -1 for name, value in at.items()}
    return stencil(problem.coordinates, sorted(used), sides)


def seam_stencil(problem: Problem, letter: str, side: int) -> Stencil:
    """At one end (1: the low one) of a periodic coordinate: what must be equal there."""
    return stencil(problem.coordinates, seam_partials(problem, letter), {letter: side})


def seam_partials(problem: Problem, letter: str) -> tuple[Partial, ...]:
    """Each field and its derivatives by the coordinate, up to one order less than its equations have."""
    place = problem.names.index(letter)
    return tuple(
        Partial(field, tuple(order if at == place else 0 for at in range(len(problem.names))))
        for field in problem.fields
        for order in range(max(1, problem.order(letter, field)))
    )


def scattered(problem: Problem, count: int, generator: np.random.Generator) -> Array:
    """Random points (count, d) of the whole box."""
    low, high = _box(problem)
    return generator.uniform(low, high, size=(count, len(low)))


def condition_points(problem: Problem, number: int, generator: np.random.Generator) -> Array:
    """Random points (n, d) where a condition holds, its stencil's nodes inside the box."""
    return _on_face(problem, problem.conditions[number].at, condition_stencil(problem, number), generator)


def draw_job(raw: Mapping[str, Any], out: Path) -> None:
    """The verb `draw`: `spec.problem`, `seed`, and the input `observations` (`inputs`) where some were held out."""
    problem = Problem.model_validate(raw["spec"]["problem"])
    held = None
    if path := raw.get("inputs", {}).get("observations"):
        with np.load(path, allow_pickle=False) as stored:
            held = np.asarray(stored["inputs"], dtype=np.float64)
    write(draw(problem, int(raw["seed"]), held), problem, out)


@lru_cache(maxsize=16)
def _interior(axes: tuple[Any, ...], partials: tuple[Partial, ...]) -> Stencil:
    return stencil(axes, partials)


def _box(problem: Problem) -> tuple[Array, Array]:
    return np.array([axis.low for axis in problem.coordinates]), np.array([axis.high for axis in problem.coordinates])


def _grid(low: Array, high: Array, shape: tuple[int, ...]) -> Array:
    """Time outermost, the first coordinate innermost."""
    lines = [np.linspace(a, b, count) for a, b, count in zip(low, high, shape, strict=True)]
    return np.column_stack([mesh.ravel() for mesh in np.meshgrid(*lines[::-1], indexing="ij")][::-1])


def _latticed(problem: Problem, net: Stencil, generator: np.random.Generator) -> Array:
    """One random point in each cell of a lattice, the whole net of nodes inside the box."""
    low, high = _box(problem)
    low, high = low + net.reach[:, 0], high - net.reach[:, 1]
    cells = max(2, int(min(CENTRES, NODES / net.nodes) ** (1 / len(low)) + 1e-9))
    corners = np.stack([mesh.ravel() for mesh in np.meshgrid(*[np.arange(cells)] * len(low), indexing="ij")], axis=1)
    return low + (high - low) * (corners + generator.uniform(size=corners.shape)) / cells


def _on_face(problem: Problem, at: Mapping[str, float], net: Stencil, generator: np.random.Generator) -> Array:
    """Random points (n, d) where the coordinates of `at` have their values; one where they all have."""
    low, high = _box(problem)
    free = len(low) - len(at)
    count = max(1, min(FACE[free], FACE_NODES // net.nodes if free else 1))
    drawn = generator.uniform(low + net.reach[:, 0], high - net.reach[:, 1], size=(count, len(low)))
    for letter, value in at.items():
        drawn[:, problem.names.index(letter)] = value
    return drawn


def _seam(problem: Problem, letter: str, generator: np.random.Generator) -> Array:
    """First the nodes at all points of the low end, then those at their images at the high end."""
    axis = problem.axis(letter)
    below = seam_stencil(problem, letter, 1)
    low = _on_face(problem, {letter: axis.low}, below, generator)
    high = low.copy()
    high[:, problem.names.index(letter)] = axis.high
    return np.vstack([below.around(low), seam_stencil(problem, letter, -1).around(high)])


def _joined(parts: Mapping[str, tuple[Array, tuple[int, ...], int]]) -> Probes:
    blocks, start = {}, 0
    for name, (points, shape, nodes) in parts.items():
        blocks[name] = Block(name, start, len(points), shape, nodes)
        start += len(points)
    return Probes(np.vstack([points for points, _, _ in parts.values()]), blocks)
