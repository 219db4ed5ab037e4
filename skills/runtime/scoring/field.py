"""Scores of fields: error against the best truth there is, and how well that truth is known."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime.probes import scattered
from skills.runtime.problem import Problem
from skills.runtime.scoring.bootstrap import interval
from skills.runtime.scoring.readings import Unusable, read
from skills.runtime.scoring.scored import Score, Scored, Scorer, unmeasured
from skills.runtime.scoring.truth import SEED, analytic, of_reference, refinement, relative, sizes

Array = NDArray[np.float64]
Files = Mapping[str, Path]
Params = Mapping[str, Any]

OWN_POINTS = 2000  # where a closed form is compared with itself if nothing else is given


def field_error(files: Files, params: Params) -> Scored:
    """Relative L2 error of the worst field with its interval over points, and the largest error of any field."""
    problem, subject = Problem.model_validate(params["problem"]), str(params["subject"])
    try:
        points, found = read(problem, files["predictions"], files["probes"]).block("points")
        known, why = analytic(problem)
        known = known or of_reference(problem, files, why)
        truth = known.at(points)
        norms = sizes(truth)
        if not norms.max():
            raise Unusable("the truth is zero everywhere: an error relative to it has no meaning")
    except Unusable as error:
        return none(("relative_l2", "max_error"), subject, str(error))
    miss = found - truth
    by_field = np.linalg.norm(miss, axis=0) / norms
    worst = int(np.argmax(by_field))
    low, high = _interval(miss[:, worst], truth[:, worst], norms[worst], int(params["seed"])) or (None, None)
    told = ", ".join(f"{name} {value:.3g}" for name, value in zip(problem.fields, by_field, strict=True))
    text = f"against the {known.text}" + (f"; {told}" if len(problem.fields) > 1 else "")
    largest = np.abs(miss).max(axis=0)
    top = int(np.argmax(largest))
    unit, count = problem.units.get(problem.fields[top], ""), len(points)
    return Scored(
        (
            Score("relative_l2", float(by_field[worst]), low=low, high=high, n=count, subject=subject, text=text),
            Score("max_error", float(largest[top]), unit=unit, n=count, subject=subject,
                  text=f"of {problem.fields[top]}, against the {known.text}"),
        )
    )  # fmt: skip


def truth_error(files: Files, params: Params) -> Scored:
    """How far the truth is from the true one: by its own measure, or the reference's change from half the grid."""
    problem, subject = Problem.model_validate(params["problem"]), str(params.get("subject", "truth"))
    known, why = analytic(problem)
    try:
        if known is None:
            value, count = refinement(problem, files)
            return _one("truth_error", value, count, subject, f"reference, by refinement; {why}")
        points = scattered(problem, OWN_POINTS, np.random.default_rng(SEED))
        return _one("truth_error", known.error(points), len(points), subject, known.text)
    except Unusable as error:
        return unmeasured("truth_error", f"{error}; {why}" if why else str(error), subject=subject)


def reference_error(files: Files, params: Params) -> Scored:
    """The reference's own relative L2 error: against the closed form, else its change from half the grid."""
    problem, subject = Problem.model_validate(params["problem"]), str(params.get("subject", "reference"))
    known, _ = analytic(problem)
    try:
        if known is None:
            value, count = refinement(problem, files)
            return _one("reference_error", value, count, subject, "change from half the grid")
        if "reference" not in files:
            raise Unusable("there are no predictions of the reference")
        points, found = read(problem, files["reference"], files["probes"]).block("points")
        value = relative(found, known.at(points), "the exact solution")
    except Unusable as error:
        return unmeasured("reference_error", str(error), subject=subject)
    return _one("reference_error", value, len(points), subject, f"against the {known.text}")


def none(names: tuple[str, ...], subject: str, text: str) -> Scored:
    """Scores without a value, and why."""
    return Scored(tuple(Score(name, None, subject=subject, text=text) for name in names))


def _interval(miss: Array, truth: Array, norm: float, seed: int) -> tuple[float, float] | None:
    """Over points. Where a field is zero everywhere, its error is relative to the norm of the largest one."""
    squares, weighed = np.square(miss), np.square(truth)
    if not weighed.any():
        weighed = np.full(len(truth), norm**2 / len(truth))

    def statistic(counts: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.sqrt((counts @ squares) / (counts @ weighed))

    return interval(statistic, np.arange(len(miss)), seed=seed)


def _one(name: str, value: float, count: int, subject: str, text: str) -> Scored:
    return Scored((Score(name, value, n=count, subject=subject, text=text),))


SCORERS: dict[str, Scorer] = {
    "field_error": field_error,
    "truth_error": truth_error,
    "reference_error": reference_error,
}
