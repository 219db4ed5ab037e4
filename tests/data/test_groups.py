"""Test rows know their group: categories as they are, ages by decades, numbers by quantiles, none too small."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from orchestrator.core.errors import BadInput
from orchestrator.core.plan import DataStrategy, SplitPlan
from orchestrator.data.groups import LEAST_IN_GROUP, groups_of
from orchestrator.data.split import split_table

DRAW = np.random.default_rng(0)


def strategy(path: Path, *sensitive: str) -> DataStrategy:
    return DataStrategy(
        file=str(path), sha256="", target="y", task="regression", features=("x",), metric="rmse",
        split=SplitPlan(kind="random", test_fraction=0.5), sensitive=sensitive,
    )  # fmt: skip


def test_ages_are_cut_at_decades_that_are_joined_until_each_is_large_enough() -> None:
    ages = pd.Series([*[25, 26] * 15, *[33] * 5, *[41, 42] * 20, *[67] * 10, *[71, 72] * 6], name="age")
    assert Counter(groups_of(ages)) == {"below 30": 30, "30 to 49": 45, "50 or more": 22}


def test_other_numbers_are_cut_at_quantiles() -> None:
    counted = Counter(groups_of(pd.Series(DRAW.normal(size=400), name="income")))
    assert len(counted) == 4 and set(counted.values()) == {100}
    assert set(Counter(groups_of(pd.Series(DRAW.normal(size=50), name="income"))).values()) == {25}


def test_a_column_with_few_rows_is_one_group() -> None:
    assert set(groups_of(pd.Series(range(18, 18 + LEAST_IN_GROUP), name="age"))) == {"all"}


def test_few_different_numbers_and_words_are_groups_by_themselves() -> None:
    assert groups_of(pd.Series([0.0, 1.0, np.nan])) == ["0", "1", "not told"]
    assert groups_of(pd.Series(["f", "m", None])) == ["f", "m", "not told"]


def test_times_are_cut_at_dates() -> None:
    days = pd.Series(pd.date_range("1950-01-01", periods=200, freq="90D"), name="born")
    groups = Counter(groups_of(days))
    assert set(groups.values()) == {50} and any(group.startswith("below 19") for group in groups)


def test_no_name_of_a_group_is_personal_data() -> None:
    assert groups_of(pd.Series(["anna@example.org", "x"])) == ["(an e-mail address)", "x"]


def test_groups_of_the_test_rows_are_sealed_beside_the_labels_though_no_feature(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    frame = pd.DataFrame({"x": DRAW.normal(size=120), "sex": ["f", "m", "m"] * 40})
    frame.assign(y=np.arange(120)).to_csv(path, index=False)
    made = split_table(path, strategy(path, "sex"), seed=3, destination=tmp_path / "run", sealed=tmp_path / "sealed")
    assert Path(made.groups).stat().st_mode & 0o777 == 0o600
    with np.load(made.groups) as groups, np.load(made.labels) as labels:
        assert groups["row_ids"].tolist() == labels["row_ids"].tolist()
        assert groups["names"].tolist() == ["sex"]
        told = [("f", "m", "m")[int(row) % 3] for row in labels["rows"]]
        assert groups["groups"].tolist() == [told]
    assert "sex" not in pd.read_parquet(made.test_inputs).columns
    assert "sex" not in pd.read_parquet(made.train).columns


def test_without_sensitive_columns_nothing_more_is_sealed(tmp_path: Path) -> None:
    path = tmp_path / "plain.csv"
    pd.DataFrame({"x": DRAW.normal(size=60), "y": np.arange(60)}).to_csv(path, index=False)
    made = split_table(path, strategy(path), seed=3, destination=tmp_path / "run", sealed=tmp_path / "sealed")
    assert made.groups == "" and [file.name for file in (tmp_path / "sealed").iterdir()] == ["labels.npz"]


def test_a_sensitive_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "plain.csv"
    pd.DataFrame({"x": DRAW.normal(size=60), "y": np.arange(60)}).to_csv(path, index=False)
    with pytest.raises(BadInput, match="no column 'sex'"):
        split_table(path, strategy(path, "sex"), seed=3, destination=tmp_path / "run", sealed=tmp_path / "sealed")
