"""Array data, from words to a checked answer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from whole import Mlexpert

pytestmark = pytest.mark.box


def bars(path: Path, count: int) -> Path:
    """Small images with a bright row or a bright column somewhere."""
    generator = np.random.default_rng(1)
    labels = np.arange(count) % 2
    images = 0.4 * generator.normal(size=(count, 6, 6))
    for place, label in enumerate(labels):
        at = generator.integers(6)
        images[(place, at) if label else (place, slice(None), at)] += 1.5
    np.savez(path, images=images, labels=np.where(labels, "row", "column"))
    return path


def test_images_get_a_network_that_is_measured_on_sealed_rows_beside_simpler_models(
    mlexpert: Mlexpert, tmp_path: Path
) -> None:
    bars(tmp_path / "bars.npz", 400)
    ran = mlexpert("run", "Classify the images in @bars.npz with a CNN, 25 epochs", "--sandbox", "process")
    assert (ran.code, ran.answer["status"]) == (0, "validated"), ran.answer["message"]
    assert ran.answer["route"] == "train/deep"
    subjects = {e["subject"] for e in ran.evidence() if e["name"] == "roc_auc"}
    assert subjects >= {"delivered", "constant", "linear", "forest", "mlp", "cnn"}
    choice = json.loads((ran.run_dir / "steps" / "train" / "out" / "choice.json").read_text())
    assert choice["delivered"] in ("mlp", "cnn"), choice["reason"]
    assert "near_duplicates" in ran.checks["data.leakage"]["reason"]
    inputs = pd.read_parquet(ran.run_dir / "data" / "test_inputs.parquet")
    assert sorted(inputs.columns) == ["inputs", "row_id"]
    page = (ran.run_dir / "report.html").read_text()
    assert "Confusion matrix" in page and "validation_loss" in page


def test_what_this_skill_cannot_do_is_said_before_anything_is_spent(mlexpert: Mlexpert, tmp_path: Path) -> None:
    bars(tmp_path / "bars.npz", 40)
    ran = mlexpert("run", "Train a U-Net on the images in @bars.npz", "--sandbox", "process")
    assert (ran.code, ran.answer["status"]) == (42, "refused")
    assert "u-net" in ran.answer["error"]["message"] and "CNN" in ran.answer["error"]["remedy"]
