"""Scorers of forecasts: intervals as wide as the dependence of errors asks for, the course, the autocorrelation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from skills.runtime.scoring.blocks import block_interval, block_length, block_weights
from skills.runtime.scoring.forecasts import SCORERS

Files = dict[str, Path]


def autoregressive(n: int, carried: float, seed: int) -> np.ndarray:
    draw, values = np.random.default_rng(seed).normal(size=n + 100), np.zeros(n + 100)
    for at in range(1, n + 100):
        values[at] = carried * values[at - 1] + draw[at]
    return values[100:]


def test_blocks_are_as_long_as_neighbours_are_alike() -> None:
    independent = [block_length(autoregressive(200, 0.0, seed)) for seed in range(20)]
    alike = [block_length(autoregressive(200, 0.9, seed)) for seed in range(20)]
    assert np.median(independent) <= 7 < 14 < np.median(alike)
    assert max(alike) <= 200 // 3


def test_every_resample_draws_as_many_steps_as_there_are_in_whole_blocks() -> None:
    weights = block_weights(23, 5, np.random.default_rng(0), 400)
    assert (weights.sum(axis=1) == 23).all()
    assert np.abs(weights.mean(axis=0) - 1).max() < 0.25, "no step is drawn more often than another"
    together = np.corrcoef(weights[:, 10], weights[:, 11])[0, 1]
    assert together > 0.6 > np.corrcoef(weights[:, 2], weights[:, 13])[0, 1]


def test_the_interval_of_a_mean_holds_where_neighbours_are_alike() -> None:
    held = {"blocks": 0, "rows": 0}
    for seed in range(120):
        values = autoregressive(120, 0.7, seed)
        for name, length in (("blocks", block_length(values)), ("rows", 1)):
            low, high = block_interval(
                lambda weights, values=values: weights @ values / weights.sum(axis=1), np.arange(120), length,
                seed=seed, resamples=400,
            ) or (0.0, 0.0)  # fmt: skip
            held[name] += low <= 0 <= high
    assert held["rows"] < 80 < 96 <= held["blocks"]


def test_too_few_steps_have_no_interval() -> None:
    assert block_interval(lambda weights: weights.sum(axis=1), np.arange(4), 2, seed=0) is None


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """48 sealed days of two shops whose forecast misses a week; the other forecast misses more."""
    days, shops = np.repeat(np.arange(48), 2), np.tile(["a", "b"], 48)
    ids = np.random.default_rng(5).permutation(96)
    truth = 100.0 + days + np.where(shops == "a", 0.0, 50.0)
    wave = np.sin(2 * np.pi * days / 12)
    named = {"row_ids": ids, "output_names": ["y", "y.low", "y.high"]}
    guess = truth + 3 * wave
    np.savez(tmp_path / "labels.npz", row_ids=ids, labels=truth, times=86400.0 * days)
    np.savez(tmp_path / "predictions.npz", **named, outputs=np.c_[guess, guess - 4, guess + 4])
    np.savez(tmp_path / "other.npz", row_ids=ids, output_names=["y"], outputs=(truth + 9 * wave)[:, None])
    pd.DataFrame({"row_id": ids, "shop": shops}).to_parquet(tmp_path / "rows.parquet")
    before = pd.DataFrame({"day": pd.date_range("1969-01-01", periods=365), "shop": "a", "y": np.arange(365.0)})
    pd.concat([before, before.assign(shop="b")]).to_parquet(tmp_path / "past.parquet")
    found = {name: tmp_path / f"{name}.npz" for name in ("labels", "predictions", "other")}
    return found | {name: tmp_path / f"{name}.parquet" for name in ("rows", "past")}


TOLD = {"metric": "rmse", "target": "y", "subject": "delivered vs last value", "other": "last value", "seed": 1}
COURSE = {"target": "y", "time": "day", "group": "shop", "subject": "delivered"}


def test_the_difference_of_forecasts_is_paired_and_drawn_in_blocks_of_time(files: Files) -> None:
    (score,) = SCORERS["forecast_difference"](files, TOLD).scores
    assert score.name == "paired_difference" and score.subject == "delivered vs last value"
    assert score.value == pytest.approx(6 / np.sqrt(2))
    assert score.low is not None and score.high is not None and 0 < score.low < score.value < score.high
    assert "in time" in score.text


def test_a_forecast_compared_with_itself_has_no_advantage(files: Files) -> None:
    (score,) = SCORERS["forecast_difference"](files | {"other": files["predictions"]}, TOLD).scores
    assert (score.value, score.low, score.high) == (0.0, 0.0, 0.0)


def test_predictions_that_miss_a_row_are_not_compared(files: Files, tmp_path: Path) -> None:
    np.savez(tmp_path / "short.npz", row_ids=np.arange(95), output_names=["y"], outputs=np.zeros((95, 1)))
    (score,) = SCORERS["forecast_difference"](files | {"other": tmp_path / "short.npz"}, TOLD).scores
    assert score.value is None and "1 test rows have no prediction" in score.text


def test_the_course_shows_one_series_with_its_past_and_tells_no_label_to_its_last_digit(files: Files) -> None:
    scored = SCORERS["forecast_course"](files, COURSE)
    course: Any = scored.tables["course-delivered"]
    assert course["columns"] == ["seconds since 1970", "true", "forecast", "low", "high", "baseline"]
    sealed = [row for row in course["rows"] if row[2] is not None]
    assert len(sealed) == 48 and len(course["rows"]) == 48 + 4 * 48
    assert [row[0] for row in course["rows"]] == sorted(row[0] for row in course["rows"])
    truth = 100.0 + np.arange(48)
    away = np.array([row[1] for row in sealed]) - truth
    assert 0 < np.abs(away).max() < 2, "snapped to the grid of the picture"
    with np.load(files["labels"]) as held:
        assert not {row[1] for row in sealed} & set(held["labels"].tolist())


def test_errors_that_repeat_with_a_season_are_seen_in_their_autocorrelation(files: Files) -> None:
    scored = SCORERS["forecast_course"](files, COURSE)
    rows = {row[0]: row for row in scored.tables["autocorrelation-delivered"]["rows"]}
    assert rows[12][1] > rows[12][2] and rows[6][1] < -rows[6][2]
    (score,) = scored.scores
    assert (score.name, score.subject) == ("autocorrelation", "delivered") and score.value == rows[1][1]
