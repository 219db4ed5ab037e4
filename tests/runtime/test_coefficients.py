"""Unknown coefficients as the field itself implies them, held-out observations, and data sets of solutions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy import exp, pi, sin

from skills.runtime.scoring.registry import scorers

from .fieldcases import CASES, HEAT, INVERSE, Told, asked, value

REACTING: Told = {  # two unknowns, one of them not linear; u = exp(-(alpha pi² + k²) t) sin(pi x)
    **HEAT, "parameters": {}, "equations": ["u_t - alpha*u_xx + k**2*u"],
    "unknown": {"alpha": {"low": 0.1, "high": 1.0, "guess": 0.9}, "k": {"low": 0.5, "high": 3.0, "guess": 1.0}},
}  # fmt: skip


def test_a_field_implies_the_coefficient_that_made_it(tmp_path: Path) -> None:
    found = asked(INVERSE, tmp_path).model("coefficients", CASES["inverse"][1])["coefficient.alpha"]
    assert found.value == pytest.approx(0.4, rel=1e-8)
    assert found.low is not None and found.high is not None and 0.4 - 1e-8 < found.low < found.high < 0.4 + 1e-8


def test_a_wrong_field_implies_a_coefficient_with_a_wide_interval(tmp_path: Path) -> None:
    _, solution = CASES["inverse"]
    bent = asked(INVERSE, tmp_path).model("coefficients", lambda x, t: solution(x, t) * (1 + 0.1 * sin(5 * t) * x))
    found = bent["coefficient.alpha"]
    assert found.low is not None and found.high is not None and found.high - found.low > 1e-4


def test_coefficients_that_the_field_does_not_tell_apart_have_no_value(tmp_path: Path) -> None:
    mode = asked(REACTING, tmp_path).model("coefficients", lambda x, t: exp(-(0.4 * pi**2 + 1) * t) * sin(pi * x))
    assert {one.value for one in mode.values()} == {None}
    assert "alpha and k apart" in mode["coefficient.alpha"].text

    def two_modes(x: np.ndarray, t: np.ndarray) -> np.ndarray:
        return sum(exp(-(0.4 * (n * pi) ** 2 + 2.25) * t) * sin(n * pi * x) for n in (1, 2))

    found = asked(REACTING, tmp_path).model("coefficients", two_modes)
    assert value(found, "coefficient.alpha") == pytest.approx(0.4, rel=1e-6)
    assert value(found, "coefficient.k") == pytest.approx(1.5, rel=1e-6)


def test_the_residual_of_an_inverse_problem_is_that_of_the_implied_coefficient(tmp_path: Path) -> None:
    _, solution = CASES["inverse"]
    assert value(asked(INVERSE, tmp_path).model("physics", solution), "residual") < 1e-8


@pytest.mark.parametrize(("told", "low", "high"), [(0.01, 0.8, 1.25), (0.1, 0.0, 0.02), (0.001, 50, 200)])
def test_observations_are_compared_in_units_of_their_noise(
    tmp_path: Path, told: float, low: float, high: float
) -> None:
    _, solution = CASES["inverse"]
    generator = np.random.default_rng(1)
    places = generator.uniform(size=(300, 2))
    observed = solution(*places.T)[:, None] + 0.01 * generator.normal(size=(300, 1))
    observed[7] = np.nan
    labels = tmp_path / "labels.npz"
    np.savez(labels, inputs=places, outputs=observed, output_names=["u"])
    judge = asked(INVERSE, tmp_path, held_out=places)
    files = {"predictions": judge.write("p", solution), "labels": labels}
    found = judge.scores("observations_chi2", files, noise=told)["observations_chi2"]
    assert low < value({"observations_chi2": found}, "observations_chi2") < high and found.n == 299
    assert judge.scores("observations_chi2", files, noise=None)["observations_chi2"].value is None
    np.savez(labels, inputs=places[::-1], outputs=observed, output_names=["u"])
    assert judge.scores("observations_chi2", files, noise=told)["observations_chi2"].value is None


def dataset(folder: Path, fine: np.ndarray, half: np.ndarray, **more: list[int]) -> dict[str, float | None]:
    np.savez(folder / "d.npz", outputs=fine, half=half, **more)
    return {one.name: one.value for one in scorers()["dataset"]({"dataset": folder / "d.npz"}, {}).scores}


def test_the_worst_sample_of_a_data_set_counts_and_a_lost_one_is_told(tmp_path: Path) -> None:
    fine = np.random.default_rng(0).uniform(1, 2, size=(5, 8, 9, 2))
    half = fine.copy()
    half[3, ..., 1] *= 1.01
    assert dataset(tmp_path, fine, half) == {"dataset_error": pytest.approx(0.01), "dataset_lost": 0.0}
    unsolved = dataset(tmp_path, fine, half, failed=[5, 6])
    assert unsolved == {"dataset_error": pytest.approx(0.01), "dataset_lost": 2.0}
    fine[1, 2, 3, 0] = np.nan
    assert dataset(tmp_path, fine, half) == {"dataset_error": None, "dataset_lost": 1.0}
    assert dataset(tmp_path, fine, half[1:]) == {"dataset_error": None}
