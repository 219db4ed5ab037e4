"""Symmetries that a problem has are found, with their signs, and those it has not are not."""

from __future__ import annotations

import numpy as np
import pytest

from skills.runtime.laws import points
from skills.runtime.laws.field import sampled
from skills.runtime.laws.mirrors import mirrors, miss
from tests.laws.statements import FIXED, UNIT, problem, stated

FOUND = {
    "heat": {"symmetry_x": (1,)},
    "heat_2d": {"symmetry_x": (1,), "symmetry_y": (1,), "symmetry_swap_xy": (1,)},
    "burgers": {"symmetry_x": (-1,)},
    "allen_cahn": {"symmetry_x": (1,)},
    "wave": {"symmetry_x": (1,)},
    "advection": {"symmetry_shift_x": (-1,)},
    "schrodinger on a ring": {"symmetry_shift_x": (-1, -1)},
    "kdv on a ring": {},
    "kdv": {},
    "insulated": {},
    "heated": {},
    "fisher_kpp": {},
    "laplace": {"symmetry_x": (1,)},
    "poisson": {"symmetry_x": (1,), "symmetry_y": (1,), "symmetry_swap_xy": (1,)},
    "helmholtz": {"symmetry_x": (-1,), "symmetry_y": (-1,), "symmetry_swap_xy": (1,)},
    "kovasznay": {},
    "pendulum": {},
    "lorenz": {},
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_symmetries_of_a_problem_are_found_with_their_signs(name: str) -> None:
    assert {one.name: one.signs for one in mirrors(problem(name))} == FOUND[name]


@pytest.mark.parametrize(
    ("equation", "start", "ends"),
    [
        ("u_t - u_xx - 0.1*u_x", "u - sin(pi*x)", FIXED),
        ("u_t - (1 + x)*u_xx", "u - sin(pi*x)", FIXED),
        ("u_t - u_xx", "u - sin(pi*x)*exp(x)", FIXED),
        ("u_t - u_xx", "u - sin(pi*x)", [({"x": 0}, ["u"]), ({"x": 1}, ["u_x"])]),
    ],
)
def test_one_term_that_is_not_symmetric_is_enough(equation: str, start: str, ends: list) -> None:
    assert mirrors(stated(UNIT, "u", [equation], [({"t": 0}, [start]), *ends])) == ()


def test_a_point_mirror_is_found_where_no_axis_is_one() -> None:
    box = {"x": (-1.0, 1.0), "y": (-2.0, 2.0), "t": (0.0, 1.0)}
    edges = [({name: end}, ["u"]) for name in "xy" for end in box[name]]
    told = stated(box, "u", ["u_t - u_xx - u_yy"], [({"t": 0}, ["u - (1-x**2)*(4-y**2)*exp(x*y)"]), *edges])
    assert [one.name for one in mirrors(told)] == ["symmetry_xy"]


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("burgers", lambda x, t: np.sin(np.pi * x) * (1 + 0.01 * x)),
        ("advection", lambda x, t: np.sin(2 * np.pi * (x - t)) + 0.01 * np.cos(4 * np.pi * x)),
        ("heat", lambda x, t: np.sin(np.pi * x) * (1 + 0.01 * x)),
    ],
)
def test_a_field_without_the_symmetry_is_told_by_how_much(name: str, spoil: object) -> None:
    (mirror,) = mirrors(problem(name))
    values = spoil(*points(problem(name)).T)[:, None]  # type: ignore[operator]
    assert 0.002 < miss(sampled(problem(name), values), mirror) < 0.03


def test_an_exchange_of_coordinates_may_stand_in_derivatives_of_two_fields() -> None:
    walls = [({"x": 0.0}, ["u", "v"]), ({"x": 1.0}, ["u", "v"]), ({"y": 0.0}, ["u", "v"]), ({"y": 1.0}, ["u - 1", "v"])]
    box = {"x": (0.0, 1.0), "y": (0.0, 1.0)}
    stokes = stated(box, "u v p", ["p_x - u_xx - u_yy", "p_y - v_xx - v_yy", "u_x + v_y"], walls)
    assert {one.name: one.signs for one in mirrors(stokes)} == {"symmetry_x": (1, -1, -1)}
