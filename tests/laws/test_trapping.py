"""Ellipsoids that trap trajectories: Lorenz's is the one of the literature, and other systems have none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from skills.runtime.laws import derive, measure, points
from skills.runtime.laws.trapping import ellipsoid, farthest
from skills.runtime.problem import Problem
from tests.laws.statements import problem, stated


def test_the_lorenz_system_is_trapped_in_the_known_ball() -> None:
    """Radius β (σ + ρ) / (2 sqrt(β - 1)) about (0, 0, σ + ρ)."""
    found = ellipsoid(problem("lorenz"))
    assert found is not None
    assert np.allclose(found.centre, (0, 0, 38))
    assert found.level == pytest.approx((8 / 3) ** 2 * 38**2 / (4 * (8 / 3 - 1)))
    law = next(law for law in derive(problem("lorenz")) if law.name == "trapping")
    assert law.formula == "x^2 + y^2 + (z - 38)^2 ≤ 1540.27"


@pytest.mark.parametrize(
    "name", ["lotka_volterra", "rigid body", "epidemic", "pendulum as a system", "heat", "pendulum"]
)
def test_systems_that_are_not_drawn_inwards_have_none(name: str) -> None:
    assert ellipsoid(problem(name)) is None


def test_a_start_outside_widens_it() -> None:
    lorenz = problem("lorenz").model_dump()
    lorenz["conditions"] = [{"at": {"t": 0.0}, "equations": ["x - 100", "y", "z - 38"]}]
    found = ellipsoid(Problem.model_validate(lorenz))
    assert found is not None and found.level == pytest.approx(1e4)


def test_a_trajectory_stays_and_one_that_leaves_is_found_out() -> None:
    lorenz = problem("lorenz")
    times = points(lorenz)[:, 0]
    inside = np.stack([8 * np.sin(times), 8 * np.cos(times), 27 + np.cos(3 * times)], axis=1)
    for values, holds in ((inside, True), (3 * inside, False)):
        score = next(score for score in measure(lorenz, values, 1e-4) if score.name == "trapping")
        assert score.holds is holds


def test_damping_and_forcing_alone_trap_at_their_balance() -> None:
    """x' = 1 - x, y' = -2 y: from rest V = x² + y² is largest at the fixed point x = 1."""
    told = stated({"t": (0.0, 5.0)}, "x y", ["x_t - 1 + x", "y_t + 2*y"], [({"t": 0}, ["x", "y"])])
    found = ellipsoid(told)
    assert found is not None and found.level == pytest.approx(1)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(0.1, 10), min_size=2, max_size=3), st.lists(st.floats(-3, 3), min_size=3, max_size=3),
    st.integers(0, 2**31),
)  # fmt: skip
@example(bends=[1.0, 1.0, 3.0], middle=[0.0, 1e-10, 1.0], seed=0)
@example(bends=[1.0, 3.0], middle=[2.3e-308, 1.0, 0.0], seed=0)
def test_no_point_of_an_ellipsoid_is_farther_than_the_farthest(
    bends: list[float], middle: list[float], seed: int
) -> None:
    lengths, centre = np.sort(bends), np.array(middle[: len(bends)])
    found = farthest(lengths, centre)
    radius = np.sqrt(lengths @ centre**2)
    ways = np.random.default_rng(seed).standard_normal((4000, len(bends)))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    tried = (np.square(centre + radius * ways / np.sqrt(lengths))).sum(axis=1).max()
    assert tried <= found * (1 + 1e-9) + 1e-12
    assert found <= tried * 1.25 + 1e-9
