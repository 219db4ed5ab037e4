"""The model that a solution becomes: its folder, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime.job import Inputs, Job, Outputs, UserMistake, write_json
from skills.runtime.problem import Problem
from skills.simulate.interpolate import Field, load

Array = NDArray[np.float64]

OUTSIDE = 1e-9  # share of the box by which a point may miss it
GRID = {1: (2001,), 2: (101, 101), 3: (33, 33, 33), 4: (13, 13, 13, 13)}  # of the reference that is handed over


def write_model(job: Job, problem: Problem, fields: Mapping[str, Field], told: Mapping[str, Any]) -> None:
    """Fields by variant, the delivered one first; `told` is kept beside the problem."""
    for name, field in fields.items():
        field.save(job.model_folder / f"{name}.npz")
    write_json(job.model_folder / "model.json", {"problem": problem.model_dump(mode="json"), **told})
    job.variants(tuple(fields))
    job.artifact("model", "model")


def write_reference(job: Job, problem: Problem, field: Field) -> None:
    """The field on a grid, the last coordinate in the outer loop."""
    points = grid_points(problem, GRID[len(problem.names)])
    np.savez(
        job.out / "reference.npz",
        outputs=field(dict(zip(problem.names, points.T, strict=True))),
        output_names=np.array(problem.fields),
        inputs=points,
        input_names=np.array(problem.names),
    )
    job.artifact("reference.npz", "reference")


def grid_points(problem: Problem, counts: tuple[int, ...]) -> Array:
    """(n, coordinates) of a grid with as many equally spaced points as `counts` says, the first coordinate fastest."""
    axes = [np.linspace(a.low, a.high, n) for a, n in zip(problem.coordinates, counts, strict=True)]
    meshes = np.meshgrid(*axes[::-1], indexing="ij")
    return np.column_stack([mesh.ravel() for mesh in meshes[::-1]])


def answer(model: Path, inputs: Inputs, variant: str) -> Outputs:
    """All fields at points inside the box."""
    known = json.loads((model / "variants.json").read_text(encoding="utf-8"))
    if variant not in known:
        raise UserMistake(f"there is no variant {variant!r}", f"known are {', '.join(known)}")
    problem = Problem.model_validate(json.loads((model / "model.json").read_text(encoding="utf-8"))["problem"])
    at = {}
    for axis in problem.coordinates:
        values = inputs.column(axis.name)
        margin = OUTSIDE * axis.length
        if not np.all((values >= axis.low - margin) & (values <= axis.high + margin)):
            raise UserMistake(f"a point has {axis.name} outside {axis.low} to {axis.high}", "ask inside the box")
        at[axis.name] = np.clip(values, axis.low, axis.high)
    return Outputs(load(model / f"{variant}.npz")(at), problem.fields)
