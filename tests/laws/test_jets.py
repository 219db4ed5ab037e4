"""The calculus of derivatives: what is a total divergence is known as one, and integration by parts loses nothing."""

from __future__ import annotations

import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from skills.runtime.laws.jets import Jets, by_parts, exact, settled, told
from skills.runtime.laws.multipliers import kernel
from skills.runtime.symbols import Vocabulary, form, symbol

VOCABULARY = Vocabulary(("x", "t"), ("u", "v"))
JETS = Jets(VOCABULARY)
NAMES = ("u", "v", "u_x", "v_x", "u_t", "u_xx", "x")
MONOMIALS = st.tuples(st.integers(-3, 3), st.lists(st.sampled_from(NAMES), min_size=1, max_size=3))
POLYNOMIALS = st.lists(MONOMIALS, min_size=1, max_size=3).map(
    lambda terms: sympy.Add(*(factor * sympy.Mul(*map(symbol, names)) for factor, names in terms))
)


@settings(max_examples=30, deadline=None)
@given(POLYNOMIALS, POLYNOMIALS)
def test_the_euler_operator_kills_every_total_divergence(flux: sympy.Expr, density: sympy.Expr) -> None:
    whole = JETS.total(flux, 0) + JETS.total(density, 1)
    assert all(settled(JETS.euler(whole, field)) == 0 for field in ("u", "v"))


@settings(max_examples=30, deadline=None)
@given(POLYNOMIALS)
def test_integration_by_parts_splits_an_expression_and_loses_nothing(whole: sympy.Expr) -> None:
    for jets in (JETS, Jets(VOCABULARY, last_field_first=True)):
        fluxes, rest = by_parts(whole, jets)
        assert settled(sum(jets.total(flux, place) for place, flux in enumerate(fluxes)) + rest - whole) == 0


@settings(max_examples=30, deadline=None)
@given(POLYNOMIALS)
def test_what_is_no_divergence_leaves_a_rest(whole: sympy.Expr) -> None:
    if any(settled(JETS.euler(whole, field)) != 0 for field in ("u", "v")):
        assert by_parts(whole, JETS)[1] != 0


def test_products_that_are_divergences_are_integrated_whole() -> None:
    for text in ("u*u_x", "u_t*u_tt", "u_t*u_xx + u_tx*u_x", "u*v_xx - v*u_xx", "u_xxx*u", "sin(u)*u_t"):
        assert by_parts(form(text, VOCABULARY).expr, JETS)[1] == 0, text


def test_divergences_of_two_fields_may_need_the_last_fields_derivatives_first() -> None:
    whole = form("u_t*v_x - u_x*v_t", VOCABULARY).expr
    assert by_parts(whole, JETS)[1] != 0
    assert by_parts(whole, Jets(VOCABULARY, last_field_first=True))[1] == 0


def test_a_kernel_is_exact_even_where_numbers_are_no_round_ones() -> None:
    u, x = sympy.symbols("u x")
    third = exact(sympy.Float(0.3183098861837907))
    rows = kernel([[u * third], [u], [sympy.sin(x)], [2 * sympy.sin(x) + u]])
    assert len(rows) == 2
    for row in rows:
        assert sympy.expand(row[0] * u * third + row[1] * u + (row[2] + 2 * row[3]) * sympy.sin(x) + row[3] * u) == 0


def test_numbers_are_told_with_four_digits() -> None:
    assert told(exact(form("0.3183098861837907*u_x**2 - u/3", VOCABULARY).expr)) == "-u/3 + 0.3183*u_x^2"
