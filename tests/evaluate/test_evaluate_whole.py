"""Evaluations as a user types them: a good model, and one that would break out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.box, pytest.mark.bwrap]


def run(models: Path, runs: Path, text: str, *more: str) -> tuple[int, dict[str, Any]]:
    command = [str(Path(sys.executable).parent / "mlexpert"), "run", text, *more, "--runs-dir", str(runs),
               "--output-format", "json", "--sandbox", "bubblewrap"]  # fmt: skip
    done = subprocess.run(command, cwd=models, capture_output=True, text=True, timeout=200, env={**os.environ})
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_model_is_measured_and_validated_with_its_training_rows(bwrap: None, models: Path, tmp_path: Path) -> None:
    words = "Evaluate good.joblib on test.csv, target y"
    code, answer = run(models, tmp_path / "runs", words, "--trained-on", "train.csv")
    assert (code, answer["status"], answer["route"]) == (0, "validated", "evaluate"), answer["message"]
    (claim,) = [one for one in answer["claims"] if one["text"].startswith("roc auc of good.joblib")]
    assert 0.85 < claim["value"] < 1
    verdicts = {check["id"]: check["verdict"] for check in answer["checks"]}
    assert verdicts["data.leakage"] == verdicts["model.baseline"] == "passed"
    assert verdicts["training.loss"] == "not_applicable"


def test_a_pickle_that_would_break_out_changes_nothing(bwrap: None, models: Path, tmp_path: Path) -> None:
    code, answer = run(models, tmp_path / "runs", "Evaluate evil.pkl on test.csv, target y")
    assert (code, answer["status"]) == (42, "bad_input")
    assert "holds an object of type int" in answer["error"]["message"], "it was opened, in the box"
    log = Path(answer["run_dir"]) / "steps" / "evaluate" / "log.txt"
    assert "seen" in log.read_text(), "its command ran, in the box"
    assert not (models / "escaped").exists() and not (Path.home() / "mlexpert-escaped").exists()
    assert not list(tmp_path.rglob("escaped"))
