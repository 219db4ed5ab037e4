"""The host's own forecasts without a model, and the gate that holds a model against the best of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from orchestrator.core.evidence import Evidence
from orchestrator.core.plan import DataStrategy, Plan, SeriesPlan, SplitPlan
from orchestrator.core.request import Route
from orchestrator.data.split import SplitRecord, split_table
from orchestrator.data.steps import find_series
from orchestrator.gates.forecast import DRIFT, LAST, SEASON, baseline
from orchestrator.gates.known import Known
from orchestrator.measure.bench import Scorer
from orchestrator.measure.forecast import against_naive
from orchestrator.measure.naive import write_naive


def split_of(frame: pd.DataFrame, folder: Path) -> tuple[SplitRecord, DataStrategy, SeriesPlan]:
    frame.to_csv(folder / "s.csv", index=False)
    series = SeriesPlan(**find_series(frame)[0].model_dump())
    data = DataStrategy(
        file=str(folder / "s.csv"), sha256="", target="y", task="regression", metric="rmse", series=series,
        features=(series.time, *((series.group,) if series.group else ())),
        split=SplitPlan(kind="time", column=series.time, shuffle=False),
    )  # fmt: skip
    return (
        split_table(folder / "s.csv", data, seed=0, destination=folder / "run", sealed=folder / "sealed"),
        data,
        series,
    )


def forecasts(split: SplitRecord, data: DataStrategy, series: SeriesPlan, folder: Path) -> dict[str, pd.Series]:
    found = {}
    for name, path in write_naive(split, data, series, folder / "host").items():
        with np.load(path) as held:
            assert held["output_names"].tolist() == ["y"]
            found[name] = pd.Series(held["outputs"][:, 0], index=held["row_ids"])
    return found


def test_a_season_on_a_slope_is_repeated_prolonged_and_held(tmp_path: Path) -> None:
    n = np.arange(60)
    frame = pd.DataFrame({"month": pd.date_range("2019-01-01", periods=60, freq="MS"), "y": 10 * (n % 6) + n / 10})
    split, data, series = split_of(frame, tmp_path)
    found = forecasts(split, data, series, tmp_path)
    train = frame["y"][: split.train_rows].to_numpy()
    ahead = np.arange(1, split.test_rows + 1)
    rows = np.arange(split.train_rows, 60)
    assert np.allclose(found[LAST][rows], train[-1])
    assert np.allclose(found[DRIFT][rows], train[-1] + ahead * (train[-1] - train[0]) / (len(train) - 1))
    assert np.allclose(found[SEASON][rows], train[len(train) - 6 + (ahead - 1) % 6])


def test_each_of_several_series_has_its_own_past_and_gaps_are_steps_too(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=40)
    parts = [pd.DataFrame({"day": days, "shop": shop, "y": level + np.arange(40.0)}) for shop, level in
             (("a", 0.0), ("b", 500.0))]  # fmt: skip
    frame = pd.concat([parts[0].drop(index=[3, 20]), parts[1]], ignore_index=True).sort_values("day", ignore_index=True)
    split, data, series = split_of(frame, tmp_path)
    assert series.group == "shop"
    found = forecasts(split, data, series, tmp_path)
    assert SEASON not in found, "a straight line has no season"
    assert np.allclose(found[DRIFT], frame["y"][found[DRIFT].index]), "the line goes on in both"


def test_a_series_is_scored_against_them_and_any_other_table_as_before(tmp_path: Path) -> None:
    frame = pd.DataFrame({"month": pd.date_range("2019-01-01", periods=60, freq="MS"), "y": np.arange(60) % 6 + 0.5})
    split, data, _ = split_of(frame, tmp_path)
    plain = [Scorer(name="paired_difference", inputs={}, params={"subject": "delivered vs constant"})]
    scorers, files = against_naive(plain, split, data, tmp_path / "host", 0)
    compared = {str(one.params["subject"]) for one in scorers if one.name == "forecast_difference"}
    assert compared == {f"delivered vs {name}" for name in ("constant", LAST, DRIFT, SEASON)}
    assert all(files[value].is_file() for one in scorers for value in one.inputs.values() if value in files)
    assert {f"p_{name}" for name in (LAST, DRIFT, SEASON)} <= set(files)
    table = data.model_copy(update={"series": None})
    assert against_naive(plain, split, table, tmp_path / "host", 0) == (plain, {})
    gone = split.model_copy(update={"train": str(tmp_path / "gone.parquet")})
    assert against_naive(plain, gone, data, tmp_path / "host", 0) == (plain, {})


def ruled(*pairs: tuple[str, float, tuple[float, float] | None]) -> Any:
    series = SeriesPlan(time="t", unit="number", size=1.0, start=0.0, steps=60)
    data = DataStrategy(
        file="s.csv", sha256="", target="y", task="regression", features=("t",), metric="rmse", series=series,
        split=SplitPlan(kind="time", column="t", shuffle=False),
    )  # fmt: skip
    plan = Plan(route=Route.TABULAR, planner="rules", thoughts=(), steps=(), data=data)
    evidence = tuple(
        Evidence(id=f"e{at}", name="paired_difference", value=value, interval=ends, subject=f"delivered vs {name}")
        for at, (name, value, ends) in enumerate(pairs)
    )
    return baseline(Known(plan=plan, evidence=evidence))


def test_a_forecast_must_beat_the_best_of_those_without_a_model() -> None:
    beaten = (("constant", 9.0, (7.0, 11.0)), (LAST, 6.0, (4.0, 8.0)), (DRIFT, 7.0, (5.0, 9.0)))
    assert ruled(*beaten, (SEASON, 2.0, (0.5, 3.0))).verdict == "passed"
    found = ruled(*beaten, (SEASON, 2.0, (-0.5, 4.0)))
    assert (found.verdict, found.value) == ("failed", -0.5)
    assert "no skill beyond the seasonal naive forecast" in found.reason
    assert ruled(*beaten).verdict == "passed", "without a season the last value is the opponent"


def test_the_naive_forecast_itself_is_no_model_that_beats_it() -> None:
    same = ruled(("constant", 5.0, (3.0, 7.0)), (LAST, 0.0, (0.0, 0.0)), (DRIFT, 1.0, (0.5, 2.0)))
    assert same.verdict == "failed" and "the naive forecast" in same.reason


@pytest.mark.parametrize("pairs", [(("constant", 9.0, (7.0, 11.0)),), ((LAST, 3.0, None),)])
def test_a_comparison_that_was_not_made_is_never_a_pass(pairs: Any) -> None:
    assert ruled(*pairs).verdict == "unknown"
