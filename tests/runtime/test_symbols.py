"""Equations in symbols: what is read, what is refused, derivatives and values; and the problem that they make."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from skills.runtime.expression import BadExpression
from skills.runtime.problem import Problem
from skills.runtime.symbols import Vocabulary, form

WORDS = Vocabulary(("x", "t"), ("u", "v"), ("nu",))
BURGERS: dict[str, Any] = {
    "name": "burgers",
    "coordinates": [{"name": "x", "low": -1, "high": 1}, {"name": "t", "low": 0, "high": 1}],
    "fields": ["u"],
    "equations": ["u_t + u*u_x - nu*u_xx"],
    "parameters": {"nu": 0.01},
    "conditions": [
        {"at": {"t": 0}, "equations": ["u + sin(pi*x)"]},
        {"at": {"x": -1}, "equations": ["u"]},
        {"at": {"x": 1}, "equations": ["u"]},
    ],
}


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "u.x", "u[0]", "lambda: u", "u_t if u else v", "u_xxxxx", "w", "u_y", "_u", "u__x",
     "9**9**9**9", "u**99", "u/0", "1e999*u", "u < v", "exp", "exp(u, v)", "", "u;v", "u" + "+u" * 300],
)  # fmt: skip
def test_anything_but_a_formula_in_known_names_is_refused(text: str) -> None:
    with pytest.raises(BadExpression):
        form(text, WORDS)


def test_a_derivative_has_one_name_however_it_is_spelt() -> None:
    assert form("u_tx", WORDS).names == form("u_xt", WORDS).names == {"u_xt"}
    assert WORDS.partial("v_xxt").orders == (2, 1)  # type: ignore[union-attr]


def test_a_form_knows_whether_it_is_linear_in_the_fields() -> None:
    assert form("u_t - nu*u_xx + sin(x)*v", WORDS).linear
    assert not form("u_t + u*u_x", WORDS).linear
    assert not form("u_t*v_x", WORDS).linear


@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(-2, 2))
def test_the_derivative_of_a_form_is_its_rate_of_change(u: float, slope: float, x: float) -> None:
    one = form("exp(u)*u_x**3 + tanh(x*u) - cosh(u_x)/(1 + u**2)", WORDS)
    at = {"u": u, "u_x": slope, "x": x}
    for name in at:
        step = 1e-6
        above, below = (float(one({**at, name: at[name] + side * step})) for side in (1, -1))
        assert float(one.by(name)(at)) == pytest.approx((above - below) / (2 * step), rel=1e-5, abs=1e-5)


@given(st.floats(-3, 3), st.floats(0.1, 3))
def test_a_form_has_the_value_of_its_text(u: float, nu: float) -> None:
    value = form("sqrt(nu)*u**2 - abs(u)**3/nu + 2**u - log(nu) + pi", WORDS)({"u": np.array([u]), "nu": nu})
    assert value[0] == pytest.approx(
        math.sqrt(nu) * u**2 - abs(u) ** 3 / nu + 2**u - math.log(nu) + math.pi, rel=1e-12, abs=1e-12
    )


def test_a_value_out_of_range_is_not_finite_and_no_exception() -> None:
    assert not np.isfinite(form("1/u", WORDS)({"u": np.zeros(1)}))[0]
    assert np.isnan(form("log(u)", WORDS)({"u": -1.0}))


def test_the_terms_of_a_form_add_up_to_it() -> None:
    one = form("u_t + u*(u_x - nu*v) - nu*u_xx", WORDS)
    at = {name: np.array([0.3 + place]) for place, name in enumerate(sorted(one.names))}
    assert len(one.terms) == 4
    assert sum(term(at) for term in one.terms) == pytest.approx(one(at))


def test_a_problem_keeps_the_order_of_its_coordinates_and_finds_its_derivatives() -> None:
    made = Problem.model_validate(BURGERS)
    assert made.names == ("x", "t") and made.space == ("x",) and made.timed and not made.linear
    assert (made.order("x"), made.order("t")) == (2, 1)
    assert {made.vocabulary.name(partial) for partial in made.partials} == {"u", "u_x", "u_t", "u_xx"}
    assert Problem.model_validate_json(made.model_dump_json()) == made


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"equations": ["u_t + foo*u_x"]}, "foo"),
        ({"equations": ["u_t", "u_x"]}, "2 equations for 1 fields"),
        ({"parameters": {"nu": 1.0, "u": 2.0}}, "used twice"),
        ({"periodic": ["y"]}, "no coordinate"),
        ({"conditions": [{"at": {"x": 0.5}, "equations": ["u"]}]}, "no face"),
        ({"coordinates": [{"name": "x", "low": 1, "high": 1}, {"name": "t", "low": 0, "high": 1}]}, "must be larger"),
        ({"exact": {"v": "x"}}, "every field"),
        ({"exact": {"u": "x + u_x"}}, "u_x"),
    ],
)
def test_what_cannot_be_a_problem_is_refused(change: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Problem.model_validate({**BURGERS, **change})


def test_unknown_coefficients_can_be_given_values() -> None:
    sought = {**BURGERS, "parameters": {}, "unknown": {"nu": {"low": 0.0, "high": 1.0, "guess": 0.5}}}
    made = Problem.model_validate(sought)
    assert made.inverse and made.guesses() == {"nu": 0.5}
    known = made.with_values(nu=0.25)
    assert not known.inverse and known.parameters == {"nu": 0.25}


def test_exact_values_have_one_column_a_field() -> None:
    exact = Problem.model_validate({**BURGERS, "exact": {"u": "nu*x + t"}})
    points = np.array([[0.5, 1.0], [-1.0, 0.0]])
    assert exact.exact_values(points) == pytest.approx(np.array([[1.005], [-0.01]]))


@pytest.mark.parametrize(
    "text", ["(u + x + t + 1)**9*(u - x + t + 2)**9", "((u + x + t)**6)**6", "exp((x + t + u + 1)**20)"]
)
def test_what_would_expand_to_thousands_of_terms_is_refused_at_once(text: str) -> None:
    with pytest.raises(BadExpression, match="terms"):
        form(text, WORDS)


def test_a_bound_on_terms_leaves_usual_equations_alone() -> None:
    assert form("u_t - (nu*(1 + u**2)*u_xx + 2*nu*u*u_x**2) + (x + t + u)**4 - exp(-(x - 1)**2/2)", WORDS).terms
