"""The library: every entry is well posed, its closed form fits, the box reads it, and changes keep it consistent."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.errors import BadInput, IllPosed
from orchestrator.problems import aliases, called, changed, library, named, names, normal, normal_form, pose
from orchestrator.problems.posed_exact import exact_faults
from orchestrator.problems.symbols import expression, value
from skills.runtime.problem import Problem as Boxed

WITH_CLOSED_FORM = {
    "advection", "fisher_kpp", "harmonic_oscillator", "heat", "heat_2d", "helmholtz", "kdv", "kovasznay", "laplace",
    "poisson", "reaction_diffusion", "schrodinger", "wave",
}  # fmt: skip


@pytest.mark.parametrize("name", names())
def test_an_entry_is_well_posed_without_reservations_and_the_box_reads_it(name: str) -> None:
    posed = pose(named(name))
    assert posed.notes == ()
    assert Boxed.model_validate(posed.problem).name == name
    assert (name in WITH_CLOSED_FORM) == bool(posed.form.exact)


@pytest.mark.parametrize("name", names())
def test_host_and_box_agree_on_every_equation_condition_and_closed_form(name: str) -> None:
    form, box = normal_form(named(name)), Boxed.model_validate(normal(named(name)))
    random = np.random.default_rng(3)
    forms = [*box.forms, *(one for held in box.condition_forms for one in held), *box.exact_forms]
    texts = [*form.equations, *(text for _, held in form.conditions for text in held), *form.exact.values()]
    for text, boxed in zip(texts, forms, strict=True):
        at = {**box.guesses(), **{one: random.normal(size=5) for one in boxed.names if one not in box.parameters}}
        hosted = np.broadcast_to(value(expression(text), at), (5,))
        np.testing.assert_allclose(hosted, np.broadcast_to(boxed(at), (5,)), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", sorted(WITH_CLOSED_FORM))
def test_a_spoiled_closed_form_is_found_out(name: str) -> None:
    entry = library()[name].statement
    field = next(iter(entry.exact))
    spoiled = entry.model_copy(update={"exact": {**entry.exact, field: f"1.01*({entry.exact[field]}) + 0.001"}})
    assert exact_faults(normal_form(entry)) == []
    assert exact_faults(normal_form(spoiled))
    with pytest.raises(IllPosed, match="does not satisfy"):
        pose(spoiled)


def test_an_entry_is_found_by_its_words_in_any_spelling() -> None:
    for words, name in (
        ("Burgers' equation", "burgers"), ("KdV", "kdv"), ("Wärmeleitungsgleichung", "heat"), ("heat_2d", "heat_2d"),
        ("Schrödingergleichung", "schrodinger"), ("allen-cahn", "allen_cahn"), ("Räuber-Beute", "lotka_volterra"),
    ):  # fmt: skip
        assert called(words) == name
    with pytest.raises(BadInput, match="burgers"):
        called("burger")
    lengths = [len(word) for word in aliases()]
    assert lengths == sorted(lengths, reverse=True)


def test_parameters_and_domain_move_the_conditions_and_keep_the_closed_form() -> None:
    for name, changes in (
        ("heat", {"parameters": {"alpha": 0.1}, "domain": {"x": [-1, 3], "t": [1, 2]}}),
        ("wave", {"parameters": {"c": 2}, "domain": {"x": [0, "2*pi"]}}),
        ("kdv", {"parameters": {"c": 2}, "domain": {"x": [-5, 12]}}),
        ("kovasznay", {"parameters": {"Re": 40}}),
        ("schrodinger", {"parameters": {"a": 1, "c": 0.5}}),
    ):  # fmt: skip
        posed = pose(changed(library()[name].statement, changes).statement)
        assert posed.form.exact and posed.notes == ()


def test_a_change_that_a_closed_form_does_not_survive_drops_it_and_says_so() -> None:
    made = changed(library()["heat"].statement, {"conditions": ["u(x, 0) = x*(1 - x)"]})
    assert made.statement.exact == {} and "dropped" in made.notes[0]
    bent = changed(library()["helmholtz"].statement, {"domain": {"x": [0, 1.2]}})
    assert bent.statement.exact == {}


def test_a_condition_takes_the_place_of_the_one_about_the_same_field_at_the_same_place() -> None:
    def lines(name: str, *conditions: str) -> dict[tuple[tuple[str, float], ...], tuple[str, ...]]:
        form = normal_form(changed(library()[name].statement, {"conditions": list(conditions)}).statement)
        return {tuple(at.items()): texts for at, texts in form.conditions}

    heat = lines("heat", "u_x(1, t) = 0")
    assert heat[("x", 1.0),] == ("u_x",) and heat[("x", 0.0),] == ("u",) and len(heat) == 3
    wave = lines("wave", "u(x, 0) = sin(2*pi*x)")
    assert set(wave[("t", 0.0),]) == {"u_t", "u - sin(2*pi*x)"}
    kdv = lines("kdv", "u(10, t) = 0")
    assert len(kdv[("x", 10.0),]) == 2 and "u" in kdv[("x", 10.0),]
    ring = changed(library()["heat"].statement, {"conditions": ["u(x,0) = sin(2*pi*x)", "periodic in x"]})
    assert normal_form(ring.statement).periodic == ("x",)
    assert pose(ring.statement)
    cut = changed(library()["advection"].statement, {"conditions": ["u(0, t) = -sin(pi*t)"]})
    assert normal_form(cut.statement).periodic == () and pose(cut.statement)


def test_ends_keep_initial_values_that_a_user_gave_without_a_word_about_the_ends() -> None:
    made = changed(library()["allen_cahn"].statement, {"conditions": ["u(x, 0) = tanh(x)"]})
    posed = pose(made.statement)
    assert "held at the initial value 0.761594" in made.notes[1] and posed.form.exact == {}
    told = changed(library()["allen_cahn"].statement, {"conditions": ["u(x, 0) = tanh(x)", "u(-1, t) = -1"]})
    with pytest.raises(IllPosed, match="contradict each other at x = -1"):
        pose(told.statement)
    assert changed(library()["burgers"].statement, {"conditions": ["u(x, 0) = sin(pi*x)"]}).notes == ()


def test_a_parameter_becomes_a_coefficient_that_is_sought() -> None:
    form = normal_form(named("burgers", {"unknown": {"nu": {"low": 0.001, "high": 0.1}}}))
    assert form.parameters == {} and form.unknown["nu"]["guess"] == pytest.approx(0.0505)


@pytest.mark.parametrize(
    "changes",
    [
        {"parameters": {"nuu": 1}},
        {"domain": {"y": [0, 1]}},
        {"condition": ["u = 0"]},
        {"unknown": {"mu": {"low": 0, "high": 1}}},
    ],
)
def test_a_change_of_what_is_not_there_names_the_nearest(changes: dict[str, object]) -> None:
    with pytest.raises(BadInput, match=r"did you mean|known"):
        named("burgers", changes)


@settings(derandomize=True, max_examples=8, deadline=None)
@given(st.floats(0.01, 2), st.floats(-3, 3), st.floats(0.3, 5), st.floats(0.1, 2))
def test_the_heat_equation_keeps_its_closed_form_on_any_domain(
    alpha: float, low: float, length: float, end: float
) -> None:
    changes = {"parameters": {"alpha": alpha}, "domain": {"x": [low, low + length], "t": [0, end]}}
    form = normal_form(named("heat", changes))
    assert form.exact and form.ends["x"] == (low, low + length)


def test_importing_the_package_loads_no_sympy() -> None:
    modules = "orchestrator.app, orchestrator.problems.files, orchestrator.problems.posing"
    told = subprocess.run(
        [sys.executable, "-c", f"import sys, {modules}; print('sympy' in sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout.strip() == "False"
