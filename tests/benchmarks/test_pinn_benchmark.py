"""The benchmark of physics-informed training: its truths solve its problems, its numbers follow from its curves."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest
import sympy

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from against_deepxde import unseen
from against_deepxde.cases import CASES, coefficient_error
from against_deepxde.curves import compared, envelope, error_at, over_seeds, time_to
from against_deepxde.schedules import NAMES, schedules
from against_deepxde.truths import TRUTHS

from skills.runtime.problem import Problem
from skills.runtime.symbols import Form, Vocabulary, form, symbol

UNSEEN = unseen.unseen()
CLOSED = [name for name, problem in UNSEEN.items() if "truth" in problem]


def _largest(problem: Problem, exact: dict[str, sympy.Expr], equation: Form, at: dict[str, float]) -> float:
    """The equation's largest value on random points, the fields and their derivatives put in."""
    put = {}
    for partial in equation.partials:
        steps = [(symbol(n), times) for n, times in zip(problem.names, partial.orders, strict=True) if times]
        name = problem.vocabulary.name(partial)
        put[symbol(name)] = sympy.diff(exact[partial.field], *steps) if steps else exact[partial.field]
    numbers = {symbol(name): value for name, value in {**problem.parameters, **at}.items()}
    whole = equation.expr.subs(put).subs(numbers)
    free = [symbol(name) for name in problem.names]
    rng = np.random.default_rng(0)
    points = [rng.uniform(axis.low, axis.high, 40) for axis in problem.coordinates]
    return float(np.max(np.abs(sympy.lambdify(free, whole, "numpy")(*points) + np.zeros(40))))


@pytest.mark.parametrize("name", [*CLOSED, "sine_gordon_kinks"])
def test_a_closed_truth_solves_the_problem_that_is_stated(name: str) -> None:
    stated = UNSEEN[name]
    problem = Problem.model_validate(unseen.stated(stated))
    if name in CLOSED:
        words = Vocabulary(problem.names, (), tuple(problem.parameters))
        exact = {field: form(text, words).expr for field, text in stated["truth"].items()}
    else:
        x, t = symbol("x"), symbol("t")
        exact = {"u": 4 * sympy.atan(sympy.Rational(4, 3) * sympy.sin(0.6 * t) / sympy.cosh(0.8 * x))}
    for equation in problem.forms:
        scale = 1 + max(_largest(problem, exact, term, {}) for term in equation.terms)
        assert _largest(problem, exact, equation, {}) < 1e-9 * scale
    for condition, equations in zip(problem.conditions, problem.condition_forms, strict=True):
        for equation in equations:
            assert _largest(problem, exact, equation, condition.at) < 1e-8


@pytest.mark.parametrize("name", ["kuramoto_sivashinsky", "cahn_hilliard", "gray_scott"])
def test_a_solved_truth_starts_where_the_problem_starts_and_keeps_its_equation(name: str) -> None:
    """The time derivative by differences of close times against the right-hand side by the problem's own symbols."""
    problem = Problem.model_validate(unseen.stated(UNSEEN[name]))
    axis, n, h = problem.axis("x"), 96, 2e-3
    x = axis.low + axis.length * np.arange(n) / n
    times = h * np.arange(61)
    points = np.stack([np.tile(x, len(times)), np.repeat(times, n)], axis=1)
    found = unseen._spectral(UNSEEN[name], points, n, 2).reshape(len(times), n, len(problem.fields))
    k = 2j * np.pi * np.fft.fftfreq(n, 1 / n) / axis.length
    values: dict[str, np.ndarray | float] = {"x": x, "t": times[-2], **problem.parameters}
    for place, field in enumerate(problem.fields):
        modes = np.fft.fft(found[-2, :, place])
        values |= {f"{field}{'_' + 'x' * o if o else ''}": np.fft.ifft(k**o * modes).real for o in range(5)}
        values[f"{field}_t"] = (found[-1] - found[-3])[:, place] / (2 * h)
    for equation in problem.forms:
        assert np.max(np.abs(equation(values))) < 1e-3 * np.max(np.abs(values["u_t"]))
    begun = {"x": x, "t": 0.0, **dict(zip(problem.fields, found[0].T, strict=True))}
    for equation in problem.condition_forms[0]:
        assert np.max(np.abs(equation(begun))) < 1e-10


def test_the_truths_of_the_cases_hold_their_initial_and_boundary_values() -> None:
    for name in ("heat", "burgers", "wave"):
        problem = Problem.model_validate(CASES[name].problem)
        axis = problem.axis("x")
        x = np.linspace(axis.low, axis.high, 9)
        found, error = TRUTHS[name](np.stack([np.tile(x, 2), np.repeat([0.0, 0.5], 9)], axis=1))
        at = {"x": x, "t": 0.0, "u": found[:9, 0], **problem.parameters}
        assert np.max(np.abs(problem.condition_forms[0][0](at))) < 1e-9
        assert np.max(np.abs(found[[9, -1]])) < 1e-9
        assert error < 1e-9


def test_every_case_has_the_documented_the_short_and_the_float64_schedule() -> None:
    for name in CASES:
        assert {"documented", "short", "float64"} <= set(schedules(name)) <= set(NAMES)
        assert schedules(name)["short"].adam < schedules(name)["documented"].adam


def test_the_peer_is_the_best_of_its_runs_at_each_time() -> None:
    curve = envelope([(10, 0.1), (1, 0.5), (5, 0.7), (20, 0.2), (30, 0.01), (2, 1e300)])
    assert curve == [(1, 0.5), (10, 0.1), (30, 0.01)]
    assert (time_to(curve, 0.1), error_at(curve, 29)) == (10, 0.1)
    assert time_to(curve, 1e-3) == math.inf


def test_the_peer_arrives_when_it_is_near_its_final_error_and_we_must_reach_the_error_itself() -> None:
    peer = envelope([(1, 1.0), (100, 1.05e-3), (200, 1e-3)])
    told = compared(peer, envelope([(4, 1.02e-3), (5, 1e-5), (60, 1e-9)]))
    assert (told["peer_s"], told["our_s"], told["time_ratio"]) == (100, 5, 0.05)
    assert told["error_ratio"] == pytest.approx(100)


def test_what_was_never_reached_is_told_as_none() -> None:
    peer = envelope([(1, 1e-3)])
    told = over_seeds([compared(peer, envelope([(5, 0.1)]))])
    assert told["time_ratio"]["median"] is None
    assert told["error_ratio"]["median"] == 0


def test_a_missing_coefficient_is_an_infinite_error() -> None:
    assert coefficient_error({"a": 1.0}, {"a": 1.0, "b": 2.0}) == math.inf
    assert coefficient_error({"a": 1.1}, {"a": 1.0}) == pytest.approx(0.1)
