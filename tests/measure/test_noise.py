"""The noise of observations is told by these alone, or it is not told."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from orchestrator.measure.noise import Noise, estimate_noise

Field = Callable[[np.ndarray], np.ndarray]
NOISE = 0.03


def warmth(places: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(-4 * places[:, 1]) * np.sin(np.pi * places[:, 0]))


def front(places: np.ndarray) -> np.ndarray:
    return np.asarray(np.tanh((places[:, 0] - places[:, 1]) / 0.01))


def waves(places: np.ndarray) -> np.ndarray:
    return np.asarray(np.sin(90 * places[:, 0]) * np.sin(70 * places[:, 1]))


def told(
    folder: Path, field: Field, *, rows: int = 200, noise: float = NOISE, seed: int = 0, repeats: int = 1
) -> Noise | str:
    generator = np.random.default_rng(seed)
    places = np.repeat(generator.uniform(size=(rows, 2)), repeats, axis=0)
    values = field(places) + noise * generator.normal(size=len(places))
    np.savez(folder / "d.npz", inputs=places, outputs=values[:, None], output_names=["u"])
    return estimate_noise(folder / "d.npz")


def test_a_smooth_field_leaves_its_noise_and_the_interval_holds_it_as_often_as_it_says(tmp_path: Path) -> None:
    found = [told(tmp_path, warmth, seed=seed) for seed in range(60)]
    noises = [one for one in found if isinstance(one, Noise)]
    assert len(noises) >= 55
    assert np.mean([one.value for one in noises]) == pytest.approx(NOISE, rel=0.03)
    assert np.mean([one.interval[0] <= NOISE <= one.interval[1] for one in noises]) >= 0.85
    assert all(100 <= one.freedom < 200 and "polynomial" in one.text for one in noises)


@pytest.mark.parametrize("field", [front, waves])
def test_structure_that_no_smooth_curve_resolves_is_not_told_as_noise(tmp_path: Path, field: Field) -> None:
    found = [told(tmp_path, field, seed=seed, noise=1e-3) for seed in range(10)]
    assert all(isinstance(one, str) and "cannot be told" in one for one in found if not isinstance(one, Noise))
    assert sum(isinstance(one, Noise) for one in found) <= 2


@pytest.mark.parametrize("field", [warmth, front, waves])
def test_repeated_rows_tell_it_whatever_the_field_is(tmp_path: Path, field: Field) -> None:
    found = told(tmp_path, field, rows=60, repeats=3)
    assert isinstance(found, Noise) and found.text == "from rows at the same places"
    assert found.freedom == pytest.approx(120)
    assert found.interval[0] < NOISE < found.interval[1] and found.value == pytest.approx(NOISE, rel=0.2)


@pytest.mark.parametrize(
    ("rows", "noise", "why"), [(8, NOISE, "too few"), (200, 5.0, "most of them"), (200, 0.0, "structure")]
)
def test_too_few_rows_too_much_noise_and_none_at_all_are_reasons(
    tmp_path: Path, rows: int, noise: float, why: str
) -> None:
    found = told(tmp_path, warmth, rows=rows, noise=noise)
    assert isinstance(found, str) and why in found


def test_few_sensors_and_many_times_are_enough(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    places = np.stack([generator.choice([0.2, 0.5, 0.8], 300), generator.uniform(size=300)], axis=1)
    values = warmth(places) + NOISE * generator.normal(size=300)
    np.savez(tmp_path / "d.npz", inputs=places, outputs=values[:, None], output_names=["u"])
    found = estimate_noise(tmp_path / "d.npz")
    assert isinstance(found, Noise) and found.value == pytest.approx(NOISE, rel=0.15)


def test_two_fields_are_told_together_and_missing_values_are_left_out(tmp_path: Path) -> None:
    generator = np.random.default_rng(2)
    places = generator.uniform(size=(400, 2))
    values = np.stack([warmth(places) + NOISE * generator.normal(size=400) for _ in range(2)], axis=1)
    values[::2, 1] = np.nan
    np.savez(tmp_path / "d.npz", inputs=places, outputs=values, output_names=["u", "v"])
    both = estimate_noise(tmp_path / "d.npz")
    np.savez(tmp_path / "d.npz", inputs=places, outputs=values[:, :1], output_names=["u"])
    one = estimate_noise(tmp_path / "d.npz")
    assert isinstance(both, Noise) and isinstance(one, Noise)
    assert both.value == pytest.approx(NOISE, rel=0.15) and both.freedom > one.freedom
    np.savez(tmp_path / "d.npz", inputs=places, outputs=np.stack([values[:, 0], front(places)], axis=1),
             output_names=["u", "v"])  # fmt: skip
    assert "the noise of v cannot be told" in str(estimate_noise(tmp_path / "d.npz"))


def test_the_interval_of_few_degrees_of_freedom_is_wide() -> None:
    few, many = Noise(1.0, 12.0, ""), Noise(1.0, 1200.0, "")
    assert few.interval == pytest.approx((math.sqrt(12 / 23.34), math.sqrt(12 / 4.404)), rel=0.01)
    assert many.interval[1] - many.interval[0] < 0.1
