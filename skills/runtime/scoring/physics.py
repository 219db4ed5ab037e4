"""What a field owes to its problem, from its values alone: equations, conditions, laws, coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime import laws
from skills.runtime.coefficients import Implied, implied
from skills.runtime.fields import bounds, scale
from skills.runtime.parabolic import recognised
from skills.runtime.problem import Problem
from skills.runtime.scoring.field import none
from skills.runtime.scoring.readings import Reading, Unusable, read
from skills.runtime.scoring.scored import Score, Scored, Scorer
from skills.runtime.violations import Violation, of_conditions, of_equations, worst

Array = NDArray[np.float64]
Files = Mapping[str, Path]
Params = Mapping[str, Any]
PHYSICS = ("residual", "initial_error", "boundary_error", "maximum_principle")
NONE_OF = {"initial": "the problem has no condition at the first time", "boundary": "the problem has no boundary"}
DERIVED = "laws.derived"
QUANTILE = 1.96  # of the standard normal, two-sided 95 %


def physics(files: Files, params: Params) -> Scored:
    """Residual, initial and boundary error, maximum principle. `map` writes the residual at its points.

    Unknown coefficients have the values that the field itself implies.
    """
    problem, subject = Problem.model_validate(params["problem"]), str(params["subject"])
    try:
        reading = read(problem, files["predictions"], files["probes"])
        told = _implied(reading).values if problem.inverse else None
        wide, narrow = reading.jets(told)
    except Unusable as why:
        return none(PHYSICS, subject, str(why))
    equations = of_equations(problem, wide.interior, narrow.interior)
    conditions = of_conditions(problem, wide, narrow)
    scores = (
        _score("residual", worst(equations), f"worst of {len(equations)} equations: " * (len(equations) > 1), subject),
        *(_edge(f"{kind}_error", conditions, kind, subject) for kind in ("initial", "boundary")),
        _maximum(reading, subject),
    )
    return Scored(scores, arrays={"residual": _map(reading, equations)} if params.get("map") else {})


def conserved(files: Files, params: Params) -> Scored:
    """`law.NAME` of every law that the symbols give and a field can break, with its bound; and how many there are."""
    problem, subject = Problem.model_validate(params["problem"]), str(params["subject"])
    try:
        reading = read(problem, files["predictions"], files["probes"])
        _, values = reading.block("laws")
        known = problem.with_values(**_implied(reading).values) if problem.inverse else problem
    except Unusable as why:
        return none((DERIVED,), subject, str(why))
    found = laws.measure(known, values, float(params["tolerance"]))
    count = Score(DERIVED, float(len(found)), n=len(found), subject=subject, text=", ".join(law.name for law in found))
    return Scored(
        (
            count,
            *(
            Score(f"law.{law.name}", law.value, low=_less(law.value, law.error), high=_more(law.value, law.error),
                  bound=law.bound, n=law.n, subject=subject, text=law.text)
            for law in found
            ),
        )
    )  # fmt: skip


def coefficients(files: Files, params: Params) -> Scored:
    """`coefficient.NAME`: the value of every unknown coefficient with which the field misses its equations least.

    Its interval holds the standard error and what a narrower stencil changes.
    """
    problem, subject = Problem.model_validate(params["problem"]), str(params["subject"])
    names = tuple(f"coefficient.{name}" for name in problem.unknown)
    try:
        reading = read(problem, files["predictions"], files["probes"])
        found, other = _implied(reading), _implied(reading, narrow=True)
    except Unusable as why:
        return none(names, subject, str(why))
    scores = []
    for name, value in found.values.items():
        reach = QUANTILE * found.errors[name] + abs(value - other.values[name])
        text = "with which the field misses its equations least; the interval is that of the residual's scatter"
        scores.append(
            Score(f"coefficient.{name}", value, problem.units.get(name, ""), value - reach, value + reach, n=found.n,
                  subject=subject, text=text)
        )  # fmt: skip
    return Scored(tuple(scores))


def _implied(reading: Reading, *, narrow: bool = False) -> Implied:
    inside = reading.interior()[narrow]
    found = implied(reading.problem, lambda told: {**inside, **told})
    if isinstance(found, str):
        raise Unusable(found)
    return found


def _edge(name: str, conditions: tuple[Violation, ...], kind: str, subject: str) -> Score:
    held = tuple(one for one in conditions if one.kind == kind)
    if not held:
        return Score(name, None, subject=subject, text=NONE_OF[kind])
    return _score(name, worst(held), "", subject)


def _score(name: str, found: Violation, prefix: str, subject: str) -> Score:
    text = f"{prefix}{found.what}; measuring it adds at most {found.error:.1g}"
    low, high = _less(found.value, found.error), _more(found.value, found.error)
    return Score(name, found.value, low=low, high=high, n=found.n, subject=subject, text=text)


def _less(value: float | None, error: float) -> float | None:
    return None if value is None else max(0.0, value - error)


def _more(value: float | None, error: float) -> float | None:
    return None if value is None else value + error


def _maximum(reading: Reading, subject: str) -> Score:
    """Largest excess over the range that the data allow, relative to that range; on the grid and at random points."""
    family, why = recognised(reading.problem)
    if family is None:
        return Score("maximum_principle", None, subject=subject, text=f"does not apply: {why}")
    allowed = bounds(family)
    if allowed.reason:
        return Score("maximum_principle", None, subject=subject, text=f"does not apply: {allowed.reason}")
    values = np.concatenate([reading.block(name)[1] for name in ("grid", "points")])
    excess = max(float(values.max()) - allowed.high, allowed.low - float(values.min()), 0.0)
    size = (allowed.high - allowed.low) or scale(family) or 1.0
    text = f"the data allow {allowed.low:.6g} to {allowed.high:.6g}"
    return Score("maximum_principle", excess / size, n=values.size, subject=subject, text=text)


def _map(reading: Reading, equations: tuple[Violation, ...]) -> dict[str, np.ndarray]:
    """The relative residual of every equation at its points."""
    return {
        "inputs": reading.centres(),
        "input_names": np.asarray(reading.problem.names, dtype=np.str_),
        "outputs": np.stack([one.map for one in equations if one.map is not None], axis=1),
        "output_names": np.asarray(reading.problem.equations, dtype=np.str_),
    }


SCORERS: dict[str, Scorer] = {"physics": physics, "laws": conserved, "coefficients": coefficients}
