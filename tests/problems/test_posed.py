"""Well-posed problems pass, ill-posed ones are refused with the reason; what cannot be decided is a note."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.errors import IllPosed, NotAvailable
from orchestrator.problems import Problem, pose
from orchestrator.problems.posed_units import Ledger
from orchestrator.problems.symbols import expression
from orchestrator.problems.units import dimension
from orchestrator.problems.vocabulary import Vocabulary
from skills.runtime import dimensions as boxed
from skills.runtime.problem import Problem as Boxed
from skills.runtime.symbols import Vocabulary as BoxedVocabulary
from tests.problems.ill import ILL_POSED
from tests.problems.varied import WELL_POSED, X1T, told


@pytest.mark.parametrize("name", WELL_POSED)
def test_a_well_posed_problem_passes_and_the_box_reads_it(name: str) -> None:
    posed = pose(Problem(**WELL_POSED[name]))
    assert Boxed.model_validate(posed.problem).forms


@pytest.mark.parametrize("name", ILL_POSED)
def test_an_ill_posed_problem_is_refused_with_the_reason(name: str) -> None:
    statement, word = ILL_POSED[name]
    with pytest.raises(IllPosed, match=re.escape(word)) as caught:
        pose(Problem(**statement))
    assert caught.value.exit_code == 42 and caught.value.remedy


@pytest.mark.parametrize(
    ("equation", "conditions", "surplus", "missing"),
    [
        ("u_t = u_xx", ["u(x,0) = sin(pi*x)", "u(x,1) = 0", "u(0,t) = 0"], "'u' = 0 at t = 1", "at x = 1 is missing"),
        ("u_tt = u_xx", ["u(x,0) = sin(pi*x)", "u(x,1) = 0", "u(0,t) = 0", "u(1,t) = 0"], "'u' = 0 at t = 1",
         "for u_t at t = 0 is missing"),
        ("u_t = u_xx", ["u_t(x,0) = 0", "u(0,t) = 0"], "'u_t' = 0 at t = 0 has the wrong order", "x = 1 is missing"),
        ("u_t = u_xx", ["u(x,0) = 0", "u(0,t) = 0", "u_x(0,t) = 0"], "x = 0 is one too many", "x = 1 is missing"),
    ],
)  # fmt: skip
def test_what_is_too_much_and_what_is_missing_are_both_named(
    equation: str, conditions: list[str], surplus: str, missing: str
) -> None:
    with pytest.raises(IllPosed) as caught:
        pose(Problem(equations=[equation], domain={"x": (0, 1), "t": (0, 1)}, conditions=conditions))
    assert surplus in caught.value.message and missing in caught.value.message


def test_a_face_with_two_conditions_of_one_field_and_none_of_another_says_whose() -> None:
    statement, _ = ILL_POSED["two conditions on one of two fields"]
    with pytest.raises(IllPosed, match="u stands in 2 of them, v stands in none of them"):
        pose(Problem(**statement))


@pytest.mark.parametrize("end", ["infinity", "oo", "∞", "inf", float("inf")])
def test_an_infinite_domain_is_refused_with_a_finite_one_to_take(end: Any) -> None:
    problem = Problem(equations=["u_t = u_xx"], domain={"x": (2, end), "t": (0, 1)}, conditions=["u(x,0) = 0"])
    with pytest.raises(IllPosed, match=r"domain of x is infinite .* must be bounded") as caught:
        pose(problem)
    assert "x in [2.0, 2.0 + 10]" in caught.value.remedy


def test_a_terminal_value_problem_is_given_back_as_the_forward_problem_that_it_is() -> None:
    statement: dict[str, Any] = told(
        "V_t + 0.02 s^2 V_ss + 0.05 s V_s - 0.05 V = 0", {"s": (0, 4), "t": (0, 1)},
        ["V(s,1) = log(1+exp(20*(s-1)))/20", "V(0,t) = 0", "V(4,t) = 4 - exp(-0.05*(1-t))"],
    )  # fmt: skip
    with pytest.raises(NotAvailable, match="well posed backwards") as caught:
        pose(Problem(**statement))
    turned = re.search(r"1\): (.*) = 0, with", caught.value.remedy)
    assert turned
    conditions = ["V(s,0) = log(1+exp(20*(s-1)))/20", "V(0,t) = 0", "V(4,t) = 4 - exp(-0.05*t)"]
    posed = pose(Problem(**{**statement, "equations": turned[1], "conditions": conditions}))
    assert "depends on the place" in posed.notes[0]  # at s = 0 the equation degenerates


@pytest.mark.parametrize(
    ("statement", "note"),
    [
        (WELL_POSED["two-point problem"], "not decided"),
        (WELL_POSED["hot lid"], "singular"),
        (told("u_t = u_xx", X1T, ["u(x,0) = sin(pi*x)", "u_x(0,t) = 0", "u(1,t) = 0"]), "layer"),
        (told("u_t = u_xx", X1T, ["u(x,0) = x*(1-x)", "periodic"]), "slope"),
        (told("u_xt = sin(u)", X1T, ["u(x,0) = x", "u(0,t) = 0"]), "could not be decided"),
    ],
)
def test_what_cannot_be_decided_passes_and_is_told(statement: dict[str, Any], note: str) -> None:
    assert any(note in one for one in pose(Problem(**statement)).notes)


@settings(derandomize=True, max_examples=12, deadline=None)
@given(st.floats(0.001, 10), st.floats(-5, 5), st.floats(-5, 5), st.booleans(), st.booleans())
def test_heat_with_drift_and_reaction_is_refused_exactly_when_diffusion_is_negative(
    diffusion: float, drift: float, rate: float, backward: bool, flux: bool
) -> None:
    end = "u_x(1,t) = 0" if flux else "u(1,t) = 0"
    statement = told(
        "u_t = D*u_xx + b*u_x + c*u", X1T, ["u(x,0) = sin(pi*x)^2", "u(0,t) = 0", end],
        parameters={"D": -diffusion if backward else diffusion, "b": drift, "c": rate},
    )  # fmt: skip
    if backward:
        with pytest.raises(IllPosed, match="backward diffusion"):
            pose(Problem(**statement))
    else:
        pose(Problem(**statement))


@settings(derandomize=True, max_examples=12, deadline=None)
@given(st.floats(0.01, 10), st.booleans(), st.sampled_from(["left", "right", "both", "none"]))
def test_advection_takes_a_value_where_it_enters_and_nowhere_else(speed: float, leftward: bool, given: str) -> None:
    ends = {"left": ["u(0,t) = 0"], "right": ["u(1,t) = 0"], "both": ["u(0,t) = 0", "u(1,t) = 0"], "none": []}[given]
    statement = told(
        "u_t + c*u_x = 0", X1T, ["u(x,0) = sin(pi*x)", *ends], parameters={"c": -speed if leftward else speed}
    )
    if given == ("right" if leftward else "left"):
        pose(Problem(**statement))
    else:
        with pytest.raises(IllPosed, match=r"missing|one too many"):
            pose(Problem(**statement))


UNITS = (
    "m^2/s",
    "W/(m*K)",
    "1",
    "1/s",
    "kg m s^-2",
    "J/mol",
    "km h^-1",
    "m2",
    "Pa*s",
    "",
    "m^(1/2)",
    "N/m^2",
    "mm/day",
    "%",
)
NO_UNITS = ("parsec", "m^", "(m", "m)", "m^x", "m//s")


def test_units_are_read_as_the_box_reads_them() -> None:
    for text in UNITS:
        assert dimension(text).powers == boxed.dimension(text).powers
    for text in NO_UNITS:
        with pytest.raises(boxed.BadUnit):
            boxed.dimension(text)
        with pytest.raises(IllPosed, match=re.escape(repr(text))):
            dimension(text)


@pytest.mark.parametrize(
    "equation",
    [
        "u_t - k*u_xx",
        "u_t - k*u_x",
        "u_t + u*u_x - k*u_xx",
        "u_t - k*sin(x)*u_xx",
        "u_t - u + 3",
        "u_t - exp(-k*t)*u_xx",
    ],
)
def test_dimensions_are_checked_as_the_box_checks_them(equation: str) -> None:
    units = {"x": "m", "t": "s", "u": "m/s", "k": "m^2/s"}
    ledger = Ledger(Vocabulary(("x", "t"), ("u",), ("k",)), {name: dimension(text) for name, text in units.items()})
    ledger.look("equation", expression(equation))
    theirs = boxed.check({"equation": expression(equation)}, BoxedVocabulary(("x", "t"), ("u",), ("k",)), units)
    assert tuple(ledger.violations) == theirs.violations


def test_a_source_that_would_expand_to_thousands_of_terms_is_refused_at_once() -> None:
    with pytest.raises(IllPosed, match="terms"):
        pose(
            Problem(
                equations=["u_xx + u_yy = (x + y + sin(x) + 1)**32*(x - y + cos(y) + 2)**32"],
                domain={"x": (0, 1), "y": (0, 1)},
                conditions=["u = 0 on the boundary"],
            )
        )


def test_a_letter_without_a_value_is_asked_for_one_and_an_inverse_function_is_not_taken_for_its_like() -> None:
    ends = ["u(x, 0) = sin(pi*x)", "u(0, t) = 0", "u(1, t) = 0"]
    with pytest.raises(IllPosed, match="unknown symbol 'k'") as refused:
        pose(Problem(**told("u_t = k*u_xx", X1T, ends)))
    assert "e.g. `k = 0.1`" in refused.value.remedy
    with pytest.raises(IllPosed, match="unknown symbol 'arctan'") as refused:
        pose(Problem(**told("u_t = u_xx + arctan(x)", X1T, ends)))
    assert "did you mean" not in str(refused.value)
