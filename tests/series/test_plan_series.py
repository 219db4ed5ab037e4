"""Plans of forecasts: when rows are a series, how far ahead is asked for, what may be learned from."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from orchestrator.core.errors import BadInput
from orchestrator.core.plan import DataStrategy, Plan
from orchestrator.core.profile import DataProfile
from orchestrator.core.request import Request
from orchestrator.data.profile import profile_table
from orchestrator.planners.seam import choose

AIR = Path(__file__).with_name("air_passengers.csv")


@pytest.fixture(scope="module")
def air() -> DataProfile:
    return profile_table(AIR)


@pytest.fixture
def shops(tmp_path: Path) -> DataProfile:
    """Daily sales of six shops, with the day's price, which nobody knows ahead."""
    days, draw = pd.date_range("2024-01-01", periods=90), np.random.default_rng(4)
    parts = [
        pd.DataFrame({"date": days, "store": f"s{at}", "price": draw.normal(9, 1, 90).round(2)}) for at in range(6)
    ]
    frame = pd.concat(parts, ignore_index=True)
    frame["sales"] = draw.normal(100, 9, len(frame)).round(2)
    frame.to_csv(tmp_path / "shops.csv", index=False)
    return profile_table(tmp_path / "shops.csv")


def plan(text: str, profile: DataProfile) -> Plan:
    planner, request = choose("rules", {}), Request(text=text)

    async def made() -> Plan:
        return await planner.plan(request, await planner.route(request), profile, ())

    return asyncio.run(made())


def data(text: str, profile: DataProfile) -> DataStrategy:
    found = plan(text, profile).data
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "horizon"),
    [
        ("Forecast the monthly passengers in air_passengers.csv for the next 12 months", 12),
        ("Forecast passengers in air_passengers.csv 2 years ahead", 24),
        ("Predict passengers from air_passengers.csv, time column month", None),
        ("Predict passengers in air_passengers.csv", None),
        ("Prognose von passengers in air_passengers.csv für die nächsten 6 Monate", 6),
    ],
)
def test_a_table_of_times_and_values_is_forecast_from_its_own_past(
    air: DataProfile, text: str, horizon: int | None
) -> None:
    made = plan(text, air)
    assert made.data is not None and made.data.series is not None
    assert (made.data.series.unit, made.data.series.size, made.data.series.steps) == ("month", 1.0, 144)
    assert made.data.series.horizon == horizon
    assert (made.data.split.kind, made.data.split.column, made.data.split.shuffle) == ("time", "month", False)
    spec = made.steps[0].spec
    assert spec["models"][:6] == ["dummy", "naive", "drift", "seasonal_naive", "linear", "forest"]  # type: ignore[index]
    assert spec["series"] == {"time": "month", "group": None, "unit": "month", "size": 1.0, "start": -252.0}


def test_as_many_steps_are_sealed_as_are_asked_for(air: DataProfile) -> None:
    assert data("Forecast passengers in air_passengers.csv for the next 12 months", air).split.test_fraction == 0.2
    longer = data("Forecast passengers in air_passengers.csv for the next 4 years", air)
    assert 48 <= longer.split.test_fraction * 144 < 49


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Forecast passengers in air_passengers.csv for the next 10 years", "at most 72 can be measured"),
        ("Forecast passengers in air_passengers.csv for the next 12 hours", "a step of the series is 1 month"),
    ],
)
def test_a_horizon_that_cannot_be_measured_is_refused(air: DataProfile, text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        plan(text, air)


def _daily(**changed: object) -> pd.DataFrame:
    frame = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=60), "sales": np.arange(60) % 7 + 5.0})
    return frame.assign(**changed)


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (_daily(date=pd.date_range("2024-01-01", periods=60).where(np.arange(60) != 9)), "is empty in 1 of 60 rows"),
        (pd.concat([_daily(), _daily().iloc[:2]]), "2024-01-01 00:00:00 of 'date' stands in several rows"),
        (
            _daily(date=pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(60) ** 2, unit="D")),
            "steps of one length",
        ),
        (_daily(date=np.repeat(pd.date_range("2024-01-01", periods=10), 6)), "has 10 different times"),
        (_daily().drop(columns="date").assign(price=np.arange(60.0)), "no column holds times"),
    ],
    ids=["missing times", "times twice", "uneven", "few times", "no times"],
)
def test_rows_that_are_no_series_are_refused_where_steps_ahead_are_asked_for(
    tmp_path: Path, frame: pd.DataFrame, why: str
) -> None:
    frame.to_csv(tmp_path / "sales.csv", index=False)
    with pytest.raises(BadInput, match=f"no regular series: .*{why}"):
        plan("Forecast sales in sales.csv for the next 14 days", profile_table(tmp_path / "sales.csv"))


def test_several_series_are_forecast_together_and_what_is_not_known_ahead_is_left_out(shops: DataProfile) -> None:
    found = data("Forecast sales in shops.csv for the next 14 days", shops)
    assert found.series is not None and (found.series.time, found.series.group) == ("date", "store")
    assert set(found.features) == {"date", "store"} and found.split.column == "date"
    assert "not known ahead" in found.dropped["price"]
    spec = plan("Forecast sales in shops.csv for the next 14 days", shops).steps[0].spec
    assert (spec["categorical"], spec["time"], spec["numeric"]) == (["store"], ["date"], [])
    named = data("Forecast sales in shops.csv for the next 14 days using the columns date, store, price", shops)
    assert "price" in named.features


@pytest.mark.parametrize(
    "text",
    [
        "Predict sales in shops.csv",
        "Predict sales in shops.csv, time column date",
        "Forecast sales in shops.csv with a random split",
    ],
)
def test_a_table_that_nobody_asks_to_forecast_stays_one(shops: DataProfile, text: str) -> None:
    assert data(text, shops).series is None
