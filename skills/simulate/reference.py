"""The mode reference: the finest solution of a convergence study, with its error."""

from __future__ import annotations

import csv

from skills.runtime.job import Job
from skills.runtime.problem import Problem
from skills.simulate.model import write_model, write_reference
from skills.simulate.solve import Method, method
from skills.simulate.spec import Spec
from skills.simulate.study import Study, draw_sample, study

LARGEST = 2048  # cells of the finest grid that refining goes to, unless `resolution` asks for more


def reference(job: Job) -> None:
    """Solve, study, and deliver the finest grid's solution and the next coarser one's."""
    spec: Spec = job.spec
    chosen, found = studied(job, spec.problem)
    deliver(job, spec.problem, chosen, found)


def studied(job: Job, problem: Problem) -> tuple[Method, Study]:
    spec: Spec = job.spec
    told = 0

    def tell(message: str) -> None:
        nonlocal told
        job.progress(done=told, message=message)
        told += 1

    chosen = method(problem, spec.resolution, max(LARGEST, 4 * spec.resolution))
    sample = draw_sample(problem, spec.seed)
    found = study(chosen, sample, tolerance=spec.tolerance, steps=spec.time_steps, tell=tell)
    job.progress(done=told, total=told, message=f"error about {found.error_estimate:.2g}")
    return chosen, found


def deliver(job: Job, problem: Problem, chosen: Method, found: Study) -> None:
    """Model, table, reference and claims."""
    delivered, half = found.runs[-1].run, found.runs[-2].run
    told = {"method": chosen.text, "cells": {"delivered": delivered.cells, "half": half.cells}}
    write_model(job, problem, {"delivered": delivered.field, "half": half.field}, told)
    _write_convergence(job, found)
    write_reference(job, problem, delivered.field)
    job.claim("error_estimate", found.error_estimate, file="convergence.csv")
    if found.order is not None:
        job.claim("observed_order", found.order, file="convergence.csv")
    if chosen.timed:
        job.claim("time_error", found.time_error, file="convergence.csv")


def _write_convergence(job: Job, found: Study) -> None:
    """One line a run; `change` is the relative L2 difference to the next finer grid of the study."""
    order = "" if found.order is None else found.order
    notes = ("",) * (len(found.runs) - 2) + ("half", "delivered")
    lines: list[tuple[object, ...]] = [
        (note, one.run.cells, one.run.steps, one.run.tolerance, change, "", one.wall_s)
        for note, one, change in zip(notes, found.runs, (*found.changes, ""), strict=True)
    ]
    lines.append(("time error", found.runs[0].run.cells, "", "", found.time_error, "", ""))
    lines.append(("error estimate", found.runs[-1].run.cells, "", "", found.error_estimate, order, ""))
    if found.remark:
        lines.append((found.remark, "", "", "", "", "", ""))
    head = ("run", "cells", "time_steps", "time_tolerance", "change", "observed_order", "wall_s")
    with (job.out / "convergence.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([head, *lines])
    job.artifact("convergence.csv", "table")
