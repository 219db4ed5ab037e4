"""Units and series that a split at random tears apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from orchestrator.data.leaks import LeakFinding, find_leaks
from orchestrator.data.leaks_of_rows import units_on_both_sides
from orchestrator.data.split import SplitRecord
from orchestrator.data.units import alike, series, units

from .conftest import strategy

Split = Callable[..., SplitRecord]
DRAW = np.random.default_rng(11)


def table(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"age": np.random.default_rng(1).normal(50, 9, 240), **columns})


def leaks(frame: pd.DataFrame, folder: Path, split: Split, features: tuple[str, ...]) -> dict[str, LeakFinding]:
    path = folder / "table.csv"
    frame.to_csv(path, index=False)
    found = find_leaks(split(path, features=features), strategy(path, features=features))
    return {finding.kind: finding for finding in found}


def test_columns_named_like_a_unit_and_seen_several_times_are_units() -> None:
    people = np.repeat(np.arange(60), 4)
    named = table(patient_id=people, hybrid=people, colour=people % 3, score=np.arange(240.0))
    assert units(named) == ("patient_id",)
    assert units(table(patient_id=np.arange(240))) == ()


def test_a_column_that_with_times_makes_each_row_different_is_a_unit_without_being_named_so() -> None:
    panel = table(country=np.repeat([f"c{n}" for n in range(40)], 6), year=np.tile(np.arange(6), 40))
    assert units(panel) == ("country",)
    twice = pd.concat([panel, panel.iloc[:5]], ignore_index=True)
    assert units(twice) == ()


def test_a_series_has_a_time_of_its_own_in_most_rows() -> None:
    days = pd.Series(pd.date_range("2026-01-01", periods=240))
    assert series(table(day=days, year=np.arange(240) // 24, hours=np.arange(240.0))) == ("day", "hours")


@pytest.mark.parametrize("regression", [True, False])
def test_likeness_is_one_within_equal_units_and_chance_within_shuffled_ones(regression: bool) -> None:
    unit = pd.Series(np.repeat(np.arange(60), 4))
    target = pd.Series(np.repeat(DRAW.integers(0, 3, 60), 4))
    told, chance = alike(unit, target, regression=regression)
    assert told > 0.99 > chance
    mixed = pd.Series(DRAW.permutation(target))
    told, chance = alike(unit, mixed, regression=regression)
    assert told <= chance < 0.5


def test_a_random_split_of_patients_is_a_leak_where_their_rows_are_alike(tmp_path: Path, split: Split) -> None:
    level = np.repeat(DRAW.normal(size=60), 4)
    frame = table(patient=np.repeat(np.arange(60), 4), score=level + DRAW.normal(0, 0.3, 240))
    found = leaks(frame, tmp_path, split, ("age", "patient"))["groups"]
    assert found.leaks and found.columns == ("patient",) and found.rows > 40
    assert "split by patient" in found.remedy
    assert leaks(frame, tmp_path, split, ("age",))["groups"].leaks, "a dropped column still tells who is who"
    unlike = frame.assign(score=DRAW.permutation(frame["score"]))
    assert not leaks(unlike, tmp_path, split, ("age", "patient"))["groups"].leaks


def test_a_random_split_of_a_series_is_a_leak_where_neighbours_are_alike(tmp_path: Path, split: Split) -> None:
    day = pd.date_range("2026-01-01", periods=240).strftime("%Y-%m-%d")
    frame = table(day=day, score=np.cumsum(DRAW.normal(size=240)))
    found = leaks(frame, tmp_path, split, ("age", "day"))["time_order"]
    assert found.leaks and found.columns == ("day",) and "split by day" in found.remedy
    noise = frame.assign(score=DRAW.normal(size=240))
    assert not leaks(noise, tmp_path, split, ("age", "day"))["time_order"].leaks


def test_amounts_of_time_and_numbers_of_things_are_neither_moments_nor_units() -> None:
    amounts = table(total_day_minutes=np.arange(240) / 10, days_open_hours=np.arange(240.0))
    assert series(amounts) == ()
    counted = table(input_fields=np.arange(240) // 6, patients=np.arange(240) // 6, number_of_rooms=np.arange(240) // 6)
    assert units(counted) == ()
    assert units(table(patients=[f"p{n // 6}" for n in range(240)])) == ("patients",)


def test_a_time_of_its_own_in_every_row_makes_no_panel_of_any_column() -> None:
    days = pd.Series(pd.date_range("2026-01-01", periods=240))
    assert units(table(day=days, height=np.arange(240) // 4)) == ()


@pytest.mark.parametrize(("regression", "spread"), [(True, 0.7), (False, 1.5)])
def test_rows_of_one_animal_that_grows_are_alike_beside_its_age(regression: bool, spread: float) -> None:
    draw = np.random.default_rng(2)
    week, own = np.tile(np.arange(8), 60), np.repeat(draw.normal(0, spread, 60), 8)
    grown = week + own + draw.normal(0, 0.2, 480)
    score = pd.Series(grown if regression else np.where(grown > 3.5, "heavy", "light"))
    frame = pd.DataFrame({"week": week, "pig": np.repeat(np.arange(60), 8)})
    value, chance = alike(frame["pig"], score, regression=regression)
    assert value < max(0.05, chance), "alone, its rows are as different as those of two"
    found = units_on_both_sides(frame, score, np.arange(480) % 5 == 0, regression=regression)
    assert found is not None and found.leaks and found.columns == ("pig",)
