"""Scores of fields: error against the truth, how well the truth is known, and the physics of the prediction."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime.fields import WIDTH, checks, grid_points
from skills.runtime.parabolic import Parabolic as Problem
from skills.runtime.scoring.bootstrap import interval
from skills.runtime.scoring.exact import exact_solution
from skills.runtime.scoring.scored import Score, Scored, Scorer, unmeasured

Array = NDArray[np.float64]
Files = Mapping[str, Path]
Params = Mapping[str, Any]

OWN_GRID = (41, 41)  # where the exact solution is compared with itself if nothing else is given
PHYSICS = ("residual", "initial_error", "boundary_error", "maximum_principle")


class Unusable(Exception):
    """Raised when predictions cannot be scored; the message says why."""


def field_error(files: Files, params: Params) -> Scored:
    """Relative L2 error with its interval over points, and the largest error, against the best truth there is."""
    problem, subject = _problem(params), str(params["subject"])
    try:
        points, found = _read(files["predictions"])
        truth, text = _truth(problem, files, points)
        if not np.any(truth):
            raise Unusable("the truth is zero everywhere: an error relative to it has no meaning")
    except Unusable as why:
        return _none(("relative_l2", "max_error"), subject, str(why))
    miss, size = np.square(found - truth), np.square(truth)

    def statistic(weights: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.sqrt((weights @ miss) / (weights @ size))

    low, high = interval(statistic, np.arange(len(found)), seed=int(params["seed"])) or (None, None)
    value = float(np.sqrt(miss.sum() / size.sum()))
    worst = float(np.sqrt(miss.max()))
    return Scored(
        (
            Score("relative_l2", value, low=low, high=high, n=len(found), subject=subject, text=f"against the {text}"),
            Score("max_error", worst, unit=problem.units.u, n=len(found), subject=subject, text=f"against the {text}"),
        )
    )


def truth_error(files: Files, params: Params) -> Scored:
    """Relative L2 change of the truth: of the series when its modes are doubled, of the reference on half the grid."""
    problem, subject = _problem(params), str(params.get("subject", "truth"))
    try:
        series, _ = exact_solution(problem)
        if series is None:
            value, count = _refinement(files)
            return _one("truth_error", value, count, subject, "reference, by refinement")
        points = _read(files["reference"])[0] if "reference" in files else grid_points(problem, OWN_GRID)
        finer, _ = exact_solution(problem, doubled=True)
        assert finer is not None
        better, held = finer(points[:, 0], points[:, 1]), series(points[:, 0], points[:, 1])
        value = _relative(held, better, "the exact solution")
    except Unusable as why:
        return unmeasured("truth_error", str(why), subject=subject)
    return _one("truth_error", value, len(points), subject, series.text)


def reference_error(files: Files, params: Params) -> Scored:
    """The reference's own relative L2 error: against the exact solution, else its change from half the grid."""
    problem, subject = _problem(params), str(params.get("subject", "reference"))
    try:
        series, _ = exact_solution(problem)
        if series is None:
            value, count = _refinement(files)
            return _one("reference_error", value, count, subject, "change from half the grid")
        if "reference" not in files:
            raise Unusable("there are no predictions of the reference")
        points, found = _read(files["reference"])
        value = _relative(found, series(points[:, 0], points[:, 1]), "the exact solution")
    except Unusable as why:
        return unmeasured("reference_error", str(why), subject=subject)
    return _one("reference_error", value, len(points), subject, f"against the {series.text}")


def physics(files: Files, params: Params) -> Scored:
    """Residual, initial and boundary error, maximum principle, of predictions on the grid (nt, nx), t outer."""
    problem, subject = _problem(params), str(params["subject"])
    nt, nx = (int(count) for count in params["grid"])
    try:
        if min(nt, nx) < WIDTH:
            raise Unusable(f"the grid has {nt} by {nx} points, at least {WIDTH} by {WIDTH} are needed")
        points, found = _read(files["predictions"])
        wanted = grid_points(problem, (nt, nx))
        if points.shape != wanted.shape or not np.allclose(points, wanted, rtol=1e-12, atol=1e-12):
            raise Unusable(f"the predictions are not on the grid of {nt} times by {nx} places")
    except Unusable as why:
        return _none(PHYSICS, subject, str(why))
    held = checks(problem, found.reshape(nt, nx))
    return Scored(tuple(Score(one.name, one.value, n=one.n, subject=subject, text=one.text) for one in held))


def _problem(params: Params) -> Problem:
    return Problem.model_validate(params["problem"])


def _read(path: Path) -> tuple[Array, Array]:
    """(points (n, 2) as x, t; values (n,)). Raises Unusable where shape, names or numbers are wrong."""
    with np.load(path, allow_pickle=False) as held:
        points = np.asarray(held["inputs"], dtype=np.float64)
        values = np.asarray(held["outputs"], dtype=np.float64)
        names = [str(name) for name in held["input_names"]]
    if points.ndim != 2 or sorted(names) != ["t", "x"] or points.shape[1] != 2:
        raise Unusable(f"the inputs have shape {points.shape} and the names {names}, x and t are wanted")
    if values.shape != (len(points), 1) or not len(points):
        raise Unusable(f"the outputs have shape {values.shape} for {len(points)} points")
    lost = int(np.sum(~np.isfinite(values)))
    if lost:
        raise Unusable(f"{lost} of {len(values)} predictions are not finite")
    return points[:, [names.index("x"), names.index("t")]], values[:, 0]


def _truth(problem: Problem, files: Files, points: Array) -> tuple[Array, str]:
    series, why = exact_solution(problem)
    if series is not None:
        return series(points[:, 0], points[:, 1]), series.text
    if "reference" not in files:
        raise Unusable(f"there is no truth: no closed form ({why}), and no reference")
    places, values = _read(files["reference"])
    if not np.array_equal(places, points):
        raise Unusable("the reference was not evaluated at the same points")
    return values, "reference"


def _refinement(files: Files) -> tuple[float, int]:
    missing = [name for name in ("reference", "half") if name not in files]
    if missing:
        raise Unusable(f"there is neither a closed form nor predictions of {' and '.join(missing)}")
    (points, fine), (others, half) = _read(files["reference"]), _read(files["half"])
    if not np.array_equal(points, others):
        raise Unusable("the reference and its coarser grid were not evaluated at the same points")
    return _relative(half, fine, "the reference"), len(points)


def _relative(found: Array, truth: Array, name: str) -> float:
    size = float(np.linalg.norm(truth))
    if size == 0:
        raise Unusable(f"{name} is zero everywhere: an error relative to it has no meaning")
    return float(np.linalg.norm(found - truth)) / size


def _one(name: str, value: float, count: int, subject: str, text: str) -> Scored:
    return Scored((Score(name, value, n=count, subject=subject, text=text),))


def _none(names: tuple[str, ...], subject: str, text: str) -> Scored:
    return Scored(tuple(Score(name, None, subject=subject, text=text) for name in names))


SCORERS: dict[str, Scorer] = {
    "field_error": field_error,
    "truth_error": truth_error,
    "reference_error": reference_error,
    "physics": physics,
}
