"""Real tables, from words to a checked answer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from whole import Mlexpert

pytestmark = pytest.mark.box


@pytest.mark.parametrize(
    ("name", "target", "metric"), [("diabetes", "target", "rmse"), ("breast_cancer", "target", "roc_auc")]
)
def test_a_real_table_gets_a_held_out_metric_with_an_interval_and_baselines(
    mlexpert: Mlexpert, tables: Path, name: str, target: str, metric: str
) -> None:
    ran = mlexpert("run", f"Predict {target} in @{tables / name}.csv", "--sandbox", "process")
    assert ran.answer["status"] == "validated", ran.answer["message"]
    delivered = {e["name"]: e for e in ran.evidence() if e["subject"] == "delivered"}
    chosen = ran.answer["plan"]["data"]["metric"]
    low, high = delivered[chosen]["interval"]
    assert low < delivered[chosen]["value"] < high
    assert {e["subject"] for e in ran.evidence() if e["name"] == chosen} >= {"delivered", "dummy", "linear", "forest"}
    assert ran.checks["model.baseline"]["verdict"] == "passed"
    assert metric in delivered


def test_the_simpler_model_is_delivered_where_the_better_score_is_not_significant(
    mlexpert: Mlexpert, tables: Path
) -> None:
    ran = mlexpert("run", f"Predict target in @{tables}/diabetes.csv", "--sandbox", "process")
    choice = json.loads((ran.run_dir / "steps" / "train" / "out" / "choice.json").read_text())
    assert choice["delivered"] == "linear", choice


def test_no_label_of_a_test_row_is_reachable_from_a_box(mlexpert: Mlexpert, tables: Path) -> None:
    ran = mlexpert("run", f"Predict target in @{tables}/diabetes.csv", "--sandbox", "process")
    sealed = ran.run_dir.parent / ".state" / "sealed" / ran.answer["run_id"]
    assert (sealed.stat().st_mode & 0o777, (sealed / "labels.npz").stat().st_mode & 0o777) == (0o700, 0o600)
    with np.load(sealed / "labels.npz") as held:
        labels = held["labels"]
    assert len(labels) > 50
    assert not [path for path in ran.run_dir.rglob("*") if path.name == "labels.npz"]


def test_a_target_without_signal_gets_no_model_and_exit_code_3(mlexpert: Mlexpert, tmp_path: Path) -> None:
    noise = np.random.default_rng(3).normal(size=(300, 4))
    header, rows = "a,b,c,y", "\n".join(",".join(f"{cell:.6f}" for cell in row) for row in noise)
    (tmp_path / "noise.csv").write_text(f"{header}\n{rows}\n")
    ran = mlexpert("run", "Predict y in @noise.csv", "--sandbox", "process")
    assert (ran.code, ran.answer["status"]) == (3, "not_validated")
    assert ran.checks["model.baseline"]["verdict"] == "failed"
