"""Splits that the user brings, and by group and time together: sides, repairs, leaks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.errors import BadInput
from orchestrator.core.plan import SIDE, DataStrategy, SplitPlan
from orchestrator.data.assign import later_groups
from orchestrator.data.given import sides_of
from orchestrator.data.leaks import find_leaks
from orchestrator.data.split import SplitRecord, split_table

from .conftest import strategy

Split = Callable[..., SplitRecord]


def rows_of(record: SplitRecord) -> tuple[set[int], set[int]]:
    with np.load(record.labels) as held:
        return set(held["train_rows"].tolist()), set(held["rows"].tolist())


def kinds(record: SplitRecord) -> dict[str, int]:
    return {repair.kind: repair.rows for repair in record.repairs}


def test_a_column_of_sides_is_kept_to_and_validation_rows_are_trained_on(visits: Path, split: Split) -> None:
    frame = pd.read_csv(visits)
    sides = ["train"] * 30 + ["Validation"] * 10 + ["TEST"] * 20
    frame.assign(set=sides).to_csv(visits, index=False)
    record = split(visits, kind="given", column="set")
    assert rows_of(record) == (set(range(40)), set(range(40, 60)))
    assert (record.how, record.column, kinds(record)) == ("given", "set", {"validation_joined": 10})
    assert "set" not in pd.read_parquet(record.train).columns


def test_copies_of_given_test_rows_leave_training_and_never_the_test(visits: Path, split: Split) -> None:
    frame = pd.read_csv(visits).assign(set=["train"] * 40 + ["test"] * 20)
    near = frame.iloc[5:10].assign(set="test", age=lambda rows: rows["age"] + 0.001)
    pd.concat([frame, frame.iloc[:4].assign(set="test"), near]).to_csv(visits, index=False)
    record = split(visits, kind="given", column="set")
    train, test = rows_of(record)
    assert test == set(range(40, 69)) and train == {4, *range(10, 40)}
    assert kinds(record) == {"near_copies_dropped": 5, "duplicates_dropped": 4}


@pytest.mark.parametrize(
    ("name", "cells", "told"),
    [
        ("set", ["a", "b"], "holds 'a', 'b'"),
        ("set", ["train", "train"], "names no test rows"),
        ("is_test", ["yes", "yes"], "names only test rows"),
    ],
)
def test_a_column_that_names_no_sides_is_refused(name: str, cells: list[str], told: str) -> None:
    with pytest.raises(BadInput) as caught:
        sides_of(Path("t.csv"), pd.Series(cells, name=name))
    assert told in caught.value.message and caught.value.remedy


def test_yes_and_no_are_read_by_the_name_of_the_column() -> None:
    assert sides_of(Path("t.csv"), pd.Series([True, False], name="is_test")).test.tolist() == [True, False]
    assert sides_of(Path("t.csv"), pd.Series([1, 0], name="in_train")).test.tolist() == [False, True]


def with_file(visits: Path, other: Path) -> DataStrategy:
    given = SplitPlan(kind="given", column=SIDE, test_file=str(other))
    return strategy(visits).model_copy(update={"split": given})


def test_a_file_of_test_rows_is_the_test_and_its_leaks_are_searched(visits: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(visits)
    other = tmp_path / "test.csv"
    frame[40:].drop(columns=["patient"]).to_csv(other, index=False)
    frame[:40].to_csv(visits, index=False)
    told = with_file(visits, other)
    record = split_table(visits, told, seed=0, destination=tmp_path / "run", sealed=tmp_path / "sealed")
    assert rows_of(record) == (set(range(40)), set(range(40, 60)))
    found = {finding.kind: finding for finding in find_leaks(record, told)}
    assert not any(finding.leaks for finding in found.values()) and "time_order" not in found
    shuffled = frame.assign(score=np.cumsum(np.random.default_rng(0).normal(size=60)))
    shuffled.iloc[::2].to_csv(other, index=False)
    shuffled.iloc[1::2].to_csv(visits, index=False)
    record = split_table(visits, told, seed=0, destination=tmp_path / "run", sealed=tmp_path / "sealed")
    late = {finding.kind: finding for finding in find_leaks(record, told)}["time_order"]
    assert late.leaks and late.columns == ("day",)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda t: t.drop(columns=["dose"]), "have no column 'dose'"),
        (lambda t: t.drop(columns=["score"]), "have no column 'score'"),
        (lambda t: t.assign(dose="much"), "'dose' holds numbers in one"),
    ],
)
def test_a_file_of_test_rows_that_does_not_fit_is_refused(
    visits: Path, tmp_path: Path, change: Callable[[pd.DataFrame], pd.DataFrame], told: str
) -> None:
    other = tmp_path / "test.csv"
    change(pd.read_csv(visits)).to_csv(other, index=False)
    with pytest.raises(BadInput) as caught:
        split_table(visits, with_file(visits, other), seed=0, destination=tmp_path / "run", sealed=tmp_path / "sealed")
    assert told in caught.value.message and caught.value.remedy


def by_group_and_time(path: Path, **changes: Any) -> DataStrategy:
    split = SplitPlan(kind="group", column="patient", moment="day")
    return strategy(path, **changes).model_copy(update={"split": split})


@pytest.mark.parametrize("entering", [True, False])
def test_by_group_and_time_no_group_is_shared_and_no_training_row_is_late(tmp_path: Path, entering: bool) -> None:
    """Patients who come one after the other, or are all seen all the time."""
    draw = np.random.default_rng(0)
    place = np.arange(600)
    frame = pd.DataFrame({
        "age": draw.normal(size=600), "dose": draw.normal(size=600), "site": "north",
        "patient": [f"p{who}" for who in (place // 10 if entering else place % 60)],
        "day": pd.date_range("2026-01-01", periods=600).strftime("%Y-%m-%d"), "score": draw.normal(size=600),
    })  # fmt: skip
    path = tmp_path / "panel.csv"
    frame.to_csv(path, index=False)
    told = by_group_and_time(path)
    record = split_table(path, told, seed=0, destination=tmp_path / "run", sealed=tmp_path / "sealed")
    train, test = (frame.iloc[sorted(rows)] for rows in rows_of(record))
    assert not set(train["patient"]) & set(test["patient"]) and train["day"].max() < test["day"].min()
    assert record.cutoff is not None and record.cutoff.startswith(test["day"].min())
    assert 0.15 <= len(test) / (len(train) + len(test)) <= 0.25
    left = kinds(record).get("between_sides", 0)
    assert len(train) + len(test) + left == 600 and (left < 60 if entering else left > 100)
    found = {finding.kind: finding for finding in find_leaks(record, told)}
    assert (found["groups"].value, found["time_order"].value) == (0.0, 0.0)
    seen = pd.read_parquet(record.train)
    assert {"patient", "day"} <= set(seen.columns)
    seen.assign(day=pd.Timestamp("2030-01-01")).to_parquet(record.train)
    assert {finding.kind: finding.leaks for finding in find_leaks(record, told)}["time_order"]


@given(rows=st.integers(4, 60), groups=st.integers(1, 8), times=st.integers(1, 9), seed=st.integers(0, 99))
def test_sides_by_group_and_time_never_meet(rows: int, groups: int, times: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    code, moment = draw.integers(0, groups, rows), draw.integers(0, times, rows).astype(float)
    test, keep = later_groups(code, moment, 0.2, draw)
    assert not (test & ~keep).any()
    if test.any():
        train = keep & ~test
        assert train.any() and not set(code[test]) & set(code[train])
        assert moment[train].max() < moment[test].min()


def test_one_group_cannot_be_split_so(visits: Path, tmp_path: Path) -> None:
    pd.read_csv(visits).assign(patient="p").to_csv(visits, index=False)
    with pytest.raises(BadInput, match=r"in 'patient' of their own and later in 'day'"):
        split_table(visits, by_group_and_time(visits), seed=0, destination=tmp_path / "a", sealed=tmp_path / "b")
