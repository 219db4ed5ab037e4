"""Solves the problem by differences and collocation, studies convergence, and delivers the finest solution."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np

from skills.runtime.fields import grid_points
from skills.runtime.job import Inputs, Job, Outputs, UserMistake, write_json
from skills.runtime.parabolic import Parabolic as Problem
from skills.simulate.interpolate import load
from skills.simulate.spec import Spec
from skills.simulate.study import LEAST_CELLS, Run, Study, draw_sample, solve, study

VARIANTS = ("delivered", "half", "coarse")
GRID = (101, 101)  # of the reference that is handed over
COARSE_TOLERANCE = 1e-5
TIMINGS = 3  # the baseline's wall time is the best of these
OUTSIDE = 1e-9  # share of the box by which a point may miss it


def work(job: Job) -> None:
    """Solve on three grids and a cheap one, and write the fields, the table and the claims."""
    spec: Spec = job.spec
    told, total = 0, 5 + (spec.resolution >= 2 * LEAST_CELLS)

    def tell(message: str) -> None:
        nonlocal told
        job.progress(done=told, total=total, message=message)
        told += 1

    sample = draw_sample(spec.problem, spec.seed)
    found = study(
        spec.problem, spec.resolution, tolerance=spec.tolerance, steps=spec.time_steps, sample=sample, tell=tell
    )
    tell("coarse baseline")
    cells = max(LEAST_CELLS, spec.resolution // 4)
    tries = [solve(spec.problem, cells, COARSE_TOLERANCE, sample) for _ in range(TIMINGS)]
    coarse = min(tries, key=lambda run: run.wall_s)
    job.progress(done=total, total=total, message=f"error about {found.error_estimate:.2g}")
    _write_model(job, spec, found, coarse)
    _write_convergence(job, found, coarse)
    _write_reference(job, spec.problem, found.runs[-1])
    job.claim("error_estimate", found.error_estimate, file="convergence.csv")
    if found.order is not None:
        job.claim("observed_order", found.order, file="convergence.csv")
    job.claim("time_error", found.time_error, file="convergence.csv")
    job.claim("coarse_wall_s", coarse.wall_s, "s", file="convergence.csv")


def predict(model: Path, inputs: Inputs, variant: str) -> Outputs:
    """u at points x, t inside the box; `half` is the next coarser grid, `coarse` the cheap baseline."""
    if variant not in VARIANTS:
        raise UserMistake(f"there is no variant {variant!r}", f"known are {', '.join(VARIANTS)}")
    problem = Problem.model_validate(json.loads((model / "model.json").read_text(encoding="utf-8"))["problem"])
    x, t = inputs.column("x"), inputs.column("t")
    for name, values, (low, high) in (("x", x, problem.x), ("t", t, problem.t)):
        margin = OUTSIDE * (high - low)
        if not np.all((values >= low - margin) & (values <= high + margin)):
            raise UserMistake(f"a point has {name} outside {low} to {high}", "ask inside the problem's box")
    return Outputs(load(model / f"{variant}.npz")(x, t)[:, None], ("u",))


def _write_model(job: Job, spec: Spec, found: Study, coarse: Run) -> None:
    for name, run in zip(VARIANTS, (found.runs[-1], found.runs[-2], coarse), strict=True):
        run.field.save(job.model_folder / f"{name}.npz")
    cells = {name: run.cells for name, run in zip(VARIANTS, (*found.runs[:-3:-1], coarse), strict=True)}
    write_json(job.model_folder / "model.json", {"problem": spec.problem.model_dump(mode="json"), "cells": cells})
    job.variants(VARIANTS)
    job.artifact("model", "model")


def _write_convergence(job: Job, found: Study, coarse: Run) -> None:
    """One line a run; `change` is the relative L2 difference to the next finer grid of the study."""
    order = "" if found.order is None else found.order
    notes = ("",) * (len(found.runs) - 2) + ("half", "delivered")
    lines = [
        (note, run.cells, run.steps, step, "", run.wall_s)
        for note, run, step in zip(notes, found.runs, (*found.changes, ""), strict=True)
    ]
    lines.append(("coarse", coarse.cells, coarse.steps, "", "", coarse.wall_s))
    lines.append(("time error", found.runs[-3].cells, "", found.time_error, "", ""))
    lines.append(("error estimate", found.runs[-1].cells, "", found.error_estimate, order, ""))
    with (job.out / "convergence.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("run", "cells", "time_steps", "change", "observed_order", "wall_s"), *lines])
    job.artifact("convergence.csv", "table")


def _write_reference(job: Job, problem: Problem, run: Run) -> None:
    points = grid_points(problem, GRID)
    np.savez(
        job.out / "reference.npz",
        outputs=run.field(*points.T)[:, None],
        output_names=np.array(["u"]),
        inputs=points,
        input_names=np.array(["x", "t"]),
    )
    job.artifact("reference.npz", "reference")
