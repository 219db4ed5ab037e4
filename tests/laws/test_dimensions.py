"""Units are read, terms are compared, and a contradiction names term and units."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills.runtime.dimensions import BASES, BadUnit, Dimension, check, dimension
from skills.runtime.laws import derive, measure, points
from skills.runtime.problem import Problem
from skills.runtime.symbols import Vocabulary, form
from tests.laws.statements import library, solution

VOCABULARY = Vocabulary(("x", "t"), ("u",), ("a", "k", "h"))
HEAT = {"x": "m", "t": "s", "u": "K", "a": "m^2/s"}


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("m^2/s", "m^2 s^-1"), ("m**2 s-1", "m^2 s^-1"), ("m2", "m^2"), ("W/(m K)", "kg m s^-3 K^-1"), ("1/s", "s^-1"),
        ("J kg^-1 K^-1", "m^2 s^-2 K^-1"), ("km/h", "m s^-1"), ("mm", "m"), ("min", "s"), ("N", "kg m s^-2"),
        ("Pa·s", "kg m^-1 s^-1"), ("m^(1/2)", "m^1/2"), ("", "1"), ("1", "1"), ("-", "1"), ("rad/s", "s^-1"),
        ("µm", "m"), ("kg/m^3", "kg m^-3"), ("V/A", "kg m^2 s^-3 A^-2"), ("degC", "K"), ("100 km", "m"),
    ],
)  # fmt: skip
def test_units_are_read_as_powers_of_base_units(text: str, means: str) -> None:
    assert str(dimension(text)) == means


@pytest.mark.parametrize("text", ["N/", "(m", "m)", "zz", "m^", "m^s", "2*", "__import__('os')", "m;s"])
def test_what_is_no_unit_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadUnit, match="the unit"):
        dimension(text)


@given(st.lists(st.integers(-4, 4), min_size=len(BASES), max_size=len(BASES)))
def test_a_dimension_is_read_back_from_how_it_is_told(powers: list[int]) -> None:
    told = Dimension(tuple(Fraction(power) for power in powers))
    assert dimension(str(told)) == told


@given(st.text(max_size=12))
def test_any_text_is_a_unit_or_refused(text: str) -> None:
    try:
        dimension(text)
    except BadUnit:
        return


def found(units: dict[str, str], *equations: str) -> tuple[str, ...]:
    exprs = {f"equation {at}": form(text, VOCABULARY).expr for at, text in enumerate(equations, 1)}
    return check(exprs, VOCABULARY, units).violations


@pytest.mark.parametrize(
    ("units", "equations"),
    [
        (HEAT, ("u_t - a*u_xx", "u - sin(pi*x)", "u - 20")),
        ({**HEAT, "k": "1/m", "h": "1/m"}, ("u_t - a*u_xx", "u - 3*exp(-k*x)", "u_x + h*(u - 20)")),
        ({"x": "m", "t": "s", "u": "m/s", "a": "m^2/s"}, ("u_t + u*u_x - a*u_xx",)),
        ({"u": "K", "t": "s"}, ("u_t - 0.4*u_xx",)),
        ({}, ("u_t - a*u_xx - sin(u)",)),
        ({"t": "s", "u": "1", "a": "1/s^2"}, ("u_tt + a*sin(u)",)),
    ],
)
def test_consistent_problems_have_no_violations(units: dict[str, str], equations: tuple[str, ...]) -> None:
    assert found(units, *equations) == ()


@pytest.mark.parametrize(
    ("units", "equations", "said"),
    [
        ({**HEAT, "a": "m/s"}, ("u_t - a*u_xx",), "-a*u_xx is added to u_t, but m^-1 s^-1 K is not s^-1 K"),
        (HEAT, ("u_t + u*u_x - a*u_xx",), "m^-1 K^2 is not s^-1 K"),
        (HEAT, ("u_t - 0.4*u_xx",), "-0.4*u_xx"),
        (HEAT, ("u_t - a*u_xx - sin(u)",), "u stands in sin, but K is not 1"),
        ({**HEAT, "k": "1/s"}, ("u - exp(-k*x)",), "stands in exp"),
        ({**HEAT, "k": "W"}, ("u_t - a*u_xx - k",), "-k is added to u_t"),
        (HEAT, ("u_t - a*u_xx + k*u", "u_x + k*u"), "equation 2"),
    ],
)
def test_a_contradiction_names_the_term_and_both_units(units: dict, equations: tuple[str, ...], said: str) -> None:
    assert any(said in one for one in found(units, *equations)), found(units, *equations)


def test_units_that_were_not_given_are_inferred_and_data_are_told_how_they_were_read() -> None:
    exprs = {"equation": form("u_t - a*u_xx", VOCABULARY).expr, "start": form("u - 20", VOCABULARY).expr}
    told = check(exprs, VOCABULARY, {"x": "m", "t": "s", "u": "K"})
    assert told.inferred == {"a": "m^2 s^-1"}
    assert told.assumed == ("start: -20 is read in K",)


def test_a_wrong_unit_breaks_the_law_of_dimensions_whatever_the_field() -> None:
    right = library("burgers")
    wrong = Problem.model_validate({**right.model_dump(), "units": {**right.units, "nu": "m/s"}})
    values = solution("burgers", points(right))
    for told, holds in ((right, True), (wrong, False)):
        score = next(score for score in measure(told, values, 1e-4) if score.name == "dimensions")
        assert score.holds is holds
    law = next(law for law in derive(wrong) if law.name == "dimensions")
    assert "u_xx" in law.statement and law.numbers == {"violations": 1.0}
