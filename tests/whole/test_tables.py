"""Real tables, from words to a checked answer."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from labels import files_with_labels
from whole import Mlexpert, Ran

pytestmark = pytest.mark.box


@pytest.mark.parametrize(("name", "metric"), [("diabetes", "rmse"), ("breast_cancer", "roc_auc")])
def test_a_real_table_gets_a_held_out_metric_with_an_interval_and_baselines(
    mlexpert: Mlexpert, diabetes: Ran, tables: Path, name: str, metric: str
) -> None:
    words = f"Predict target in @{tables / name}.csv"
    ran = diabetes if name == "diabetes" else mlexpert("run", words, "--sandbox", "process")
    assert ran.answer["status"] == "validated", ran.answer["message"]
    delivered = {e["name"]: e for e in ran.evidence() if e["subject"] == "delivered"}
    chosen = ran.answer["plan"]["data"]["metric"]
    low, high = delivered[chosen]["interval"]
    assert low < delivered[chosen]["value"] < high
    assert {e["subject"] for e in ran.evidence() if e["name"] == chosen} >= {"delivered", "dummy", "linear", "forest"}
    assert ran.checks["model.baseline"]["verdict"] == "passed"
    assert metric in delivered


def test_a_table_with_a_time_column_is_split_by_time(mlexpert: Mlexpert) -> None:
    found = importlib.util.find_spec("vega_datasets")
    assert found is not None and found.origin is not None
    table = Path(found.origin).parent / "_data" / "seattle-weather.csv"
    ran = mlexpert("run", f"Predict temp_max in @{table} with a linear model", "--sandbox", "process")
    assert ran.answer["status"] == "validated", ran.answer["message"]
    split = json.loads((ran.run_dir / "split.json").read_text())
    assert (split["how"], split["column"]) == ("time", "date")
    assert "time_order" in " ".join(entry["name"] for entry in ran.evidence())


def test_a_full_disk_in_the_box_is_named(mlexpert: Mlexpert, tmp_path: Path) -> None:
    (tmp_path / "agents.toml").write_text("[agents.ml-expert.resources]\ndisk_mb = 1\n")
    cells = np.random.default_rng(5).normal(size=(1200, 4))
    pd.DataFrame(cells, columns=list("abcy")).to_csv(tmp_path / "wide.csv", index=False)
    ran = mlexpert("run", "Predict y in @wide.csv with 2 folds", "--sandbox", "process")
    assert (ran.code, ran.answer["status"]) == (3, "not_validated"), ran.answer
    assert "filled the 1 MB disk" in ran.answer["error"]["message"] and "disk_mb" in ran.answer["error"]["remedy"]


def test_the_simpler_model_is_delivered_where_the_better_score_is_not_significant(diabetes: Ran) -> None:
    choice = json.loads((diabetes.run_dir / "steps" / "train" / "out" / "choice.json").read_text())
    assert choice["delivered"] == "linear", choice
    assert any(claim["text"].startswith("Delivered is 'linear'") for claim in diabetes.answer["claims"])


def test_no_label_of_a_test_row_is_reachable_from_a_box(diabetes: Ran) -> None:
    ran = diabetes
    sealed = ran.run_dir.parent / ".state" / "sealed" / ran.answer["run_id"]
    assert (sealed.stat().st_mode & 0o777, (sealed / "labels.npz").stat().st_mode & 0o777) == (0o700, 0o600)
    with np.load(sealed / "labels.npz") as held:
        labels, rows = held["labels"], held["row_ids"]
    assert len(labels) > 50
    inputs = pd.read_parquet(ran.run_dir / "data" / "test_inputs.parquet")
    assert "target" not in inputs.columns and sorted(inputs["row_id"]) == sorted(rows)
    train = pd.read_parquet(ran.run_dir / "data" / "train.parquet")
    assert "target" in train.columns and not set(train["row_id"]) & set(rows)
    assert files_with_labels(ran.run_dir, dict(zip(rows.tolist(), labels.tolist(), strict=True))) == []


def test_the_search_for_labels_finds_them_where_they_are(tmp_path: Path) -> None:
    labels = {7: 1.5, 3: 2.25, 5: 0.125, 1: 9.5}
    ids = np.array([1, 3, 5, 7])
    column = np.array([labels[row] for row in ids])
    np.savez(tmp_path / "aligned.npz", some=column[::-1], row_ids=ids[::-1])
    pd.DataFrame({"row_id": ids, "t": column}).to_parquet(tmp_path / "aligned.parquet")
    pd.DataFrame({"row_id": ids, "t": column}).to_csv(tmp_path / "aligned.csv")
    (tmp_path / "list.json").write_text(json.dumps({"y": [labels[row] for row in labels]}))
    np.savez(tmp_path / "innocent.npz", some=column + 1, row_ids=ids)
    found = files_with_labels(tmp_path, labels)
    assert found == ["aligned.csv", "aligned.npz", "aligned.parquet", "list.json"]


def test_a_target_without_signal_gets_no_model_and_exit_code_3(mlexpert: Mlexpert, tmp_path: Path) -> None:
    noise = np.random.default_rng(3).normal(size=(300, 4))
    header, rows = "a,b,c,y", "\n".join(",".join(f"{cell:.6f}" for cell in row) for row in noise)
    (tmp_path / "noise.csv").write_text(f"{header}\n{rows}\n")
    ran = mlexpert("run", "Predict y in @noise.csv", "--sandbox", "process")
    assert (ran.code, ran.answer["status"]) == (3, "not_validated")
    assert ran.checks["model.baseline"]["verdict"] == "failed"
    assert "no skill beyond a constant guess" in ran.answer["message"]
