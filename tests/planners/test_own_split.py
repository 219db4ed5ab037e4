"""Splits from words to plan: by group and time, the user's own column or file, folds drawn anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.errors import BadInput
from orchestrator.core.plan import SIDE, Plan
from orchestrator.core.profile import Column, DataProfile
from orchestrator.core.request import Request
from orchestrator.core.values import sha256_file
from orchestrator.planners.seam import choose

PLANNER = choose("rules", {})


def column(name: str, kind: str, unique: int, **told: Any) -> Column:
    return Column(name=name, kind=kind, missing=0.0, unique=unique, **told)


COLUMNS = (
    column("age", "number", 90, low=1.0, high=99.5), column("patient", "category", 60), column("set", "category", 3),
    column("day", "time", 300), column("y", "number", 480, low=0.5, high=9.25),
)  # fmt: skip


async def planned(text: str) -> Plan:
    profile = DataProfile(file="a.csv", sha256="", rows=500, duplicates=0, columns=COLUMNS)
    request = Request(text=text)
    return await PLANNER.plan(request, await PLANNER.route(request), profile, ())


@pytest.mark.parametrize(
    "said",
    [
        "grouped by patient, split by time", "group by patient, chronological split", "split by group and time",
        "group by patient and time column day", "group k-fold by patient, with a temporal split",
    ],
)  # fmt: skip
async def test_groups_and_times_together_ask_about_new_groups_at_later_times(said: str) -> None:
    plan = await planned(f"Predict y in @a.csv, {said}")
    assert plan.data is not None
    assert (plan.data.split.kind, plan.data.split.column, plan.data.split.moment) == ("group", "patient", "day")
    folds = plan.steps[0].spec["cv"]
    assert folds == {"kind": "group", "folds": 5, "column": "patient", "moment": "day"}
    assert "patient" not in plan.data.features


@pytest.mark.parametrize(
    "said",
    [
        "the column set says which rows are test rows", "split column is set", "use the existing split in column set",
        "the test rows are those where set is test", "use `set` as the train/test split", "group by set",
    ],
)  # fmt: skip
async def test_a_column_that_names_the_sides_is_the_split(said: str) -> None:
    plan = await planned(f"Predict y in @a.csv; {said}")
    assert plan.data is not None and plan.data.target == "y"
    assert (plan.data.split.kind, plan.data.split.column) == ("given", "set")
    assert plan.data.dropped["set"] == "says which rows are test rows"
    assert "given by 'set'" in plan.thoughts[1].decision


@pytest.mark.parametrize(
    "said",
    [
        "Predict y; train on @a.csv and test on @{}", "Predict y in @a.csv, the test set is @{}",
        "Predict y in @a.csv with @{} as the test set", "Predict y in @a.csv. The held-out rows are in @{}",
    ],
)  # fmt: skip
async def test_a_file_of_test_rows_is_the_split(tmp_path: Path, said: str) -> None:
    path = tmp_path / "b.csv"
    path.write_text("age,y\n1,2\n")
    plan = await planned(said.format(path))
    assert plan.data is not None
    split = plan.data.split
    assert (split.kind, split.column, split.test_file, split.test_sha256) == (
        "given",
        SIDE,
        str(path),
        sha256_file(path),
    )
    assert not any("left alone" in note for note in plan.notes)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Predict y; train on @a.csv and test on @missing.csv", "there is no file 'missing.csv'"),
        ("Predict y in @a.csv; split column is sett", "'sett'"),
        ("Predict y in @a.csv, repeat the cross-validation 40 times", "drawn 40 times; 1 to 10"),
    ],
)
async def test_a_split_that_cannot_be_had_is_named(text: str, told: str) -> None:
    with pytest.raises(BadInput) as caught:
        await planned(text)
    assert told in caught.value.message and caught.value.remedy


@pytest.mark.parametrize(
    ("said", "folds", "repeats"),
    [
        ("with 10-fold cross-validation repeated 3 times", 10, 3),
        ("with 3x10-fold cv", 10, 3),
        ("with 5 repeats of 4-fold cross-validation", 4, 5),
        ("with 5-fold cross-validation without repeats", 5, 1),
    ],
)
async def test_folds_are_drawn_as_often_as_is_said(said: str, folds: int, repeats: int) -> None:
    cv = (await planned(f"Predict y in @a.csv {said}, random split")).steps[0].spec["cv"]
    assert cv == {"kind": "kfold", "folds": folds, "column": None, "repeats": repeats}
