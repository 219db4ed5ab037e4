"""The best truth there is for a problem: its closed form if that holds, a series, else a reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skills.runtime.parabolic import recognised
from skills.runtime.probes import condition_points, scattered, seam_partials
from skills.runtime.problem import Problem
from skills.runtime.scoring.exact import exact_solution
from skills.runtime.scoring.readings import Unusable, read
from skills.runtime.symbols import Form, Partial
from skills.runtime.violations import Columns, Jets, of_conditions, of_equations, worst

Array = NDArray[np.float64]
Files = Mapping[str, Path]
HOLDS = 1e-9  # how far a closed form may miss the problem that it is said to solve
SEED = 20_261_125  # of the points at which a closed form is looked at


@dataclass(frozen=True)
class Truth:
    """Values (n, fields) at points (n, d), in words, and how far they are from the true ones (relative L2)."""

    at: Callable[[Array], Array]
    text: str
    error: Callable[[Array], float]


def analytic(problem: Problem) -> tuple[Truth | None, str]:
    """(truth, "") from formulas alone, or (None, why there is none)."""
    return _analytic(problem.model_dump_json())


def of_reference(problem: Problem, files: Files, why: str) -> Truth:
    """The reference's predictions at the judge's points. Raises Unusable where there are none."""
    if "reference" not in files:
        raise Unusable(f"there is no truth: {why}, and no reference")
    points, values = read(problem, files["reference"], files["probes"]).block("points")

    def at(places: Array) -> Array:
        if not np.array_equal(places, points):
            raise Unusable("the reference was not evaluated at the same points")
        return values

    text = "classical fit to the same observations" if problem.inverse else "reference"
    return Truth(at, text, lambda places: refinement(problem, files)[0])


def refinement(problem: Problem, files: Files) -> tuple[float, int]:
    """(relative L2 change of the reference from half its grid, worst field; number of points)."""
    missing = [name for name in ("reference", "half") if name not in files]
    if missing:
        raise Unusable(f"there is neither a closed form nor predictions of {' and '.join(missing)}")
    fine, half = (read(problem, files[name], files["probes"]).block("points") for name in ("reference", "half"))
    if not np.array_equal(fine[0], half[0]):
        raise Unusable("the reference and its coarser grid were not evaluated at the same points")
    return relative(half[1], fine[1], "the reference"), len(fine[0])


def sizes(truth: Array) -> Array:
    """The L2 norm of every field; of one that is zero everywhere, that of the largest."""
    norms = np.linalg.norm(truth, axis=0)
    return np.where(norms > 0, norms, norms.max())


def relative(found: Array, truth: Array, name: str) -> float:
    """Relative L2 distance of the worst field. Raises Unusable where the truth is zero everywhere."""
    norms = sizes(truth)
    if not norms.max():
        raise Unusable(f"{name} is zero everywhere: an error relative to it has no meaning")
    return float((np.linalg.norm(found - truth, axis=0) / norms).max())


def misfit(problem: Problem) -> float:
    """The largest violation of an equation, a condition or a periodic end by the problem's own closed form."""
    jets = exact_jets(problem)
    return worst((*of_equations(problem, jets.interior, jets.interior), *of_conditions(problem, jets, jets))).value


def exact_jets(problem: Problem) -> Jets:
    """The closed form and its derivatives at points inside and on the faces, differentiated in symbols."""
    generator = np.random.default_rng(SEED)
    forms = dict(zip(problem.fields, problem.exact_forms, strict=True))
    faces = [condition_points(problem, number, generator) for number in range(len(problem.conditions))]
    used = [{p for one in forms_ for p in one.partials} for forms_ in problem.condition_forms]
    seams = {}
    for letter in problem.periodic:
        low = scattered(problem, 300, generator)
        high, place, axis = low.copy(), problem.names.index(letter), problem.axis(letter)
        low[:, place], high[:, place] = axis.low, axis.high
        partials = seam_partials(problem, letter)
        seams[letter] = (_columns(problem, forms, low, partials), _columns(problem, forms, high, partials))
    return Jets(
        _columns(problem, forms, scattered(problem, 500, generator), problem.partials),
        tuple(_columns(problem, forms, points, tuple(p)) for points, p in zip(faces, used, strict=True)),
        seams,
    )


def _columns(problem: Problem, forms: Mapping[str, Form], points: Array, partials: tuple[Partial, ...]) -> Columns:
    own = problem.columns(points)
    none = (0,) * len(problem.names)
    wanted = {*partials, *(Partial(field, none) for field in problem.fields)}
    found = {}
    for partial in wanted:
        form = forms[partial.field]
        for letter, order in zip(problem.names, partial.orders, strict=True):
            for _ in range(order):
                form = form.by(letter)
        found[problem.vocabulary.name(partial)] = np.array(np.broadcast_to(form(own), len(points)), dtype=np.float64)
    return {**own, **found}


@lru_cache(maxsize=4)
def _analytic(told: str) -> tuple[Truth | None, str]:
    problem = Problem.model_validate_json(told)
    if problem.inverse:
        return None, "no closed form, since coefficients are unknown"
    refused = ""
    if problem.exact:
        missed = misfit(problem)
        if missed <= HOLDS:
            text = "exact solution in closed form"
            return Truth(problem.exact_values, text, lambda points: missed), ""
        refused = f"the exact solution that was given misses the problem by {missed:.2g} and is not used; "
    family, why = recognised(problem)
    if family is None:
        return None, f"{refused}no closed form ({why})"
    series, why = exact_solution(family)
    finer, _ = exact_solution(family, doubled=True)
    if series is None or finer is None:
        return None, f"{refused}no closed form ({why})"

    def error(points: Array) -> float:
        better = finer(points[:, 0], points[:, 1])[:, None]
        return relative(series(points[:, 0], points[:, 1])[:, None], better, "the exact solution")

    return Truth(lambda points: series(points[:, 0], points[:, 1])[:, None], refused + series.text, error), ""
