"""Says what the solution of a problem obeys, and tests whether a model does."""

from __future__ import annotations

import csv

import numpy as np

from skills.physics.laws import FACTORS, energy_check, laws, mass_check
from skills.physics.spec import Spec
from skills.runtime.fields import Check, checks, grid_points, scale, slope_scale
from skills.runtime.job import Inputs, Job, write_json

SAMPLES = 101


def work(job: Job) -> None:
    """Constraints from the problem alone, or checks of a finished step's model."""
    {"constraints": derive, "verify": verify}[job.spec.mode](job)


def derive(job: Job) -> None:
    """Write constraints.json: each law, the value it predicts, its tolerance, or why it does not apply."""
    spec: Spec = job.spec
    found = laws(spec.problem)
    scales = _scales(spec)
    entries = [
        {"name": law.name, "applies": law.applies, "expected": law.expected, "reason": law.reason}
        | {"tolerance": FACTORS[law.name] * spec.tolerance, "numbers": law.numbers}
        for law in found
    ]
    problem = spec.problem.model_dump(mode="json")
    write_json(job.out / "constraints.json", {"problem": problem, "scales": scales, "laws": entries})
    job.artifact("constraints.json", "report")
    for name, value in (*scales.items(), *(pair for law in found for pair in law.numbers.items())):
        job.claim(name, value, _unit(spec, name), "constraints.json")
    job.progress(done=1, total=1, message=f"{sum(law.applies for law in found)} laws apply")


def verify(job: Job) -> None:
    """Write checks.csv and claim every violation that could be measured; the grid is the skill's own."""
    spec: Spec = job.spec
    points = grid_points(spec.problem, spec.grid)
    predicted = job.model(spec.subject)(Inputs(points=points, names=("x", "t")))
    values = np.asarray(predicted.values, dtype=np.float64)
    found, why = (), _unusable(values, len(points))
    if not why:
        field = values.reshape(spec.grid)
        found = (*checks(spec.problem, field), mass_check(spec.problem, field), energy_check(spec.problem, field))
    _write_checks(job, found, why)
    for check in found:
        if check.value is not None:
            job.claim(check.name, check.value, file="checks.csv")
    broken = [check.name for check in found if _broken(spec, check)]
    job.progress(done=1, total=1, message=why or f"broken: {', '.join(broken) or 'none'}")


def _write_checks(job: Job, found: tuple[Check, ...], why: str) -> None:
    spec: Spec = job.spec
    known = {check.name: check for check in found}
    lines = []
    for name, factor in FACTORS.items():
        check = known.get(name, Check(name, None, 0, f"could not be measured: {why}"))
        holds = "" if check.value is None else not _broken(spec, check)
        value = "" if check.value is None else check.value
        lines.append((name, value, factor * spec.tolerance, holds, check.n, check.text))
    with (job.out / "checks.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("check", "value", "tolerance", "holds", "points", "text"), *lines])
    job.artifact("checks.csv", "table")


def _unusable(values: np.ndarray, count: int) -> str:
    if values.shape != (count, 1):
        return f"the model gives shape {values.shape} for {count} points"
    lost = int(np.sum(~np.isfinite(values)))
    return f"{lost} of {count} predictions are not finite" if lost else ""


def _broken(spec: Spec, check: Check) -> bool:
    return check.value is not None and check.value > FACTORS[check.name] * spec.tolerance


def _scales(spec: Spec) -> dict[str, float]:
    """The sizes that make the problem dimensionless; péclet compares advection with diffusion over the whole length."""
    problem = spec.problem
    x, t = (part.ravel() for part in np.meshgrid(problem.grid("x", SAMPLES), problem.grid("t", SAMPLES)))
    diffusion = float(problem.coefficient("diffusion", x, t).max())
    drift = float(np.abs(problem.coefficient("advection", x, t)).max())
    length = problem.x[1] - problem.x[0]
    return {
        "scale_u": scale(problem),
        "scale_slope": slope_scale(problem),
        "diffusion_time": length**2 / (np.pi**2 * diffusion),
        "peclet": drift * length / diffusion,
    }


def _unit(spec: Spec, name: str) -> str:
    units = spec.problem.units
    if name in ("scale_u", "lower_bound", "upper_bound"):
        return units.u
    return units.t if name == "diffusion_time" else ""
