"""Fits: unknown coefficients come back within their own intervals, and what cannot be fitted is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skills.runtime.problem import Problem
from tests.simulate.problems import BURGERS, HEAT, LOTKA_VOLTERRA, cole_hopf
from tests.simulate.solving import Solved, solve

pytestmark = pytest.mark.box

NOISE = 0.01


def sought(told: dict[str, Any], **unknown: tuple[float, float, float]) -> dict[str, Any]:
    ranges = {name: dict(zip(("low", "high", "guess"), ends, strict=True)) for name, ends in unknown.items()}
    return {**told, "parameters": {}, "unknown": ranges, "exact": {}}


HEAT_SOUGHT = sought({**HEAT, "equations": ["u_t - k1*u_xx"]}, k1=(0.05, 1, 0.2))
BURGERS_SOUGHT = sought(BURGERS, nu=(0.001, 0.1, 0.03))


def observed(place: Path, told: dict[str, Any], values: Any, noise: float, count: int = 150) -> str:
    """Values with noise at random points; every seventh is missing."""
    problem, generator = Problem.model_validate(told), np.random.default_rng(4)
    low, high = (np.array([getattr(axis, end) for axis in problem.coordinates]) for end in ("low", "high"))
    points = generator.uniform(low, high, size=(count, len(low)))
    outputs = values(points) + NOISE * generator.standard_normal((count, len(problem.fields)))
    outputs[::7] = np.nan
    np.savez(place, inputs=points, outputs=outputs, noise=noise, input_names=problem.names, output_names=problem.fields)
    return str(place)


def orbit(points: np.ndarray) -> np.ndarray:
    """Lotka and Volterra's animals for a1 = 1.3, b1 = 0.7: small Runge-Kutta steps."""
    values, step = [np.array([1.0, 0.5])], 1e-3
    rates = lambda y: np.array([1.3 * y[0] - y[0] * y[1], -y[1] + 0.7 * y[0] * y[1]])  # noqa: E731
    for _ in range(8000):
        y = values[-1]
        first = rates(y)
        second = rates(y + step / 2 * first)
        third = rates(y + step / 2 * second)
        fourth = rates(y + step * third)
        values.append(y + step / 6 * (first + 2 * second + 2 * third + fourth))
    times = step * np.arange(8001)
    return np.stack([np.interp(points[:, 0], times, column) for column in np.array(values).T], axis=1)


@pytest.fixture(scope="module")
def fitted(box_python: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Solved]:
    place = tmp_path_factory.mktemp("fit")
    animals = sought(LOTKA_VOLTERRA, a1=(0.2, 3, 1.0), b1=(0.2, 3, 1.0))
    seen = {
        "heat": (HEAT_SOUGHT, observed(place / "h.npz", HEAT_SOUGHT, Problem.model_validate(HEAT).exact_values, NOISE)),
        "burgers": (BURGERS_SOUGHT, observed(place / "b.npz", BURGERS_SOUGHT, cole_hopf, NOISE)),
        "animals": (animals, observed(place / "a.npz", animals, orbit, np.nan)),
    }
    specs = {name: {"mode": "fit", "problem": told, "tolerance": 1e-5} for name, (told, _) in seen.items()}
    inputs = {name: {"observations": path} for name, (_, path) in seen.items()}
    return solve(box_python, place / "work", {**specs, "blind": {"mode": "fit", "problem": HEAT_SOUGHT}}, inputs)


TRUE = {"heat": {"k1": 0.4}, "burgers": {"nu": 0.01 / np.pi}, "animals": {"a1": 1.3, "b1": 0.7}}


@pytest.mark.parametrize("name", TRUE)
def test_true_coefficients_lie_within_three_deviations_and_these_are_small(
    fitted: dict[str, Solved], name: str
) -> None:
    found = fitted[name]
    assert found.code == 0
    told = found.json("posterior.json")
    assert told["names"] == list(TRUE[name])
    assert told["level"] == 0.95
    for place, (coefficient, value) in enumerate(TRUE[name].items()):
        mean, deviation = found.claims[coefficient], found.claims[f"{coefficient}.std"]
        assert abs(mean - value) < 3 * deviation
        assert 0 < deviation < 0.05 * value
        assert told["mean"][place] == mean
        assert np.isclose(told["covariance"][place][place], deviation**2)
        low, high = told["intervals"][place]
        assert low < mean < high
    assert 0.7 * NOISE < found.claims["noise"] < 1.4 * NOISE


def test_the_model_of_a_fit_is_a_reference_at_the_fitted_values(fitted: dict[str, Solved]) -> None:
    found = fitted["burgers"]
    assert found.claims["error_estimate"] < 1e-5
    assert found.json("model/variants.json") == ["delivered", "half"]
    assert found.error(cole_hopf) < 0.05
    assert found.json("model/model.json")["problem"]["unknown"] == {}


def test_a_fit_without_observations_is_the_users_mistake(fitted: dict[str, Solved]) -> None:
    assert fitted["blind"].code == 42
    assert "observations" in fitted["blind"].json("error.json")["message"]
