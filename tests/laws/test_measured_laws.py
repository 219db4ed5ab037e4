"""Exact solutions keep every law of their problem, and spoiled ones are found out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from skills.runtime.laws import Law, LawScore, derive, measure, points
from tests.laws.statements import FIXED, UNIT, Places, problem, solution, stated

EXACT = (
    "heat", "heat_2d", "insulated", "inflow", "wave", "damped wave", "advection", "burgers", "kdv", "fisher_kpp",
    "schrodinger", "schrodinger on a ring", "poisson", "laplace", "helmholtz", "kovasznay", "harmonic_oscillator",
)  # fmt: skip
TOLERANCE = 1e-4


def measured(name: str, values: np.ndarray, held: tuple[Law, ...] = ()) -> dict[str, LawScore]:
    return {score.name: score for score in measure(problem(name), values, TOLERANCE, held)}


@pytest.mark.parametrize("name", EXACT)
def test_an_exact_solution_keeps_all_laws_and_all_are_measured(name: str) -> None:
    scores = measured(name, solution(name, points(problem(name))))
    assert {law.name for law in derive(problem(name)) if law.applies and law.tested} == set(scores)
    for score in scores.values():
        assert score.value is not None and score.value < 1e-6, score
        assert score.error < 1e-5, score
        assert score.holds


@pytest.mark.parametrize(
    ("name", "law", "spoil"),
    [
        ("insulated", "mass", lambda u, t: u * (1 + 0.03 * t)),
        ("insulated", "energy", lambda u, t: u * (1 + 0.03 * t)),
        ("heat", "mass", lambda u, t: u * (1 + 0.1 * t)),
        ("heat_2d", "energy", lambda u, t: u * (1 + 0.3 * t)),
        ("wave", "energy", lambda u, t: u * (1 + 0.1 * t)),
        ("damped wave", "energy", lambda u, t: u * (1 + 0.1 * t)),
        ("advection", "energy", lambda u, t: u * exp_of(-t)),
        ("burgers", "energy", lambda u, t: u * (1 + 0.1 * t)),
        ("burgers", "maximum_principle", lambda u, t: u * 1.01),
        ("kdv", "momentum", lambda u, t: u * (1 + 0.03 * t)),
        ("kdv", "energy", lambda u, t: u * (1 + 0.03 * t)),
        ("schrodinger on a ring", "norm", lambda u, t: u * (1 + 0.1 * t)),
        ("poisson", "flux", lambda u, t: u * 1.05),
        ("helmholtz", "energy", lambda u, t: u * 1.1),
        ("kovasznay", "mass", lambda u, t: u + 0.02 * t[:, None] * np.array([0.0, 1.0, 0.0])),
        ("kovasznay", "momentum_u", lambda u, t: u * 1.05),
        ("harmonic_oscillator", "energy", lambda u, t: u * (1 + 0.01 * t)),
        ("heat", "symmetry_x", lambda u, t: u * (1 + 0.01 * np.linspace(0, 1, len(u))[:, None])),
    ],
)  # fmt: skip
def test_a_spoiled_solution_breaks_the_law(name: str, law: str, spoil: object) -> None:
    where = points(problem(name))
    last = where[:, -1] if name == "kovasznay" else where[:, -1:]
    score = measured(name, spoil(solution(name, where), last))[law]  # type: ignore[operator]
    assert score.holds is False, score


def exp_of(values: np.ndarray) -> np.ndarray:
    return np.exp(0.1 * values)


def test_a_field_that_differs_by_the_tolerance_keeps_all_laws() -> None:
    where = points(problem("heat"))
    ripple = TOLERANCE * np.sin(3 * np.pi * where[:, :1]) * np.cos(2 * where[:, 1:])
    assert all(score.holds for score in measured("heat", solution("heat", where) + ripple).values())


def test_a_front_too_thin_for_the_points_neither_keeps_nor_breaks_what_rests_on_its_slope() -> None:
    ends: Places = [({"t": 0}, ["u + tanh(x/(2*nu))"]), ({"x": -1}, ["u - 1"]), ({"x": 1}, ["u + 1"])]
    box = {"x": (-1.0, 1.0), "t": (0.0, 1.0)}
    thin = stated(box, "u", ["u_t + u*u_x - nu*u_xx"], ends, parameters={"nu": 1e-4})
    values = -np.tanh(points(thin)[:, :1] / 2e-4)
    scores = {score.name: score for score in measure(thin, values, TOLERANCE)}
    assert scores["mass"].holds
    assert scores["energy"].value is None and scores["energy"].holds is None
    assert "too much to tell" in scores["energy"].text


def test_a_layer_that_clashing_data_make_is_left_out_and_told() -> None:
    """Heat from u = 1 between ends at 0: the flux through the ends is infinite at first."""
    told = stated(UNIT, "u", ["u_t - 0.4*u_xx"], [({"t": 0}, ["u - 1"]), *FIXED])
    x, t = points(told).T
    terms = (4 / (n * np.pi) * np.sin(n * np.pi * x) * np.exp(-0.4 * (n * np.pi) ** 2 * t) for n in range(1, 400, 2))
    values = np.where(t == 0, 1.0, sum(terms))[:, None]
    for spoiled, holds in ((1.0, True), (1 + t[:, None], False)):
        scores = {score.name: score for score in measure(told, values * spoiled, TOLERANCE)}
        assert scores["mass"].holds is scores["energy"].holds is holds
    assert "times before 0.25 are left out, the initial data miss u = 0 at x = 0" in scores["mass"].text


def test_noise_breaks_an_energy_of_slopes() -> None:
    where = points(problem("wave"))
    rough = solution("wave", where) + 0.01 * np.random.default_rng(0).standard_normal((len(where), 1))
    assert measured("wave", rough)["energy"].holds is False


def test_numbers_of_laws_derived_before_count() -> None:
    laws = tuple(
        law.model_copy(update={"numbers": {"start": 1.1}}) if law.name == "mass"
        else law.model_copy(update={"numbers": {"lower_bound": 0.0, "upper_bound": 1.5}})
        if law.name == "maximum_principle" else law
        for law in derive(problem("insulated"))
    )  # fmt: skip
    scores = measured("insulated", solution("insulated", points(problem("insulated"))), laws)
    assert scores["mass"].value == pytest.approx(0.1, rel=1e-6)
    assert scores["maximum_principle"].value == pytest.approx(1 / 3, rel=1e-6)
    assert scores["energy"].holds


def test_values_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        measure(problem("heat"), np.full((len(points(problem("heat"))), 1), np.nan), TOLERANCE)


@pytest.mark.parametrize("name", ["heat", "wave", "heat_2d", "poisson", "lorenz", "kdv"])
def test_points_are_the_same_every_time_inside_the_box_and_few_enough(name: str) -> None:
    found = points(problem(name))
    assert np.array_equal(found, points(problem(name)))
    assert len(found) < 60_000
    for column, axis in zip(found.T, problem(name).coordinates, strict=True):
        assert (column.min(), column.max()) == (axis.low, axis.high)


FLOWS: dict[str, Callable[[np.ndarray], list[float]]] = {
    "lotka_volterra": lambda y: [1.1 * y[0] - 0.4 * y[0] * y[1], 0.1 * y[0] * y[1] - 0.4 * y[1]],
    "pendulum as a system": lambda y: [y[1], -9.81 * np.sin(y[0])],
    "damped pendulum as a system": lambda y: [y[1], -0.3 * y[1] - 9.81 * np.sin(y[0])],
    "rigid body": lambda y: [2 * y[1] * y[2], -3 * y[0] * y[2], y[0] * y[1]],
    "epidemic": lambda y: [-2 * y[0] * y[1], 2 * y[0] * y[1] - 0.5 * y[1], 0.5 * y[1]],
}


def trajectory(name: str, times: np.ndarray) -> np.ndarray:
    """By the classical Runge-Kutta method, two steps between neighbouring times."""
    flow = FLOWS[name]
    start = {"lotka_volterra": [10.0, 5.0], "rigid body": [1.0, 0.5, 0.2], "epidemic": [0.99, 0.01, 0.0]}
    state = np.array(start.get(name, [1.0, 0.0]))
    found = [state]
    for step in np.diff(times) / 2:
        for _ in range(2):
            one = np.array(flow(state))
            two = np.array(flow(state + step / 2 * one))
            three = np.array(flow(state + step / 2 * two))
            state = state + step / 6 * (one + 2 * two + 2 * three + np.array(flow(state + step * three)))
        found.append(state)
    return np.array(found)


@pytest.mark.parametrize("name", FLOWS)
def test_trajectories_keep_first_integrals_and_energies_and_one_that_drifts_does_not(name: str) -> None:
    times = points(problem(name))[:, 0]
    path = trajectory(name, times)
    for score in measured(name, path).values():
        assert score.value is not None and score.value < 1e-7, score
    drifting = measured(name, path * (1 + 0.01 * times[:, None]))
    assert any(score.holds is False for score in drifting.values())
