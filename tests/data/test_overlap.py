"""Copies of training rows among the rows that a model is evaluated on, and model files described unopened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from orchestrator.core.errors import BadInput, NotAvailable
from orchestrator.core.plan import DataStrategy, SplitPlan
from orchestrator.data.finding import LeakFinding
from orchestrator.data.models import describe_model, is_model
from orchestrator.data.overlap import find_overlap
from orchestrator.data.split import split_table


@pytest.fixture
def rows() -> pd.DataFrame:
    draw = np.random.default_rng(7)
    cells = draw.normal(size=(400, 3))
    return pd.DataFrame(cells, columns=["a", "b", "c"]).assign(
        key=np.arange(400) + 1000, city=draw.choice(["x", "y", "z"], 400), y=cells[:, 0] > 0
    )


def overlap(folder: Path, rows: pd.DataFrame, trained: pd.DataFrame) -> dict[str, float]:
    return {one.kind: one.value for one in leaks(folder, rows, trained)}


def leaks(folder: Path, rows: pd.DataFrame, trained: pd.DataFrame) -> list[LeakFinding]:
    rows.to_csv(folder / "x.csv", index=False)
    data = DataStrategy(
        file=str(folder / "x.csv"), sha256="", target="y", task="binary", features=("key", "a", "b", "c", "city"),
        split=SplitPlan(kind="stratified", test_fraction=0.5), metric="roc_auc",
    )  # fmt: skip
    split = split_table(folder / "x.csv", data, seed=0, destination=folder / "run", sealed=folder / "sealed")
    return [one for one in find_overlap(trained, split, data, "old.csv") if one.value > one.threshold]


def test_rows_of_another_sample_do_not_overlap(tmp_path: Path, rows: pd.DataFrame) -> None:
    assert overlap(tmp_path, rows[:200], rows[200:].reset_index(drop=True)) == {}


def test_copies_are_found_though_they_were_numbered_anew(tmp_path: Path, rows: pd.DataFrame) -> None:
    anew = rows.assign(key=np.arange(400)[::-1])
    assert overlap(tmp_path, rows, anew)["duplicates"] == 1.0


def test_a_share_of_copies_is_told_as_such(tmp_path: Path, rows: pd.DataFrame) -> None:
    trained = pd.concat([rows[:100], rows[200:]], ignore_index=True)
    found = overlap(tmp_path, rows[:200].reset_index(drop=True), trained)
    assert 0.3 < found["duplicates"] < 0.7


def test_rounded_copies_are_found(tmp_path: Path, rows: pd.DataFrame) -> None:
    rounded = rows.assign(**{name: rows[name].round(3) for name in "abc"})
    assert overlap(tmp_path, rows, rounded)["near_duplicates"] > 0.9


def test_copies_are_told_apart_from_near_copies_and_counted(tmp_path: Path, rows: pd.DataFrame) -> None:
    (exact,) = leaks(tmp_path, rows, rows)
    assert exact.remedy == "199 of 199 sealed rows are copies of rows in old.csv: evaluate on other rows"
    rounded = rows.assign(**{name: rows[name].round(3) for name in "abc"})
    (near,) = leaks(tmp_path, rows, rounded)
    assert "sealed rows are near copies of rows in old.csv" in near.remedy


def test_missing_cells_of_a_column_of_two_types_are_one_value(tmp_path: Path, rows: pd.DataFrame) -> None:
    told = rows["city"].map({"x": "1", "y": "2", "z": "north"}).where(rows.index % 4 > 0)
    numbers = pd.to_numeric(told, errors="coerce").where(told != "north")
    known = told.isna() | (told != "north")
    ours, theirs = rows.assign(city=told), rows.assign(city=numbers)[known].reset_index(drop=True)
    assert overlap(tmp_path, ours, theirs)["duplicates"] == pytest.approx(known.mean(), abs=0.1)


def test_a_column_of_another_type_and_one_that_is_not_there_do_not_hide_copies(
    tmp_path: Path, rows: pd.DataFrame
) -> None:
    other = rows.drop(columns="b").assign(city=rows["city"].astype("category").cat.codes)
    assert overlap(tmp_path, rows.assign(city=other["city"].astype(str)), other)["duplicates"] == 1.0


def test_training_rows_without_the_target_or_any_column_in_common_are_bad_input(
    tmp_path: Path, rows: pd.DataFrame
) -> None:
    with pytest.raises(BadInput, match=r"'old.csv' has no column 'y'"):
        overlap(tmp_path, rows, rows.drop(columns="y"))
    with pytest.raises(BadInput, match="shares no column"):
        overlap(tmp_path, rows, pd.DataFrame({"q": [1.0, 2.0], "y": [True, False]}))


def test_a_model_file_is_described_by_name_size_and_hash(tmp_path: Path) -> None:
    (tmp_path / "m.joblib").write_bytes(b"anything, since it is not opened")
    found = describe_model(str(tmp_path / "m.joblib"))
    assert (found.name, found.kind, found.bytes, len(found.sha256)) == ("m.joblib", "pickle", 32, 64)


def test_boosters_are_told_from_other_files_by_their_first_bytes(tmp_path: Path) -> None:
    held = {
        "b.json": b'{"learner":{"attributes":{},"gradient_booster":{}},"version":[3,0,0]}',
        "b.txt": b"tree\nversion=v4\nnum_class=1\n",
        "b.ubj": b"{L",
        "problem.json": b'{"name": "heat", "domain": {"x": [0, 1]}}',
        "notes.txt": b"a tree\nversion=1",
    }
    for name, content in held.items():
        (tmp_path / name).write_bytes(content)
    told = {name: is_model(str(tmp_path / name)) for name in held}
    assert told == {"b.json": True, "b.txt": True, "b.ubj": True, "problem.json": False, "notes.txt": False}
    kinds = {name: describe_model(str(tmp_path / name)) for name in ("b.json", "b.txt", "b.ubj")}
    assert [found.kind for found in kinds.values()] == ["xgboost", "lightgbm", "xgboost"]
    assert not any(found.is_code for found in kinds.values())
    assert not is_model(str(tmp_path / "missing.json")) and not is_model(str(tmp_path / "folder.txt"))


def test_model_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"x")
    (tmp_path / "empty.joblib").touch()
    (tmp_path / "folder.pkl").mkdir()
    with pytest.raises(BadInput, match=r"no model .*modle.pkl") as caught:
        describe_model(str(tmp_path / "modle.pkl"))
    assert "model.pkl" in caught.value.remedy
    with pytest.raises(BadInput, match="is empty"):
        describe_model(str(tmp_path / "empty.joblib"))
    with pytest.raises(BadInput, match="is a folder"):
        describe_model(str(tmp_path / "folder.pkl"))
    with pytest.raises(NotAvailable, match="ONNX has no runtime"):
        describe_model(str(tmp_path / "m.onnx"))
