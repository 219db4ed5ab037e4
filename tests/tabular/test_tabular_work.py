"""The tabular skill's habits: same seed same bits, honest refusals, a schema that is current."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from orchestrator.core.plan import SplitPlan
from orchestrator.core.values import sha256_file

from .conftest import ROOT, Box, train

pytestmark = pytest.mark.box

SPEC: dict[str, Any] = {
    "target": "y", "task": "regression", "metric": "rmse", "numeric": ["a", "b"], "trees": 10,
    "boosting_iterations": 20, "cv": {"kind": "kfold", "folds": 4, "repeats": 1},
}  # fmt: skip


def hashes(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): sha256_file(path) for path in folder.rglob("*") if path.is_file()}


def test_the_same_seed_gives_the_same_bits_and_another_seed_other_ones(
    box: Box, made_table: Path, tmp_path: Path
) -> None:
    first, again, other = (
        train(box, made_table, tmp_path / name, SPEC, SplitPlan(kind="random"), seed=seed, predict=False).work.out
        for name, seed in (("first", 0), ("again", 0), ("other", 1))
    )
    assert hashes(first) == hashes(again)
    for name in ("forest", "boosting", "lightgbm", "xgboost"):
        assert hashes(first)[f"model/{name}.joblib"] != hashes(other)[f"model/{name}.joblib"], name


def test_folds_by_group_are_used_where_asked(box: Box, made_table: Path, tmp_path: Path) -> None:
    spec = {**SPEC, "models": ["dummy", "linear"], "cv": {"kind": "group", "column": "who", "folds": 4, "repeats": 2}}
    done = train(box, made_table, tmp_path, spec, SplitPlan(kind="group", column="who"))
    assert done.work.json("choice.json")["folds"] == 8
    assert done.work.json("choice.json")["delivered"] == "linear"
    assert done.scores["delivered", "rmse"]["text"].endswith("over groups")


def test_noise_is_answered_with_the_dummy(box: Box, tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    frame = pd.DataFrame(generator.normal(size=(120, 3)), columns=["a", "b", "y"])
    frame.to_csv(tmp_path / "noise.csv", index=False)
    done = train(box, tmp_path / "noise.csv", tmp_path, SPEC, SplitPlan(kind="random"), predict=False)
    assert done.work.json("choice.json")["delivered"] == "dummy"


def test_trees_are_delivered_where_only_columns_together_tell_the_target(box: Box, tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    frame = pd.DataFrame(generator.normal(size=(400, 2)), columns=["a", "b"])
    frame["y"] = np.where(frame["a"] * frame["b"] > 0, "same", "other")
    frame.to_csv(tmp_path / "signs.csv", index=False)
    told = {"task": "binary", "metric": "roc_auc", "models": ["dummy", "linear", "forest"], "trees": 30}
    done = train(box, tmp_path / "signs.csv", tmp_path, {**SPEC, **told}, SplitPlan(kind="stratified"), predict=False)
    choice = done.work.json("choice.json")
    assert choice["delivered"] == "forest", choice["reason"]
    assert choice["gain"]["better"] == "forest" and choice["gain"]["low"] > 0.2


def test_rows_with_gaps_and_unknown_categories_are_predicted(box: Box, tmp_path: Path) -> None:
    generator = np.random.default_rng(2)
    frame = pd.DataFrame({"a": generator.normal(size=80), "k": generator.choice(["u", "v"], 80), "row_id": range(80)})
    frame["when"] = pd.date_range("2026-01-01", periods=80)
    frame["y"] = frame["a"] * 2 + (frame["k"] == "u")
    frame.loc[::7, "a"] = np.nan
    frame.loc[3, "when"] = pd.NaT
    frame["empty"] = np.nan
    frame.to_parquet(tmp_path / "train.parquet")
    strange = pd.DataFrame({"a": [np.nan, 1e9], "k": [None, "never seen"], "row_id": [500, 501]})
    strange["empty"] = [np.nan, 4.0]
    strange["when"] = [pd.NaT, pd.Timestamp("2031-05-05T12:30")]
    strange.to_parquet(tmp_path / "rows.parquet")
    spec = {**SPEC, "numeric": ["a", "empty"], "categorical": ["k"], "time": ["when"]}
    worked = box(
        "work", tmp_path / "out", skill="tabular", spec=spec, inputs={"train": str(tmp_path / "train.parquet")}
    )
    assert worked.code == 0, worked.output
    done = box(
        "predict", tmp_path / "predict", inputs={"rows": str(tmp_path / "rows.parquet")},
        variants=["delivered", "dummy", "linear", "forest", "boosting", "lightgbm", "xgboost"],
        models={"subject": {"skill": "tabular", "path": str(tmp_path / "out" / "model")}},
    )  # fmt: skip
    assert done.code == 0, done.output
    for path in done.out.glob("predictions*.npz"):
        with np.load(path) as held:
            assert np.isfinite(held["outputs"]).all()
            assert held["row_ids"].tolist() == [500, 501]


def test_bad_data_found_in_the_box_come_back_as_the_users_mistake(box: Box, tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": range(40), "b": 1.0, "y": np.nan, "row_id": range(40)})
    frame.to_parquet(tmp_path / "train.parquet")
    done = box("work", tmp_path / "out", skill="tabular", spec=SPEC, inputs={"train": str(tmp_path / "train.parquet")})
    assert done.code == 42, done.output
    assert done.json("error.json")["message"] == "40 training rows have no 'y'"
    assert done.json("error.json")["remedy"]


def test_the_schema_is_the_specs(box_python: Path) -> None:
    made = subprocess.run(
        [str(box_python), "-m", "skills.runtime", "schema", "tabular"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout == (ROOT / "skills/tabular/spec.schema.json").read_text()
