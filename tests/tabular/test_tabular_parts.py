"""The parts of the tabular skill that need no box: rows, spec, folds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from skills.runtime.job import UserMistake
from skills.tabular.folds import cut, folds_of
from skills.tabular.rows import MISSING, read_inputs, read_training
from skills.tabular.spec import Spec

NUMBERS: dict[str, Any] = {"target": "y", "task": "regression", "metric": "rmse", "numeric": ["a", "b"]}
CLASSES: dict[str, Any] = {**NUMBERS, "target": "c", "task": "binary", "metric": "accuracy"}


def good() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(40, 3)), columns=["a", "b", "y"])
    return frame.assign(c=["u", "v"] * 20, row_id=range(40))


@pytest.mark.parametrize(
    ("frame", "spec", "told"),
    [
        (good(), {**NUMBERS, "numeric": ["a", "bb"]}, "no column 'bb'"),
        (good(), {**NUMBERS, "numeric": ["a", "c"]}, "holds 'u'"),
        (good(), {**NUMBERS, "categorical": ["row"]}, "no column 'row'"),
        (good(), {**NUMBERS, "time": ["c"]}, "is to be a time"),
        (good().assign(y=np.nan), NUMBERS, "40 training rows have no 'y'"),
        (good().assign(y=np.inf), NUMBERS, "infinite"),
        (good().assign(y=1.5), NUMBERS, "one value"),
        (good().assign(c="u"), CLASSES, "one value in all training rows: 'u'"),
        (good().head(2), NUMBERS, "too few"),
        (good(), {**NUMBERS, "target": "c"}, "regression needs numbers"),
        (good().assign(g=None), {**NUMBERS, "cv": {"kind": "group", "column": "g"}}, "40 rows have no 'g'"),
    ],
)
def test_training_rows_that_teach_nothing_are_the_users_mistake(
    tmp_path: Path, frame: pd.DataFrame, spec: dict[str, Any], told: str
) -> None:
    frame.to_parquet(tmp_path / "train.parquet")
    with pytest.raises(UserMistake) as caught:
        read_training(tmp_path / "train.parquet", Spec.model_validate(spec))
    assert told in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"metric": "accuracy"}, "does not measure a regression"),
        ({"numeric": []}, "no feature column"),
        ({"numeric": ["a", "a"]}, "named twice"),
        ({"numeric": ["a", "y"]}, "named twice"),
        ({"trees": 0}, "greater than or equal to 1"),
        ({"depth": 3}, "Extra inputs"),
        ({"cv": {"kind": "group"}}, "need the group's column"),
    ],
)
def test_a_spec_that_contradicts_itself_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Spec.model_validate({**NUMBERS, **changes})


def test_cells_become_plain_features(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "a": [1.0, np.inf, np.nan], "flag": [True, False, True], "said": ["yes", "no", None], "k": [1.0, None, 2.5],
            "when": pd.to_datetime(["2026-01-01", None, "2026-01-03"]), "row_id": [7, 8, 9],
        }
    )  # fmt: skip
    frame.to_parquet(tmp_path / "rows.parquet")
    spec = Spec.model_validate({**NUMBERS, "numeric": ["a", "flag", "said"], "categorical": ["k"], "time": ["when"]})
    features, ids = read_inputs(tmp_path / "rows.parquet", spec)
    assert features["a"].isna().tolist() == [False, True, True]
    assert features["flag"].tolist() == [1.0, 0.0, 1.0]
    assert features["said"].iloc[:2].tolist() == [1.0, 0.0]
    assert features["k"].tolist() == ["1", MISSING, "2.5"]
    assert ids.tolist() == [7, 8, 9]


kinds = st.sampled_from(["kfold", "stratified", "group", "time"])


@given(kind=kinds, rows=st.integers(12, 80), folds=st.integers(2, 6), seed=st.integers(0, 99))
def test_folds_share_nothing_and_score_every_row_once_a_repeat(kind: str, rows: int, folds: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    column = "by" if kind in ("group", "time") else None
    spec = Spec.model_validate({**NUMBERS, "cv": {"kind": kind, "folds": folds, "repeats": 2, "column": column}})
    target = generator.normal(size=rows)
    pairs = generator.permutation(rows) // 2  # two rows a time or group
    by = pairs if column else None
    made, _ = cut(spec, target, by, seed)
    for fold in made:
        assert not set(fold.train) & set(fold.test)
        if kind == "group" and by is not None:
            assert not set(by[fold.train]) & set(by[fold.test])
        if kind == "time" and by is not None:
            assert by[fold.train].max() < by[fold.test].min()
    scored = np.concatenate([fold.test for fold in made if fold.repeat == 0])
    assert len(scored) == len(set(scored))
    if kind != "time":
        assert len(scored) == rows


def test_stratified_folds_hold_every_class(tmp_path: Path) -> None:
    spec = Spec.model_validate({**CLASSES, "cv": {"kind": "stratified", "folds": 5}})
    target = np.array(["u"] * 40 + ["v"] * 5)
    folds, notes = cut(spec, target, None, 0)
    assert all(set(target[fold.test]) == {"u", "v"} for fold in folds)
    assert not notes


def test_a_class_rarer_than_the_folds_lowers_their_number_and_is_noted() -> None:
    spec = Spec.model_validate({**CLASSES, "cv": {"kind": "stratified", "folds": 5}})
    folds, notes = cut(spec, np.array(["u"] * 40 + ["v"] * 3), None, 0)
    assert len({id(fold) for fold in folds if fold.repeat == 0}) == 3
    assert "3 folds instead of 5" in notes[0]


def test_one_group_makes_no_folds() -> None:
    spec = Spec.model_validate({**NUMBERS, "cv": {"kind": "group", "column": "g"}})
    with pytest.raises(UserMistake, match="folds can be made"):
        cut(spec, np.arange(30.0), np.zeros(30, dtype=np.int64), 0)


@given(rows=st.integers(30, 80), groups=st.integers(6, 12), seed=st.integers(0, 99))
def test_folds_by_group_and_time_ask_about_other_groups_at_later_times(rows: int, groups: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    cv = {"kind": "group", "folds": 3, "column": "g", "moment": "t"}
    spec = Spec.model_validate({**NUMBERS, "cv": cv})
    code, moment = generator.integers(0, groups, rows), generator.integers(0, 20, rows)
    folds, notes = folds_of(spec, generator.normal(size=rows), code, seed, moment)
    assert 2 <= len(folds) <= 3 and "later times" in notes[0]
    for fold in folds:
        assert not set(code[fold.train]) & set(code[fold.test])
        assert moment[fold.train].max() < moment[fold.test].min()


def test_a_moment_is_read_beside_the_groups(tmp_path: Path) -> None:
    cv = {"kind": "group", "folds": 3, "column": "g", "moment": "t"}
    good().assign(g=["p", "q"] * 20, t=range(40)).to_parquet(tmp_path / "rows.parquet")
    rows = read_training(tmp_path / "rows.parquet", Spec.model_validate({**NUMBERS, "cv": cv}))
    assert rows.moment is not None and rows.moment.tolist() == list(range(40))
    taken = rows.take(np.array([3, 1])).moment
    assert taken is not None and taken.tolist() == [3, 1]
    with pytest.raises(ValidationError, match="a moment is for folds by group"):
        Spec.model_validate({**NUMBERS, "cv": {"kind": "kfold", "moment": "t"}})
