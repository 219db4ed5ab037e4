"""Copied rows: told from repeats that few combinations bring, kept on one side, and a leak where they are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.evidence import Evidence
from orchestrator.core.plan import Plan
from orchestrator.core.request import Route
from orchestrator.data.duplicates import copies, repeats_are_natural
from orchestrator.data.leaks import LeakFinding, find_leaks
from orchestrator.data.seal import Part, write_labels, write_parts
from orchestrator.data.split import SplitRecord
from orchestrator.gates.known import Known
from orchestrator.gates.table import leakage

from .conftest import Split, strategy

FEATURES = ("a", "b", "c")


@pytest.fixture
def pasted(tmp_path: Path) -> Path:
    """200 rows of pure noise, pasted three times."""
    noise = pd.DataFrame(np.random.default_rng(11).normal(size=(200, 4)), columns=[*FEATURES, "score"])
    path = tmp_path / "pasted.csv"
    pd.concat([noise] * 3).to_csv(path, index=False)
    return path


def duplicates(record: SplitRecord, path: Path, **changes: Any) -> LeakFinding:
    return next(leak for leak in find_leaks(record, strategy(path, **changes)) if leak.kind == "duplicates")


def drawn_by_row(path: Path, record: SplitRecord, root: Path) -> SplitRecord:
    """The same table split by a careless hand: every row on its own, copies or not."""
    frame = pd.read_csv(path)
    test = np.random.default_rng(0).random(len(frame)) < 0.2
    train_part, test_part = (
        Part(frame.loc[side, list(FEATURES)], frame.loc[side, "score"].to_numpy(), rows, rows)
        for side, rows in ((~test, np.flatnonzero(~test)), (test, np.flatnonzero(test)))
    )
    train, inputs = write_parts(train_part, test_part, "score", root / "careless")
    labels = write_labels(train_part, test_part, root / "careless-sealed")
    return record.model_copy(update={"train": str(train), "test_inputs": str(inputs), "labels": str(labels)})


@pytest.mark.parametrize("kind", ["random", "stratified"])
def test_a_table_that_was_pasted_thrice_keeps_its_copies_on_one_side(pasted: Path, split: Split, kind: str) -> None:
    record = split(pasted, features=FEATURES, kind=kind)
    assert [(repair.kind, repair.rows) for repair in record.repairs] == [("duplicates_together", 400)]
    train, test = pd.read_parquet(record.train), pd.read_parquet(record.test_inputs)
    assert not set(train["a"]) & set(test["a"])
    found = duplicates(record, pasted, features=FEATURES)
    assert (found.value, found.threshold, found.leaks) == (0.0, 0.0, False)


def test_pasted_rows_on_both_sides_fail_the_leak_gate(pasted: Path, split: Split, tmp_path: Path) -> None:
    record = drawn_by_row(pasted, split(pasted, features=FEATURES), tmp_path)
    found = duplicates(record, pasted, features=FEATURES)
    assert found.value > 0.9 and found.leaks
    plan = Plan(route=Route.TABULAR, planner="test", thoughts=(), steps=())
    told = Evidence(id="e1", name="leaks", value=float(found.leaks), subject="split", text=found.remedy)
    assert leakage(Known(plan=plan, evidence=(told,))).verdict == "failed"


def test_few_combinations_on_both_sides_are_no_leak(tmp_path: Path, split: Split) -> None:
    draw = np.random.default_rng(2)
    frame = pd.DataFrame({"a": draw.integers(0, 3, 300), "b": draw.integers(0, 2, 300), "score": draw.normal(size=300)})
    frame.to_csv(tmp_path / "cells.csv", index=False)
    record = split(tmp_path / "cells.csv", features=("a", "b"))
    found = duplicates(record, tmp_path / "cells.csv", features=("a", "b"))
    assert found.value == 1.0 and not found.leaks


@given(rows=st.integers(25, 60), times=st.integers(2, 12), columns=st.integers(1, 3), classes=st.booleans())
def test_however_often_a_table_of_numbers_is_pasted_its_repeats_are_not_natural(
    rows: int, times: int, columns: int, classes: bool
) -> None:
    draw = np.random.default_rng(rows)
    features = pd.DataFrame(draw.normal(size=(rows, columns)), columns=list("abc")[:columns])
    target = pd.Series(draw.choice(["no", "yes"], rows) if classes else draw.normal(size=rows))
    assert not repeats_are_natural(pd.concat([features] * times), pd.concat([target] * times))


def test_a_pasted_column_with_a_few_rows_more_is_still_a_copy() -> None:
    draw = np.random.default_rng(1)
    x, y = draw.normal(size=100), draw.normal(size=100)
    features, target = pd.DataFrame({"x": [*np.tile(x, 10), 5.0, 6.0]}), pd.Series([*np.tile(y, 10), 1.0, 2.0])
    assert not repeats_are_natural(features, target)


@pytest.mark.parametrize("kind", ["group", "time"])
def test_where_groups_or_times_are_held_out_a_number_measured_anew_is_no_copy(kind: str) -> None:
    """The visits of every patient have the same days and doses; the score of each is its own."""
    visits = pd.DataFrame({"day": np.tile(np.arange(6.0), 50), "dose": np.tile([1.5, 2.5], 150)})
    score = pd.Series(np.random.default_rng(0).normal(size=300))
    units, natural = copies(visits, score, kind)
    assert len(np.unique(units)) == 300 and not natural
    units, _ = copies(pd.concat([visits, visits[:9]]), pd.concat([score, score[:9]]), kind)
    assert len(np.unique(units)) == 300, "with the same score it is a copy"
    assert len(np.unique(copies(visits, score, "random")[0])) == 6


def test_classes_repeat_by_nature_where_columns_of_few_values_bring_it() -> None:
    draw = np.random.default_rng(0)
    few = pd.DataFrame(
        {"week": draw.integers(0, 5, 200), "drug": draw.integers(0, 3, 200), "high": draw.random(200) > 0.5}
    )
    ill = pd.Series(draw.choice(["yes", "no"], 200))
    assert copies(few, ill, "group")[1] and not copies(few.assign(age=draw.normal(size=200)), ill, "group")[1]
    pasted = pd.DataFrame({"age": np.tile(draw.normal(size=100), 2)})
    assert not copies(pasted, pd.concat([ill[:100]] * 2, ignore_index=True), "group")[1]


def test_rounded_numbers_that_follow_the_features_agree_by_chance_and_pasted_ones_do_not() -> None:
    draw = np.random.default_rng(0)
    grade = pd.DataFrame({"grade": draw.integers(0, 12, 1000), "school": draw.integers(0, 40, 1000)})
    score = (10.0 * grade["grade"] + draw.normal(size=1000)).round(1)
    assert copies(grade, score, "group")[1]
    fine = score + draw.normal(0, 1e-3, 1000)
    pasted = pd.concat([grade, grade[:50]], ignore_index=True)
    assert not copies(pasted, pd.concat([fine, fine[:50]], ignore_index=True), "group")[1]
