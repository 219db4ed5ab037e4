"""The judge's own Shapley values: exact for a sum, right for a product, and far from what is not the model's."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestrator.measure.attributions import ERRORS, LARGEST_ERROR, _allowed
from orchestrator.measure.shapley import ROW_ID, Floats, estimates, questions

DRAW = np.random.default_rng(5)
BEHIND = pd.DataFrame(DRAW.normal(size=(60, 3)), columns=["a", "b", "c"])
SHOWN = pd.DataFrame(DRAW.normal(size=(4, 3)), columns=["a", "b", "c"])
ROWS, COLUMNS = np.arange(4), np.arange(3)


def estimated(weights: tuple[float, float, float], product: float) -> tuple[Floats, Floats]:
    asked = questions(SHOWN, BEHIND, ROWS, COLUMNS, np.random.default_rng(1))
    rows = asked.frame.drop(columns=ROW_ID).to_numpy()
    outputs = rows @ np.array(weights) + product * rows[:, 0] * rows[:, 1]
    values, errors = estimates(asked, outputs[:, None])
    return values[..., 0], errors[..., 0]


def test_values_of_a_sum_are_exact() -> None:
    values, errors = estimated((2.0, -1.0, 0.0), 0.0)
    exact = (SHOWN - BEHIND.mean()).to_numpy() * np.array([2.0, -1.0, 0.0])
    np.testing.assert_allclose(values, exact, atol=1e-12)
    assert errors.max() < 1e-12


def test_values_of_a_product_lie_within_their_errors() -> None:
    """f = ab: the value of a is half of (a - mean a) times (b + the background's b), plus their covariance's part."""
    values, errors = estimated((0.0, 0.0, 0.0), 1.0)
    shown, behind = SHOWN.to_numpy(), BEHIND.to_numpy()
    a, b = behind[:, 0], behind[:, 1]
    exact = np.array(
        [0.5 * np.mean(row[0] * b - a * b) + 0.5 * (row[0] * row[1] - np.mean(a) * row[1]) for row in shown]
    )
    assert np.all(np.abs(values[:, 0] - exact) < 5 * errors[:, 0] + 1e-9)
    assert np.abs(values[:, 2]).max() < 1e-12


def test_claimed_errors_excuse_only_so_much() -> None:
    scale = np.array([10.0])
    modest, huge = (_allowed(np.zeros((1, 1, 1)), np.full((1, 1, 1), claimed), scale) for claimed in (0.1, 1e9))
    assert modest < huge <= ERRORS * LARGEST_ERROR * 10.0 + 0.05 + 1e-9
