"""Samples of a data set solved once more: the judge draws them, and fresh boxes solve them more finely."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from orchestrator.boxes.job import Code
from orchestrator.core.plan import Resources, Step
from orchestrator.core.values import Value
from orchestrator.measure.bench import Bench, Scorer, together
from orchestrator.measure.edge import DELIVERED, prediction_file
from orchestrator.measure.samples import Samples

SAMPLES = 3  # how many are solved again, or all where there are fewer
TIGHTER = 10.0  # by how much their error estimate must be smaller than that of the data set's samples
FINER = 2  # how many times as many cells their coarsest grid has
MOST_CELLS = 8192  # of the coarsest grid, as the skill simulate takes them
NODES = 20_000  # of a sample's grid that are compared, or all where there are fewer
VARIANTS = {"again": DELIVERED, "half": "half"}  # what the scorer calls them
FOLDER = "again"
Floats = NDArray[np.float64]


class Solver(Value):
    """What solves a sample again: the skill, the problem at other parameters, what a box may use."""

    code: Code
    problem: dict[str, JsonValue]
    resources: Resources

    def spec(self, step: Step, values: dict[str, float]) -> dict[str, JsonValue]:
        """A reference solution at a sample's parameters, finer in space and time than the data set's own."""
        known = self.problem.get("parameters")
        parameters: dict[str, JsonValue] = {**(known if isinstance(known, dict) else {}), **values}
        return {
            "mode": "reference",
            "problem": {**self.problem, "parameters": parameters},
            "tolerance": float(str(step.spec["tolerance"])) / TIGHTER,
            "resolution": min(MOST_CELLS, FINER * int(str(step.spec["resolution"]))),
        }


async def solve_again(
    bench: Bench, step: Step, samples: Samples, solver: Solver
) -> tuple[Scorer | None, dict[str, Path], str]:
    """The scorer that compares drawn samples with fresh solutions, and its files; or None, and why."""
    generator = np.random.default_rng(bench.draw_seed("samples"))
    rows = samples.drawn(SAMPLES, generator)
    if not rows:
        return None, {}, "no sample has parameters within the ranges"
    grid = int(str(step.spec["grid"]))
    nodes = _write_nodes(bench.run.measured / FOLDER, solver.problem, grid, generator)
    found = await together(*(_solved(bench, step, samples, solver, row, nodes) for row in rows))
    lost = [f"sample {row} could not be solved again: {why}" for row, (_, why) in zip(rows, found, strict=True) if why]
    if lost:
        return None, {}, "; ".join(lost)
    files = {"nodes": nodes}
    for row, (folder, _) in zip(rows, found, strict=True):
        files |= {f"{name}.{row}": prediction_file(folder, variant) for name, variant in VARIANTS.items()}
    params: dict[str, JsonValue] = {"subject": "dataset", "grid": grid, "rows": list[JsonValue](rows)}
    inputs = {"dataset": "dataset", **{name: name for name in files}}
    return Scorer(name="dataset_again", inputs=inputs, params=params), files, ""


async def _solved(
    bench: Bench, step: Step, samples: Samples, solver: Solver, row: int, nodes: Path
) -> tuple[Path, str]:
    """(folder of the fresh solution's predictions at the nodes, "" or why there are none)."""
    spec = solver.spec(step, samples.at(row))
    model, why = await bench.solve(f"{FOLDER}/{row}", solver.code, spec, solver.resources)
    if model is None:
        return nodes.parent, why
    label = f"{FOLDER}/{row}/told"
    folder, why = await bench.predict(label, model, {"points": nodes}, tuple(VARIANTS.values()), solver.resources)
    return folder or nodes.parent, why


def _write_nodes(folder: Path, problem: dict[str, JsonValue], grid: int, generator: np.random.Generator) -> Path:
    """`nodes` (m, coordinates) of the data set's grid, in the problem's order, and where they lie (`inputs`)."""
    axes = problem.get("coordinates")
    told = [axis for axis in axes if isinstance(axis, dict)] if isinstance(axes, list) else []
    lines = [np.linspace(float(str(axis["low"])), float(str(axis["high"])), grid) for axis in told]
    if grid ** len(lines) <= NODES:
        nodes = np.stack([one.ravel() for one in np.indices((grid,) * len(lines))], axis=1)
    else:
        nodes = generator.integers(grid, size=(NODES, len(lines)))
    places: Floats = np.stack([line[at] for line, at in zip(lines, nodes.T, strict=True)], axis=1)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "nodes.npz"
    np.savez(path, nodes=nodes, inputs=places, input_names=np.array([str(axis["name"]) for axis in told]))
    return path
