"""Regular steps are found in a table's times, counted alike on both sides of the box, and prolonged."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from orchestrator.data.steps import find_series, later_times, places_of
from orchestrator.measure import season
from skills.tabular import period
from skills.tabular.spec import Series
from skills.tabular.steps import places

TIMES = {
    "months": pd.Series(pd.date_range("2001-11-01", periods=40, freq="MS")),
    "ends of months": pd.Series(pd.date_range("2001-11-30", periods=40, freq="ME")),
    "quarters": pd.Series(pd.date_range("2001-02-01", periods=40, freq="QS-FEB")) + pd.Timedelta(days=14),
    "years": pd.Series(pd.date_range("1950-01-01", periods=40, freq="YS")),
    "days": pd.Series(pd.date_range("2001-11-05", periods=40, freq="D")),
    "business days": pd.Series(pd.date_range("2001-11-06", periods=40, freq="B")),
    "hours": pd.Series(pd.date_range("2001-11-05 07:20", periods=40, freq="h")),
    "numbered years": pd.Series(np.arange(1950, 1990)),
    "parts of years": pd.Series((1949 + np.arange(40) / 12).round(6)),
}


@pytest.mark.parametrize("name", TIMES)
def test_a_series_is_found_and_its_steps_counted_alike_by_host_and_box(name: str) -> None:
    times = TIMES[name].reset_index(drop=True).rename("year")
    known = pd.DataFrame({"year": times, "y": np.arange(len(times)) % 7}).drop(index=[5])
    (form,) = find_series(known)
    assert (form.time, form.group, form.steps) == ("year", None, len(times))
    told = Series.model_validate(form.model_dump(include={"time", "unit", "size", "start"}))
    assert places_of(times, form).tolist() == places(times, told).tolist() == list(range(len(times)))


@pytest.mark.parametrize("name", TIMES)
def test_the_times_after_the_end_take_the_next_steps(name: str) -> None:
    times = TIMES[name].reset_index(drop=True).rename("year")
    (form,) = find_series(pd.DataFrame({"year": times}))
    later = later_times(times[:-6], form, 6)
    assert places_of(later, form).tolist() == list(range(len(times) - 6, len(times)))
    given = times[-6:].reset_index(drop=True)
    away = (later - given) / pd.Timedelta(seconds=1) if given.dtype.kind == "M" else later - given
    assert (away.abs() < 1e-3).all()


def test_several_series_are_told_apart_by_the_column_that_names_them() -> None:
    days = pd.date_range("2024-01-01", periods=30)
    parts = [pd.DataFrame({"day": days, "shop": shop, "sales": np.arange(30)}) for shop in ("a", "b", "c")]
    (form,) = find_series(pd.concat(parts, ignore_index=True))
    assert (form.time, form.group, form.unit, form.steps) == ("day", "shop", "second", 30)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"day": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-09", "2024-03-01"] * 10)}),
        pd.DataFrame({"day": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(40) ** 2, unit="D")}),
        pd.DataFrame({"day": pd.date_range("2024-01-01", periods=12)}),
        pd.DataFrame({"x": np.arange(60.0), "y": np.arange(60.0)}),
        pd.DataFrame({"year": np.repeat(np.arange(2000, 2010), 12), "month": np.tile(np.arange(1, 13), 10)}),
    ],
    ids=["repeated", "uneven", "short", "no time", "a month of the year"],
)
def test_what_is_no_regular_series_is_not_taken_for_one(frame: pd.DataFrame) -> None:
    assert find_series(frame) == ()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.sin(np.arange(96) * 2 * np.pi / 12) + np.arange(96) / 9, 12),
        (np.tile([1.0, 4.0, 2.0, 8.0, 3.0, 7.0, 5.0], 12), 7),
        (np.random.default_rng(0).normal(size=120), None),
        (np.random.default_rng(1).normal(size=120).cumsum(), None),
        (np.arange(50.0), None),
        (np.full(50, 3.0), None),
    ],
    ids=["season on a trend", "week", "noise", "random walk", "line", "constant"],
)
def test_a_season_is_found_where_there_is_one_by_host_and_box_alike(values: np.ndarray, expected: int | None) -> None:
    assert season.find_period(values) == period.find_period(values) == expected
