"""The points of the laws: derivatives, integrals and their errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skills.runtime.laws.grid import Axis


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 6), st.integers(4, 17), st.floats(-3, 3), st.floats(0.1, 5), st.integers(0, 2**31))
def test_polynomials_of_the_panels_are_integrated_and_differentiated_to_rounding(
    panels: int, order: int, low: float, length: float, seed: int
) -> None:
    axis = Axis(low, low + length, panels, order)
    curve = np.polynomial.Polynomial(np.random.default_rng(seed).standard_normal(order), (low, low + length), (-1, 1))
    values = curve(axis.nodes)
    size = np.abs(curve.coef).sum()
    whole = curve.integ()
    assert axis.nodes.size == axis.size
    assert axis.integral(values, 0) == pytest.approx(whole(low + length) - whole(low), abs=1e-12 * size * length)
    assert np.allclose(axis.running(values, 0), whole(axis.nodes) - whole(low), atol=1e-11 * size * length)
    assert np.allclose(axis.derivative(values, 0), curve.deriv()(axis.nodes), atol=1e-9 * size * panels / length)


def test_axes_of_tensors_are_taken_one_by_one() -> None:
    axis, other = Axis(0, 2, 3, 9), Axis(-1, 1, 2, 9)
    x, y = np.meshgrid(axis.nodes, other.nodes, indexing="ij")
    values = np.sin(x) * y**2
    assert np.allclose(axis.derivative(values, 0), np.cos(x) * y**2, atol=1e-7)
    assert np.allclose(other.derivative(values, 1), 2 * np.sin(x) * y)
    assert other.integral(axis.integral(values, 0), 0) == pytest.approx((1 - np.cos(2)) * 2 / 3)


def test_nodes_are_mirrored_to_rounding() -> None:
    axis = Axis(-1, 1, 48, 17)
    assert np.abs(axis.nodes + axis.nodes[::-1]).max() < 1e-15


def test_smoothing_changes_nothing_that_is_resolved_and_shows_what_is_not() -> None:
    axis = Axis(0, 1, 4, 17)
    calm, steep = np.sin(3 * axis.nodes), np.tanh((axis.nodes - 0.5) / 0.002)
    assert np.abs(axis.smoothed(calm, 0) - calm).max() < 1e-9
    assert np.abs(axis.smoothed(steep, 0) - steep).max() > 0.1
