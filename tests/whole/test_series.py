"""A seasonal series, from words to a forecast that beats the last season."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from labels import files_with_labels
from whole import Mlexpert

pytestmark = pytest.mark.box

AIR = Path(__file__).parents[1] / "series" / "air_passengers.csv"


def test_a_seasonal_series_is_forecast_and_the_forecasts_without_a_model_are_beaten(mlexpert: Mlexpert) -> None:
    words = f"Forecast passengers in @{AIR} for the next 12 months with a linear model"
    ran = mlexpert("run", words, "--sandbox", "process")
    assert (ran.code, ran.answer["status"]) == (0, "validated"), ran.answer["message"]
    assert "seasonal naive forecast" in ran.checks["model.baseline"]["reason"]
    score = {e["subject"]: e["value"] for e in ran.evidence() if e["name"] == "rmse"}
    assert score["delivered"] < 0.5 * min(score[name] for name in ("last value", "straight line", "last season"))
    assert score["seasonal_naive"] == pytest.approx(score["last season"]), "the box repeats what the host does"
    assert score["naive"] == pytest.approx(score["last value"])
    table = pd.read_csv(ran.run_dir / "measured" / "ahead" / "train" / "forecast.csv")
    assert table["month"].tolist() == [f"1961-{month:02d}" for month in range(1, 13)]
    assert (table["low"] < table["forecast"]).all() and table["forecast"].idxmax() in (6, 7), "summers are high"
    told = json.loads((ran.run_dir / "measured" / "scores" / "scores.json").read_text())["tables"]
    assert {"course-delivered", "autocorrelation-delivered"} <= set(told)
    with np.load(ran.run_dir.parent / ".state" / "sealed" / ran.answer["run_id"] / "labels.npz") as held:
        labels = dict(zip(held["row_ids"].tolist(), held["labels"].tolist(), strict=True))
    assert files_with_labels(ran.run_dir, labels) == []
