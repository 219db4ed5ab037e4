"""Says what the solution of a problem obeys, and tests whether a model does."""

from __future__ import annotations

import csv

import numpy as np

from skills.physics import constraints
from skills.physics.constraints import Constraints
from skills.physics.laws import bounds_check, energy_check, mass_check
from skills.physics.spec import Spec
from skills.runtime.fields import Check, checks, grid_points
from skills.runtime.job import Inputs, Job

# What is measured -> the law whose tolerance it is held to. The first four are the judge's own scores.
MEASURED = {
    "residual": "residual",
    "initial_error": "initial_error",
    "boundary_error": "boundary_error",
    "maximum_principle": "maximum_principle",
    "bounds": "maximum_principle",
    "mass": "mass",
    "energy": "energy",
}


def work(job: Job) -> None:
    """Constraints from the problem alone, or checks of a finished step's model."""
    {"constraints": derive, "verify": verify}[job.spec.mode](job)


def derive(job: Job) -> None:
    """Write constraints.json: each law, the value it predicts, its tolerance, or why it does not apply."""
    spec: Spec = job.spec
    found = constraints.derived(spec)
    constraints.write(found, job.out)
    job.artifact(constraints.FILE, "report")
    for name, value in (*found.scales.items(), *(pair for law in found.laws for pair in law.numbers.items())):
        job.claim(name, value, _unit(spec, name), constraints.FILE)
    job.progress(done=1, total=1, message=f"{sum(law.applies for law in found.laws)} laws apply")


def verify(job: Job) -> None:
    """Write checks.csv and claim every violation that could be measured; the grid is the skill's own.

    The laws are those that the step `constraints` derived before the model existed; without that step they are derived
    here.
    """
    spec: Spec = job.spec
    folder = job.inputs.get("constraints")
    held = constraints.read(folder, spec.problem) if folder else constraints.derived(spec)
    points = grid_points(spec.problem, spec.grid)
    predicted = job.model(spec.subject)(Inputs(points=points, names=("x", "t")))
    values = np.asarray(predicted.values, dtype=np.float64)
    why = _unusable(values, len(points))
    found = () if why else _measured(spec, held, values.reshape(spec.grid))
    _write_checks(job, held, found, why)
    for check in found:
        if check.value is not None:
            job.claim(check.name, check.value, file="checks.csv")
    broken = [check.name for check in found if _broken(held, check)]
    job.progress(done=1, total=1, message=why or f"broken: {', '.join(broken) or 'none'}")


def _measured(spec: Spec, held: Constraints, field: np.ndarray) -> tuple[Check, ...]:
    return (
        *checks(spec.problem, field),
        bounds_check(spec.problem, held.entry("maximum_principle").law, field),
        mass_check(spec.problem, held.entry("mass").law, field),
        energy_check(spec.problem, held.entry("energy").law, field),
    )


def _write_checks(job: Job, held: Constraints, found: tuple[Check, ...], why: str) -> None:
    known = {check.name: check for check in found}
    lines = []
    for name, law in MEASURED.items():
        check = known.get(name, Check(name, None, 0, f"could not be measured: {why}"))
        holds = "" if check.value is None else not _broken(held, check)
        value = "" if check.value is None else check.value
        lines.append((name, value, held.entry(law).tolerance, holds, check.n, check.text))
    with (job.out / "checks.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("check", "value", "tolerance", "holds", "points", "text"), *lines])
    job.artifact("checks.csv", "table")


def _unusable(values: np.ndarray, count: int) -> str:
    if values.shape != (count, 1):
        return f"the model gives shape {values.shape} for {count} points"
    lost = int(np.sum(~np.isfinite(values)))
    return f"{lost} of {count} predictions are not finite" if lost else ""


def _broken(held: Constraints, check: Check) -> bool:
    return check.value is not None and check.value > held.entry(MEASURED[check.name]).tolerance


def _unit(spec: Spec, name: str) -> str:
    units = spec.problem.units
    if name in ("scale_u", "lower_bound", "upper_bound"):
        return units.u
    return units.t if name == "diffusion_time" else ""
