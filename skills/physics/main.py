"""Says what the solution of a problem obeys, and tests whether a model does."""

from __future__ import annotations

import csv
from dataclasses import dataclass

import numpy as np

from skills.physics import constraints
from skills.physics.constraints import Constraints
from skills.physics.spec import Spec
from skills.runtime import probes
from skills.runtime.coefficients import implied
from skills.runtime.job import Inputs, Job, Outputs
from skills.runtime.laws import measure
from skills.runtime.problem import Problem
from skills.runtime.scoring.readings import Reading, Unusable
from skills.runtime.violations import Violation, of_conditions, of_equations, worst

COLUMNS = ("check", "value", "error", "bound", "holds", "points", "text")


@dataclass(frozen=True)
class Check:
    """One line of checks.csv; `value` is None where there is none, and `text` says why."""

    name: str
    value: float | None
    error: float
    bound: float
    n: int
    text: str

    @property
    def holds(self) -> bool | None:
        return None if self.value is None else self.value <= self.bound


def work(job: Job) -> None:
    """Constraints from the problem alone, or checks of a finished step's model."""
    {"constraints": derive, "verify": verify}[job.spec.mode](job)


def derive(job: Job) -> None:
    """Write constraints.json: each law, what it predicts, its bound, or why it does not apply."""
    spec: Spec = job.spec
    found = constraints.derived(spec.problem, spec.tolerance)
    constraints.write(found, job.out)
    job.artifact(constraints.FILE, "report")
    for entry in found.laws:
        for name, value in entry.law.numbers.items():
            job.claim(f"{entry.law.name}.{name}", value, _unit(spec.problem, name), constraints.FILE)
    names = [entry.law.name for entry in found.laws if entry.law.applies]
    job.progress(done=1, total=1, message=f"{len(names)} laws apply: {', '.join(names)}")


def verify(job: Job) -> None:
    """Write checks.csv and claim every violation that could be measured, from points that the skill chooses itself.

    The laws are those that the step `constraints` derived before the model existed; without that step they are derived
    here.
    """
    spec: Spec = job.spec
    folder = job.inputs.get("constraints")
    held = constraints.read(folder, spec) if folder else constraints.derived(spec.problem, spec.tolerance)
    asked = probes.draw(spec.problem, spec.seed)
    given = job.model(spec.subject)(Inputs(points=asked.points, names=spec.problem.names))
    try:
        found = _checked(held, _reading(spec.problem, asked, given))
    except Unusable as why:
        found = {}
        told = f"could not be measured: {why}"
    else:
        told = "could not be measured"
    lines = [found.get(entry.law.name) or _idle(entry, told) for entry in held.laws]
    _write_checks(job, lines)
    for check in lines:
        if check.value is not None:
            job.claim(check.name, check.value, file="checks.csv")
    broken = [check.name for check in lines if check.holds is False]
    job.progress(done=1, total=1, message=f"broken: {', '.join(broken) or 'none'}" if found else told)


def _reading(problem: Problem, asked: probes.Probes, given: Outputs) -> Reading:
    """The predictions in the order of the problem's fields. Raises Unusable."""
    values = np.asarray(given.values, dtype=np.float64)
    if values.shape != (len(asked.points), len(problem.fields)) or sorted(given.names) != sorted(problem.fields):
        raise Unusable(f"the model gives shape {values.shape} and the names {', '.join(given.names)} for "
                       f"{len(asked.points)} points of {', '.join(problem.fields)}")  # fmt: skip
    if lost := int(np.sum(~np.isfinite(values).all(axis=1))):
        raise Unusable(f"{lost} of {len(values)} predictions are not finite")
    order = [given.names.index(name) for name in problem.fields]
    return Reading(problem, asked.points, values[:, order], asked.blocks)


def _checked(held: Constraints, reading: Reading) -> dict[str, Check]:
    """By name. Unknown coefficients have the values that the field itself implies, and the laws are those at these."""
    problem, told, laws = held.problem, None, tuple(entry.law for entry in held.laws)
    if problem.inverse:
        inside = reading.interior()[0]
        fitted = implied(problem, lambda values: {**inside, **values})
        if isinstance(fitted, str):
            raise Unusable(fitted)
        told, problem, laws = fitted.values, problem.with_values(**fitted.values), ()
    wide, narrow = reading.jets(told)
    conditions = of_conditions(reading.problem, wide, narrow)
    groups = {
        "residual": of_equations(reading.problem, wide.interior, narrow.interior),
        "initial_error": tuple(one for one in conditions if one.kind == "initial"),
        "boundary_error": tuple(one for one in conditions if one.kind == "boundary"),
    }
    found = {name: _stated(name, worst(group), held) for name, group in groups.items() if group}
    for score in measure(problem, reading.block("laws")[1], held.tolerance, laws):
        found[score.name] = Check(score.name, score.value, score.error, score.bound, score.n, score.text)
    return found


def _stated(name: str, one: Violation, held: Constraints) -> Check:
    text = f"worst: {one.what}; measuring it adds at most {one.error:.1g}"
    return Check(name, one.value, one.error, held.entry(name).bound, one.n, text)


def _idle(entry: constraints.Entry, told: str) -> Check:
    law = entry.law
    text = f"does not apply: {law.reason}" if not law.applies else told if law.tested else law.statement
    return Check(law.name, None, 0.0, entry.bound, 0, text)


def _write_checks(job: Job, checks: list[Check]) -> None:
    lines = [
        (one.name, *(("", "") if one.value is None else (one.value, one.error)), one.bound,
         "" if one.holds is None else one.holds, one.n, one.text)
        for one in checks
    ]  # fmt: skip
    with (job.out / "checks.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([COLUMNS, *lines])
    job.artifact("checks.csv", "table")


def _unit(problem: Problem, name: str) -> str:
    """Of a bound: that of the fields, where they have one in common."""
    units = {problem.units.get(field, "") for field in problem.fields}
    return units.pop() if name.endswith("_bound") and len(units) == 1 else ""
