"""Scores of fields: exact fields pass, wrong ones are exposed, unusable ones are unmeasured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy import cos, exp, pi, sin, tanh

from skills.runtime.fields import bounds, checks, grid_points
from skills.runtime.parabolic import Parabolic as Problem
from skills.runtime.scoring.exact import exact_solution
from skills.runtime.scoring.registry import scorers
from skills.runtime.scoring.scored import Score

Write = Callable[..., Path]
GRID = (101, 101)
HEAT: dict[str, Any] = {}
ROBIN = {  # u = exp(-t) cos(x) + x t
    "x": [0, 2], "diffusion": "0.1*(1+x*t)", "advection": "x-0.5", "reaction": "-t", "initial": "cos(x)",
    "source": "-exp(-t)*cos(x)+x+0.1*(1+x*t)*exp(-t)*cos(x)-(x-0.5)*(-exp(-t)*sin(x)+t)+t*(exp(-t)*cos(x)+x*t)",
    "left": {"kind": "robin", "coefficient": "2", "value": "t+2*exp(-t)"}, "right": {"value": "exp(-t)*cos(2)+2*t"},
}  # fmt: skip
FLUX = {  # u = x^2 + 2 k t
    "diffusion": "0.3", "initial": "x**2", "left": {"kind": "neumann"}, "right": {"kind": "neumann", "value": "2"},
}  # fmt: skip
FRONT = {  # u = 1 + 0.5 cos(2 pi (x - t)) exp(-4 pi² k t), periodic
    "diffusion": "0.02", "advection": "-1", "initial": "1 + 0.5*cos(2*pi*x)", "left": {"kind": "periodic"},
    "right": {"kind": "periodic"},
}  # fmt: skip
SHARP = {  # the solution of u_t = k u_xx + source that keeps a front of width 0.05
    "diffusion": "0.01", "initial": "tanh((x-0.5)/0.05)",
    "source": "0.02/0.05**2*tanh((x-0.5)/0.05)/cosh((x-0.5)/0.05)**2",
    "left": {"value": "tanh(-10)"}, "right": {"value": "tanh(10)"},
}  # fmt: skip
FIELDS: dict[str, tuple[dict[str, Any], Callable[..., np.ndarray]]] = {
    "heat": (HEAT, lambda x, t: exp(-0.4 * pi**2 * t) * sin(pi * x)),
    "robin": (ROBIN, lambda x, t: exp(-t) * cos(x) + x * t),
    "flux": (FLUX, lambda x, t: x**2 + 0.6 * t),
    "front": (FRONT, lambda x, t: 1 + 0.5 * exp(-0.08 * pi**2 * t) * cos(2 * pi * (x - t))),
    "sharp": (SHARP, lambda x, t: tanh((x - 0.5) / 0.05)),
}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a predictions file of values at points."""

    def make(name: str, points: np.ndarray, values: np.ndarray) -> Path:
        path = tmp_path / f"{name}.npz"
        np.savez(path, inputs=points, input_names=["x", "t"], outputs=values.reshape(-1, 1), output_names=["u"])
        return path

    return make


def score(name: str, files: dict[str, Path], **params: Any) -> dict[str, Score]:
    return {found.name: found for found in scorers()[name](files, params).scores}


def field(name: str) -> tuple[np.ndarray, np.ndarray]:
    told, known = FIELDS[name]
    points = grid_points(Problem.model_validate(told), GRID)
    return points, known(*points.T)


def physics(write: Write, name: str, change: Callable[..., np.ndarray] = lambda u, x, t: u) -> dict[str, Score]:
    points, values = field(name)
    path = write("predictions", points, change(values, *points.T))
    return score("physics", {"predictions": path}, problem=FIELDS[name][0], grid=list(GRID), subject="delivered")


def value(found: dict[str, Score], name: str) -> float:
    measured = found[name].value
    assert measured is not None, found[name].text
    return measured


@pytest.mark.parametrize("name", FIELDS)
def test_an_exact_field_obeys_its_physics(write: Write, name: str) -> None:
    found = physics(write, name)
    assert value(found, "residual") < (1e-4 if name == "sharp" else 1e-8)
    assert value(found, "initial_error") < 1e-12
    assert value(found, "boundary_error") < 1e-8
    assert {one.subject for one in found.values()} == {"delivered"}
    limit = found["maximum_principle"].value
    assert limit is None or limit < 1e-12


@pytest.mark.parametrize(
    ("change", "broken", "least"),
    [
        (lambda u, x, t: u * exp(-0.1 * t), "residual", 0.005),
        (lambda u, x, t: u + 0.01 * sin(pi * x), "initial_error", 0.009),
        (lambda u, x, t: u + 0.01 * t, "boundary_error", 0.009),
        (lambda u, x, t: u + 0.1 * t * (1 - x), "boundary_error", 0.09),
        (lambda u, x, t: u - 0.2 * t * sin(pi * x), "maximum_principle", 0.15),
        (lambda u, x, t: 0 * u, "initial_error", 0.9),
    ],
)
def test_a_wrong_field_is_exposed_by_the_law_it_breaks(
    write: Write, change: Callable[..., np.ndarray], broken: str, least: float
) -> None:
    assert value(physics(write, "heat", change), broken) > least


@pytest.mark.parametrize("name", ["flux", "robin"])
def test_a_wrong_slope_at_an_end_is_exposed(write: Write, name: str) -> None:
    assert value(physics(write, name, lambda u, x, t: u + 0.05 * t * sin(x)), "boundary_error") > 0.005


def test_a_field_that_is_not_periodic_is_exposed(write: Write) -> None:
    assert value(physics(write, "front", lambda u, x, t: u + 0.1 * t * (x - 0.5)), "boundary_error") > 0.05


def test_data_that_do_not_fit_at_the_corner_do_not_blame_the_true_solution() -> None:
    problem = Problem.model_validate({"initial": "x*(1-x)"})
    series, _ = exact_solution(problem)
    assert series is not None
    points = grid_points(problem, GRID)
    residual, *_ = checks(problem, series(*points.T).reshape(GRID))
    assert residual.value is not None and residual.value < 1e-7
    assert "do not fit at the left and right corner" in residual.text


@pytest.mark.parametrize(
    ("told", "low", "high"),
    [
        (HEAT, 0, 1),
        (
            {"reaction": "-1", "initial": "2 + cos(pi*x)", "left": {"kind": "neumann"}, "right": {"kind": "neumann"}},
            0,
            3,
        ),
        ({"right": {"value": "-t"}}, -1, 1),
        (
            {"initial": "1", "left": {"kind": "robin", "coefficient": "-2", "value": "-8"}, "right": {"value": "1"}},
            1,
            4,
        ),
        ({"source": "x"}, None, "source"),
        ({"reaction": "0.5"}, None, "grow"),
        ({"left": {"kind": "neumann", "value": "1"}}, None, "flux"),
        ({"left": {"kind": "robin", "coefficient": "1"}}, None, "feeds"),
    ],
)
def test_the_maximum_principle_bounds_what_it_can(told: dict[str, Any], low: float | None, high: Any) -> None:
    found = bounds(Problem.model_validate(told))
    if low is None:
        assert high in found.reason
    else:
        assert (found.low, found.high, found.reason) == (pytest.approx(low), pytest.approx(high, rel=1e-5), "")


def drawn(problem: Problem, count: int = 2000) -> np.ndarray:
    low, high = (problem.x[0], problem.t[0]), (problem.x[1], problem.t[1])
    return np.random.default_rng(1).uniform(low, high, size=(count, 2))


def test_the_error_of_a_disturbed_field_is_measured_against_the_exact_solution(write: Write) -> None:
    problem, points = Problem(), drawn(Problem())
    truth = FIELDS["heat"][1](*points.T)
    noise = np.random.default_rng(2).normal(size=len(points)) * 1e-3
    found = score("field_error", {"predictions": write("p", points, truth + noise)}, problem=HEAT, subject="m", seed=3)
    relative = found["relative_l2"]
    assert relative.value == pytest.approx(np.linalg.norm(noise) / np.linalg.norm(truth), rel=1e-9)
    assert relative.low is not None and relative.high is not None
    assert 0.9 * relative.value < relative.low < relative.value < relative.high < 1.1 * relative.value
    assert value(found, "max_error") == pytest.approx(np.abs(noise).max(), rel=1e-9)
    assert "exact eigenfunction series, 1 mode" in relative.text
    assert problem.units.u == found["max_error"].unit


def test_the_interval_is_the_same_for_the_same_seed(write: Write) -> None:
    points = drawn(Problem())
    files = {"predictions": write("p", points, FIELDS["heat"][1](*points.T) + 0.01 * points[:, 0])}
    first, again, other = (
        score("field_error", files, problem=HEAT, subject="m", seed=seed)["relative_l2"] for seed in (3, 3, 4)
    )
    assert (first.low, first.high) == (again.low, again.high) != (other.low, other.high)


def test_without_a_closed_form_the_reference_is_the_truth(write: Write) -> None:
    problem = Problem.model_validate(ROBIN)
    points = drawn(problem)
    truth = FIELDS["robin"][1](*points.T)
    files = {"reference": write("r", points, truth), "half": write("h", points, truth * 1.001)}
    found = score("field_error", {**files, "predictions": write("p", points, truth * 1.01)}, problem=ROBIN, subject="m",
                  seed=0)  # fmt: skip
    assert value(found, "relative_l2") == pytest.approx(0.01)
    assert found["relative_l2"].text == "against the reference"
    for name in ("truth_error", "reference_error"):
        assert value(score(name, files, problem=ROBIN), name) == pytest.approx(0.001)
        assert score(name, {}, problem=ROBIN)[name].value is None


def test_with_a_closed_form_the_reference_is_measured_and_the_truth_needs_none(write: Write) -> None:
    points = drawn(Problem())
    reference = write("r", points, FIELDS["heat"][1](*points.T) * (1 + 1e-6))
    assert value(score("reference_error", {"reference": reference}, problem=HEAT), "reference_error") == pytest.approx(
        1e-6
    )
    for files in ({}, {"reference": reference}):
        found = score("truth_error", files, problem=HEAT, subject="truth")["truth_error"]
        assert found.value is not None and found.value < 1e-14
        assert (found.text, found.subject) == ("exact eigenfunction series, 1 mode", "truth")


@pytest.mark.parametrize("what", ["nan", "two columns", "too few", "other names"])
def test_unusable_predictions_are_unmeasured_and_told(tmp_path: Path, what: str) -> None:
    points = grid_points(Problem(), GRID)
    values = FIELDS["heat"][1](*points.T)[:, None]
    told: dict[str, Any] = {"inputs": points, "input_names": ["x", "t"], "outputs": values, "output_names": ["u"]}
    if what == "nan":
        values[17] = np.nan
    told |= {"two columns": {"outputs": np.hstack([values, values])}, "too few": {"outputs": values[1:]},
             "other names": {"input_names": ["x", "y"]}}.get(what, {})  # fmt: skip
    path = tmp_path / "p.npz"
    np.savez(path, **told)
    found = score("physics", {"predictions": path}, problem=HEAT, grid=list(GRID), subject="m")
    found |= score("field_error", {"predictions": path}, problem=HEAT, subject="m", seed=0)
    assert len(found) == 6
    assert all(one.value is None and one.text for one in found.values())


def test_points_off_the_grid_are_no_physics(write: Write) -> None:
    points = drawn(Problem(), 101 * 101)
    path = write("p", points, FIELDS["heat"][1](*points.T))
    found = score("physics", {"predictions": path}, problem=HEAT, grid=list(GRID), subject="m")
    assert all(one.value is None and "not on the grid" in one.text for one in found.values())


def test_repeats_and_ranges_are_measured(write: Write, tmp_path: Path) -> None:
    points = drawn(Problem(), 5)
    first, other = write("a", points, np.arange(5.0)), write("b", points, np.array([0, 1, 1.5, 3, 4]))
    short, lost = write("c", points[1:], np.arange(4.0)), write("d", points, np.full(5, np.nan))

    def repeat(again: Path) -> float | None:
        return score("prediction_repeat", {"predictions": first, "again": again})["prediction_repeat"].value

    assert (repeat(first), repeat(other), repeat(short), repeat(lost)) == (0.0, 0.5, None, None)
    np.savez(tmp_path / "f.npz", features=np.array([[0.5, -3.0]]))
    assert value(score("scaled_range", {"features": tmp_path / "f.npz"}, subject="m"), "scaled_range") == 3.0
