"""The judge's inputs for fields: a dense grid for the equation, random points for the error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from orchestrator.measure.bench import judge_seed, prediction_file

Floats = NDArray[np.float64]
GRID = (101, 101)  # (t, x)
RANDOM = 4000
NAMES = ("x", "t")


def draw_points(problem: dict[str, JsonValue], seed: int) -> Floats:
    """(grid points, t outer and x inner; then uniform random points inside the domain) as (n, 2) columns x, t."""
    (x0, x1), (t0, t1) = _bounds(problem["x"]), _bounds(problem["t"])
    times, places = np.meshgrid(np.linspace(t0, t1, GRID[0]), np.linspace(x0, x1, GRID[1]), indexing="ij")
    grid = np.column_stack([places.ravel(), times.ravel()])
    generator = np.random.default_rng(judge_seed(seed, "points"))
    drawn = generator.uniform((x0, t0), (x1, t1), size=(RANDOM, 2))
    return np.vstack([grid, drawn])


def write_points(points: Floats, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, inputs=points, input_names=np.array(NAMES))
    return path


def part(folder: Path, destination: Path, variants: tuple[str, ...], points: Floats) -> None:
    """Sort one job's predictions into `grid/STEP` and `points/STEP` below `destination`'s parent set folders.

    The inputs written beside the outputs are the judge's own, not what the box gave back.
    """
    cut = GRID[0] * GRID[1]
    for name, rows in (("grid", slice(0, cut)), ("points", slice(cut, None))):
        home = destination / name / folder.name
        home.mkdir(parents=True, exist_ok=True)
        for variant in variants:
            source = prediction_file(folder, variant, variants[0])
            with np.load(source, allow_pickle=False) as held:
                outputs = np.asarray(held["outputs"], dtype=np.float64)
                names = held["output_names"]
            if len(outputs) != len(points):
                raise ValueError(f"{len(outputs)} predictions for {len(points)} points")
            np.savez(
                home / source.name,
                outputs=outputs[rows],
                output_names=names,
                inputs=points[rows],
                input_names=np.array(NAMES),
            )


def _bounds(value: JsonValue) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError(f"a range is two numbers, not {value!r}")
    return float(str(value[0])), float(str(value[1]))
