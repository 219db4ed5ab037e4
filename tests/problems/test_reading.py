"""What users write, in the normal form: notations, conditions, places, and text that tries to be code."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.errors import BadInput, IllPosed, NotAvailable
from orchestrator.problems import Problem, normal
from orchestrator.problems.formula import equation, formula
from orchestrator.problems.vocabulary import Vocabulary
from skills.runtime.problem import Problem as Boxed
from skills.runtime.symbols import Vocabulary as BoxedVocabulary
from skills.runtime.symbols import form as boxed_form
from tests.problems.varied import WELL_POSED
from tests.runtime.test_expression import ATTACKS, FORMULAS

NAMES = Vocabulary(("x", "y", "t"), ("u", "v"), ("nu", "Du", "k"), {"D_u": "Du"})
EQUATIONS = {
    "u_t + u*u_x = nu*u_xx": "u_t + u*u_x - nu*u_xx",
    "u_t + u u_x = ν u_xx": "u_t + u*u_x - nu*u_xx",
    "∂u/∂t + u ∂u/∂x = ν ∂²u/∂x²": "u_t + u*u_x - nu*u_xx",
    "du/dt = nu d2u/dx2": "u_t - nu*u_xx",
    "ut + u ux - nu uxx": "u_t + u*u_x - nu*u_xx",
    r"\frac{\partial u}{\partial t} = \nu \frac{\partial^2 u}{\partial x^2}": "u_t - nu*u_xx",
    "d^2u/dxdt": "u_xt",
    "u_{tx} = v_{yy}": "u_xt - v_yy",
    "u_t = D_u laplace(u) + k u(1-u)": "u_t - Du*(u_xx + u_yy) - k*u*(1 - u)",
    "u_t = Δu": "u_t - (u_xx + u_yy)",
    "∇²u = -k^2 u": "u_xx + u_yy + k**2*u",
    "laplace(laplace(u)) = 1": "u_xxxx + u_xxyy + u_xxyy + u_yyyy - 1",
    "div(u, v) = 0": "u_x + v_y",
    "u_t = d/dx(k*u*u_x)": "u_t - k*u*u_xx - k*u_x**2",
    "u_t + (u^2/2)_x = 0": "u_t + u*u_x",
    "diff(u, x, 2) + diff(u, y, y) = sin 2 pi x": "u_xx + u_yy - sin(2*pi*x)",
    "u(x, y, t) + 2u_x(x,y,t) = sin^2(x)": "u + 2*u_x - sin(x)**2",
    "u_t = -u": "u_t + u",
    "u_t = sech^2(x) ln(x) |u|": "u_t - log(x)/cosh(x)**2*abs(u)",
}  # fmt: skip


@pytest.mark.parametrize("text", EQUATIONS)
def test_an_equation_is_read_as_it_is_written_by_hand_or_in_tex(text: str) -> None:
    found = equation(text, NAMES)
    box = BoxedVocabulary(NAMES.coordinates, NAMES.fields, NAMES.numbers)
    gap = boxed_form(found, box).expr - boxed_form(EQUATIONS[text], box).expr
    assert gap.expand() == 0


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("u_t = 1/2pi", "two ways"), ("u_t = foo(u)", "'foo'"), ("u_t = nuu", "did you mean 'nu'"),
        ("u_t = u =", "one"), ("u_t = u_z", "no coordinate"), ("diff(u, nu)", "no coordinate"), ("div(u)", "parts"),
        ("u_t = (u", "expression"),
        ("laplace(u, v)", "takes one"), ("u_t = abs(u)_x", "cannot be written"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(text: str, word: str) -> None:
    with pytest.raises(IllPosed, match=word.replace("(", r"\(")):
        equation(text, NAMES)


def test_a_fifth_derivative_is_understood_and_not_available() -> None:
    with pytest.raises(NotAvailable, match="order 5"):
        equation("u_t + u_xxxxx", NAMES)


# A list of one is the implicit product with a bracket here; names that the vocabulary of this test knows are no attack.
CODE = [text for text in ATTACKS if text not in ("[x]", "y", "1e999", "x = 1", "x\nt")]


@pytest.mark.parametrize("text", CODE)
def test_text_that_tries_to_be_code_is_refused_wherever_it_stands(text: str) -> None:
    told: dict[str, Any] = {
        "equations": ["u_t = u_xx"], "domain": {"x": (0, 1), "t": (0, 1)},
        "conditions": ["u(x,0) = 0", "u(0,t) = 0", "u(1,t) = 0"],
    }  # fmt: skip
    plain = Vocabulary(("x", "t"), ("u",))
    with pytest.raises(IllPosed):
        formula(text, plain)
    for change in (
        {"equations": [f"u_t = {text}"]}, {"conditions": [f"u(x,0) = {text}"]}, {"exact": {"u": text}},
        {"parameters": {"k": text}}, {"domain": {"x": (0, text), "t": (0, 1)}}, {"conditions": [f"u({text}, t) = 0"]},
        {"conditions": [{"at": f"x = {text}", "is": "u = 0"}]},
    ):  # fmt: skip
        with pytest.raises((IllPosed, BadInput)):
            normal(Problem(**{**told, **change}))


CONDITIONS = {
    "u(x, 0) = -sin(pi*x)": [({"t": 0.0}, "u + sin(pi*x)")],
    "u(-1, t) = 0": [({"x": -1.0}, "u")],
    "u(-1,t) = u(1,t) = 2": [({"x": -1.0}, "u - 2"), ({"x": 1.0}, "u - 2")],
    "u_x(1, t) + 2u(1, t) = 0": [({"x": 1.0}, "u_x + 2*u")],
    "du/dx(1, t) = 3": [({"x": 1.0}, "u_x - 3")],
    "u(x=-1, t) = t": [({"x": -1.0}, "u - t")],
    "u = 0 at x = -1": [({"x": -1.0}, "u")],
    "u = 0 at x = -1 and x = 1": [({"x": -1.0}, "u"), ({"x": 1.0}, "u")],
    "x = 1: u_x = 0": [({"x": 1.0}, "u_x")],
    "u_n = 0 on the boundary": [({"x": -1.0}, "-u_x"), ({"x": 1.0}, "u_x")],
    "u = u_x = 0 at x = 1": [({"x": 1.0}, "u"), ({"x": 1.0}, "u_x")],
    "u(x_high, t_low) = 0": [({"x": 1.0, "t": 0.0}, "u")],
    "u(x, 0) = sin(pi*(x - x_mid)/x_half)": [({"t": 0.0}, "u - sin(pi*x)")],
}  # fmt: skip


def stated(**changes: Any) -> Any:
    told: dict[str, Any] = {"equations": ["u_t = u_xx"], "domain": {"x": (-1, 1), "t": (0, 1)}}
    return normal(Problem(**{**told, **changes}))


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_condition_is_read_with_its_place(text: str) -> None:
    found = [(one["at"], held) for one in stated(conditions=[text])["conditions"] for held in one["equations"]]
    assert found == CONDITIONS[text]


@pytest.mark.parametrize(
    "told",
    [{"conditions": ["periodic in x"]}, {"conditions": ["periodic"]}, {"conditions": ["u(-1,t) = u(1,t)"]},
     {"periodic": ["x"]}, {"conditions": ["u(-1,t) = u(1,t)", "u_x(-1,t) = u_x(1,t)"]}],
)  # fmt: skip
def test_a_period_is_read_in_words_and_in_symbols(told: dict[str, Any]) -> None:
    assert stated(**told)["periodic"] == ["x"] and not stated(**told)["conditions"]


def test_places_that_are_no_face_or_no_coordinate_are_named() -> None:
    for text, word in (
        ("u(2, t) = 0", "no face"), ("u = 0", "where it holds"), ("u = 0 at y = 1", "no coordinate"),
        ("u(0) = 1", "1 argument;"), ("u = 0 at x = 1 and t = 0", "two ways"), ("u(-1,t) + u(1,t) = 0", "two places"),
    ):  # fmt: skip
        with pytest.raises((IllPosed, BadInput), match=word):
            stated(conditions=[text])


def test_names_are_made_to_fit_and_parameters_follow_one_another() -> None:
    found = normal(
        Problem(
            equations=["θ_t = D_θ θ_xx + λ*θ"], domain={"x": (0, "2*a"), "t": (0, 1)},
            parameters={"a": "1/2", "D_θ": "a/pi", "lambda": 3},
        )
    )  # fmt: skip
    assert found["fields"] == ["theta"] and set(found["parameters"]) == {"a", "Dtheta", "lam"}
    assert found["coordinates"][0] == {"name": "x", "low": 0.0, "high": 1.0}
    assert found["parameters"]["Dtheta"] == pytest.approx(0.5 / 3.141592653589793)


def test_every_mistake_of_the_form_is_told_at_once_with_the_nearest_key() -> None:
    with pytest.raises(BadInput) as caught:
        Problem(equations=[], domian={"x": (0, 1)}, conditions=[{"att": "x = 0", "is": "u = 0"}])  # type: ignore[call-arg]
    text = str(caught.value)
    assert "did you mean 'domain'" in text and "did you mean 'at'" in text and "equations" in text
    assert caught.value.as_json()["type"] == "BadInput"


def test_every_mistake_in_the_mathematics_is_told_at_once() -> None:
    with pytest.raises(IllPosed) as caught:
        normal(Problem(equations=["u_t = k*u_xx"], domain={"x": (0, 1), "t": (0, 1)}, conditions=["u(3, t) = q"]))
    assert "'k'" in str(caught.value) and "no face" in str(caught.value)
    assert caught.value.exit_code == 42 and caught.value.as_json()["type"] == "IllPosed"


@pytest.mark.parametrize("name", WELL_POSED)
def test_a_statement_survives_the_way_through_json_and_the_box_reads_its_normal_form(name: str) -> None:
    statement = Problem(**WELL_POSED[name])
    assert normal(Problem.model_validate(statement.as_json())) == normal(statement)
    boxed = Boxed.model_validate(normal(statement))
    assert boxed.partials and len(boxed.forms) == len(statement.equations)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(FORMULAS, st.floats(-2, 2), st.floats(0, 2))
def test_host_and_box_give_one_value_to_a_formula(text: str, x: float, t: float) -> None:
    from orchestrator.problems.symbols import expression, value

    plain = Vocabulary(("x", "t"), ())
    try:
        told = formula(text, plain)
        hosted = float(value(expression(told), {"x": x, "t": t}))
    except IllPosed:
        return  # constants without a finite value, huge powers
    boxed = float(boxed_form(told, BoxedVocabulary(("x", "t"), ()))({"x": x, "t": t}))
    assert hosted == pytest.approx(boxed, rel=1e-9, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"equations": []}, "equations: holds 0 entries, and needs at least 1"),
        ({"equations": [""]}, "equations.0: is empty"),
        ({"equations": ["u_t = u_xx"] * 9}, "equations: holds 9 entries, and may have 8 at most"),
        ({"domain": [0, 1]}, r"domain: must be a table of names with their values, not \[0, 1\]"),
        ({"domain": {"x": "ab"}}, "domain.x: must be a list, not 'ab'"),
        ({"data": {"file": "a.csv", "noise": -1}}, "data.noise: must be 0 or more, not -1"),
    ],
)
def test_a_statement_of_a_wrong_form_is_told_in_words(parts: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput, match=f"^{told}$") as caught:
        Problem(**{"equations": ["u_t = u_xx"], "domain": {"x": (0, 1), "t": (0, 1)}, **parts})
    assert f"Write it as {next(iter(parts))} = " in caught.value.remedy
