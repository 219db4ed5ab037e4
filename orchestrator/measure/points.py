"""The judge's inputs for fields: a dense grid for the equation, random points for the error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from orchestrator.measure.bench import prediction_file
from orchestrator.measure.edge import load_predictions

Floats = NDArray[np.float64]
GRID = (101, 101)  # (t, x)
RANDOM = 4000
NAMES = ("x", "t")


def draw_points(problem: dict[str, JsonValue], seed: int) -> Floats:
    """(grid points, t outer and x inner; then uniform random points inside the domain) as (n, 2) columns x, t.

    `seed` is the judge's, from `Bench.draw_seed`: no worker can draw the same points.
    """
    (x0, x1), (t0, t1) = _bounds(problem["x"]), _bounds(problem["t"])
    times, places = np.meshgrid(np.linspace(t0, t1, GRID[0]), np.linspace(x0, x1, GRID[1]), indexing="ij")
    grid = np.column_stack([places.ravel(), times.ravel()])
    generator = np.random.default_rng(seed)
    drawn = generator.uniform((x0, t0), (x1, t1), size=(RANDOM, 2))
    return np.vstack([grid, drawn])


def write_points(points: Floats, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, inputs=points, input_names=np.array(NAMES))
    return path


def part(folder: Path, destination: Path, variants: tuple[str, ...], points: Floats) -> dict[str, str]:
    """Sort one job's predictions into `grid/STEP` and `points/STEP` below `destination`; variant -> why it cannot be.

    The inputs written beside the outputs are the judge's own, not what the box gave back.
    """
    lost: dict[str, str] = {}
    cut = GRID[0] * GRID[1]
    for variant in variants:
        source = prediction_file(folder, variant, variants[0])
        found = load_predictions(source, len(points))
        if found.why:
            lost[variant] = found.why
            continue
        for name, rows in (("grid", slice(0, cut)), ("points", slice(cut, None))):
            home = destination / name / folder.name
            home.mkdir(parents=True, exist_ok=True)
            np.savez(
                home / source.name,
                outputs=found.held["outputs"][rows],
                output_names=found.held["output_names"],
                inputs=points[rows],
                input_names=np.array(NAMES),
            )
    return lost


def _bounds(value: JsonValue) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError(f"a range is two numbers, not {value!r}")
    return float(str(value[0])), float(str(value[1]))
