"""Which laws a problem has is found from its symbols, and those it has not are not."""

from __future__ import annotations

import pytest

from skills.runtime.laws import derive
from skills.runtime.laws.balances import balances
from skills.runtime.laws.jets import told
from skills.runtime.problem import Problem
from tests.laws.statements import UNIT, problem, stated

FOUND = {
    "heat": {"mass": "balance", "energy": "dissipated"},
    "heat_2d": {"mass": "balance", "energy": "dissipated"},
    "insulated": {"mass": "conserved", "energy": "dissipated"},
    "heated": {"mass": "balance", "energy": "balance"},
    "wave": {"impulse": "balance", "energy": "conserved"},
    "damped wave": {"impulse": "balance", "energy": "dissipated"},
    "sine-gordon": {"impulse": "balance", "energy": "conserved"},
    "advection": {"mass": "conserved", "energy": "conserved"},
    "inflow": {"mass": "balance", "energy": "balance"},
    "burgers": {"mass": "balance", "energy": "dissipated"},
    "allen_cahn": {"mass": "balance", "free_energy": "dissipated"},
    "fisher_kpp": {"mass": "balance", "free_energy": "dissipated"},
    "kdv": {"mass": "balance", "momentum": "balance", "energy": "balance"},
    "kdv on a ring": {"mass": "conserved", "momentum": "conserved", "energy": "conserved"},
    "schrodinger": {"norm": "balance", "energy": "balance"},
    "schrodinger on a ring": {
        "norm": "conserved", "energy": "conserved", "momentum_x": "conserved",
    },
    "brusselator": {"mass_u": "balance", "mass_v": "balance"},
    "poisson": {"flux": "balance", "energy": "balance"},
    "laplace": {"flux": "balance", "energy": "balance"},
    "helmholtz": {"flux": "balance", "energy": "balance"},
    "kovasznay": {"mass": "balance", "momentum_u": "balance", "momentum_v": "balance"},
    "pendulum": {"energy": "conserved"},
    "harmonic_oscillator": {"energy": "conserved"},
    "damped_pendulum": {"energy": "dissipated"},
    "pendulum as a system": {"energy": "conserved"},
    "damped pendulum as a system": {"energy": "dissipated"},
    "lotka_volterra": {"first_integral": "conserved"},
    "rigid body": {"first_integral": "conserved", "first_integral_2": "conserved"},
    "epidemic": {"first_integral": "conserved", "first_integral_2": "conserved"},
    "lorenz": {},
    "porous medium": {"mass": "conserved", "energy": "dissipated"},
    "kuramoto-sivashinsky": {"mass": "conserved", "energy": "balance"},
    "bbm": {"mass": "conserved", "energy": "conserved"},
    "vortices": {"momentum_u": "conserved", "momentum_v": "conserved"},
    "stars": {"energy": "conserved"},
    "forced spring": {"energy": "balance"},
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_balances_of_a_problem_are_found_with_their_kind_and_no_others(name: str) -> None:
    assert {one.name: one.kind for one in balances(problem(name))} == FOUND[name]


@pytest.mark.parametrize(
    ("name", "law", "density", "loss"),
    [
        ("wave", "energy", "u_t^2 + u_x^2", "0"),
        ("sine-gordon", "energy", "u_t^2/2 + u_x^2/2 - cos(u)", "0"),
        ("allen_cahn", "free_energy", "5*u^4/4 - 5*u^2/2 + 0.0005*u_x^2", "u_t^2"),
        ("burgers", "energy", "u^2", "0.006366*u_x^2"),
        ("kdv", "energy", "-u^3 + u_x^2/2", "0"),
        ("schrodinger on a ring", "norm", "u^2 + v^2", "0"),
        ("heated", "mass", "u", "-x*exp(-t)"),
        ("damped_pendulum", "energy", "theta_t^2/2 - 981*cos(theta)/100", "theta_t^2/2"),
        ("pendulum as a system", "energy", "w^2/2 - 981*cos(a)/100", "0"),
        ("rigid body", "first_integral_2", "3*p^2/2 + q^2", "0"),
    ],
)
def test_a_law_is_told_in_the_symbols_of_its_problem(name: str, law: str, density: str, loss: str) -> None:
    found = next(one for one in balances(problem(name)) if one.name == law)
    assert (told(found.density), told(found.loss)) == (density, loss)


def test_the_integral_of_lotka_and_volterra_is_theirs() -> None:
    (found,) = balances(problem("lotka_volterra"))
    assert told(11 * found.density) == "u + 4*v - 4*log(u) - 11*log(v)"


def test_numbers_that_a_law_predicts_follow_from_the_initial_data_alone() -> None:
    known = {law.name: law.numbers for law in derive(problem("insulated"))}
    assert known["mass"] == {"start": pytest.approx(1.0)}
    assert known["energy"] == {"start": pytest.approx(1.5)}
    assert known["maximum_principle"] == {"lower_bound": pytest.approx(0, abs=1e-12), "upper_bound": 2.0}


def test_a_flow_says_at_what_rate_it_changes_volumes_and_is_not_tested_for_it() -> None:
    law = next(law for law in derive(problem("lorenz")) if law.name == "phase_volume")
    assert law.numbers["rate"] == pytest.approx(-(10 + 1 + 8 / 3))
    assert not law.tested
    kept = next(law for law in derive(problem("pendulum as a system")) if law.name == "phase_volume")
    assert "are kept" in kept.statement


@pytest.mark.parametrize("name", FOUND)
def test_every_law_has_a_name_of_its_own_and_says_what_it_is_or_why_it_is_not(name: str) -> None:
    found = derive(problem(name))
    assert len({law.name for law in found}) == len(found)
    assert all(bool(law.statement) != bool(law.reason) for law in found)


def test_an_equation_that_nobody_named_has_its_energy_found_too() -> None:
    """The beam u_tt + u_xxxx = 0 between clamped ends."""
    clamped = [({"x": end}, ["u", "u_x"]) for end in (0.0, 1.0)]
    beam = stated(UNIT, "u", ["u_tt + u_xxxx"], [({"t": 0}, ["u - sin(pi*x)**2", "u_t"]), *clamped])
    energy = next(one for one in balances(beam) if one.name == "energy")
    assert (energy.kind, told(energy.density)) == ("conserved", "u_t^2 + u_xx^2")


def test_unknown_coefficients_are_at_their_guesses() -> None:
    told_as = {**problem("burgers").model_dump(), "parameters": {},
               "unknown": {"nu": {"low": 0.0, "high": 1.0, "guess": 0.5}}}  # fmt: skip
    energy = next(law for law in derive(Problem.model_validate(told_as)) if law.name == "energy")
    assert energy.formula == "d/dt ∫ u^2 dx = ∫ -u_x^2 dx"
