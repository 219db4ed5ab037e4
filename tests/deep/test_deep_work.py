"""The deep skill through the job contract: what it delivers, what it resumes, where a network wins and where not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from orchestrator.core.values import sha256_file
from tests.boxed import Box, Boxed

from .conftest import ROOT, plan_for, signals, spec_for, split

pytestmark = pytest.mark.box


def predictions(box: Box, worked: Boxed, inputs: str, folder: Path) -> dict[str, dict[str, np.ndarray]]:
    variants = worked.json("model/variants.json")
    model = {"skill": "deep", "path": str(worked.out / "model")}
    done = box("predict", folder, inputs={"rows": inputs}, variants=variants, models={"subject": model})
    assert done.code == 0, done.output
    found = {}
    for name in variants:
        with np.load(folder / ("predictions.npz" if name == "delivered" else f"predictions-{name}.npz")) as held:
            found[name] = {key: held[key] for key in held.files}
    with np.load(folder / "features.npz") as held:
        found["features"] = {key: held[key] for key in held.files}
    return found


def accuracy(found: dict[str, np.ndarray], labels: str) -> float:
    with np.load(labels) as held:
        truth = dict(zip(held["row_ids"].tolist(), held["labels"].tolist(), strict=True))
    told = found["output_names"][found["outputs"].argmax(axis=1)]
    return float(np.mean([truth[row] == name for row, name in zip(found["row_ids"].tolist(), told, strict=True)]))


def test_where_order_matters_the_convolutional_network_wins(box: Box, tmp_path: Path) -> None:
    inputs, classes = signals(1500)
    np.savez(tmp_path / "signals.npz", signals=inputs, labels=classes)
    plan = plan_for(tmp_path / "signals.npz")
    assert plan.arrays is not None and plan.arrays.kind == "series"
    record = split(tmp_path / "signals.npz", plan, tmp_path)
    spec = spec_for(plan, epochs=20, channels=[16, 32, 32], hidden=[64])
    worked = box("work", tmp_path / "train", skill="deep", spec=spec, inputs={"train": record.train})
    assert worked.code == 0, worked.output
    assert worked.json("choice.json")["delivered"] == "cnn", worked.json("choice.json")["reason"]
    found = predictions(box, worked, record.test_inputs, tmp_path / "predict")
    reached = {name: accuracy(found[name], record.labels) for name in ("delivered", "cnn", "mlp", "linear", "forest")}
    assert reached["delivered"] == reached["cnn"] > max(reached[name] for name in ("mlp", "linear", "forest")) + 0.1
    assert np.abs(found["features"]["features"].mean()) < 0.2
    history = worked.json("history.json")
    assert {"loss", "validation_loss", "gradient_norm", "rate", "cv_accuracy"} <= set(history["series"])
    assert history["stopped"]["limit"] == 20 and "cosine" in history["schedule"]


def hashes(folder: Path) -> dict[str, str]:
    told = ("claims.json", "checkpoint.npz")
    files = (path for path in folder.rglob("*") if path.is_file() and path.name not in told)
    return {path.relative_to(folder).as_posix(): sha256_file(path) for path in files}


def test_a_job_that_was_killed_goes_on_from_its_checkpoint_to_the_same_files(
    box: Box, box_python: Path, bars: Path, tmp_path: Path
) -> None:
    plan = plan_for(bars, task="binary", metric="roc_auc")
    record = split(bars, plan, tmp_path)
    spec = spec_for(plan, checkpoint_s=0, models=["dummy", "linear", "cnn"], augment={"shift": 1, "noise": 0.1})
    whole = box("work", tmp_path / "whole", skill="deep", spec=spec, inputs={"train": record.train})
    assert whole.code == 0, whole.output
    assert not (whole.out / "checkpoint.npz").exists()
    killed = subprocess.run(
        [str(box_python), "-c", KILL, str(tmp_path / "whole-job.json"), str(tmp_path / "cut")],
        cwd=ROOT, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"}, timeout=200,
    )  # fmt: skip
    assert killed.returncode == -9, killed.stderr
    checkpoint = tmp_path / "cut" / "checkpoint.npz"
    inputs = {"train": record.train, "checkpoint": str(checkpoint)}
    resumed = box("work", tmp_path / "resumed", skill="deep", spec=spec, inputs=inputs)
    assert resumed.code == 0, resumed.output
    assert "cnn.0: epoch 5 " not in resumed.output and "cnn: epoch 8 " in resumed.output
    assert '"done": 0' not in resumed.output and '"done": 5, "total": 9' in resumed.output, "it is at the sixth of nine"
    assert hashes(resumed.out) == hashes(whole.out)


KILL = """
import json, os, signal, sys
from skills.deep import checkpoint
from skills.runtime.verbs import run
note = checkpoint.Checkpoint.note
def noted(self, part, arrays):
    note(self, part, arrays)
    if part == "cnn.1" and json.loads(str(arrays["told"]))["epoch"] == 3:
        os.kill(os.getpid(), signal.SIGKILL)
checkpoint.Checkpoint.note = noted
run("work", {**json.load(open(sys.argv[1])), "out": sys.argv[2]})
"""


def test_noise_gets_the_constant_guess(box: Box, tmp_path: Path) -> None:
    generator = np.random.default_rng(5)
    np.savez(tmp_path / "noise.npz", images=generator.normal(size=(120, 6, 6)), labels=generator.integers(0, 2, 120))
    plan = plan_for(tmp_path / "noise.npz", task="binary", metric="log_loss")
    record = split(tmp_path / "noise.npz", plan, tmp_path)
    worked = box("work", tmp_path / "train", skill="deep", spec=spec_for(plan), inputs={"train": record.train})
    assert worked.code == 0, worked.output
    assert worked.json("choice.json")["delivered"] == "dummy", worked.json("choice.json")["reason"]


def test_a_quantity_is_predicted_with_intervals_in_its_unit(box: Box, tmp_path: Path) -> None:
    generator = np.random.default_rng(6)
    images = generator.normal(size=(200, 6, 6))
    target = 1000 + 50 * images[:, :3].sum(axis=(1, 2)) + generator.normal(size=200)
    np.savez(tmp_path / "sums.npz", images=images, y=target)
    plan = plan_for(tmp_path / "sums.npz", task="regression", metric="rmse")
    record = split(tmp_path / "sums.npz", plan, tmp_path)
    spec = spec_for(plan, models=["dummy", "linear", "forest", "mlp"])
    worked = box("work", tmp_path / "train", skill="deep", spec=spec, inputs={"train": record.train})
    assert worked.code == 0, worked.output
    assert worked.json("choice.json")["delivered"] == "linear"
    found = predictions(box, worked, record.test_inputs, tmp_path / "predict")["delivered"]
    assert found["output_names"].tolist() == ["y", "y.low", "y.high"]
    with np.load(record.labels) as held:
        truth = pd.Series(held["labels"], index=held["row_ids"]).loc[found["row_ids"]].to_numpy()
    assert np.sqrt(np.mean((found["outputs"][:, 0] - truth) ** 2)) < 0.1 * truth.std()
    assert np.mean((truth >= found["outputs"][:, 1]) & (truth <= found["outputs"][:, 2])) > 0.7


def test_samples_of_another_size_are_the_users_mistake(box: Box, bars: Path, tmp_path: Path) -> None:
    plan = plan_for(bars, task="binary", metric="roc_auc")
    record = split(bars, plan, tmp_path)
    spec = spec_for(plan, shape=[1, 5, 5])
    done = box("work", tmp_path / "out", skill="deep", spec=spec, inputs={"train": record.train})
    assert done.code == 42, done.output
    assert "bytes of shape" in done.json("error.json")["message"]


def test_the_schema_is_the_specs(box_python: Path) -> None:
    made = subprocess.run(
        [str(box_python), "-m", "skills.runtime", "schema", "deep"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout == (ROOT / "skills/deep/spec.schema.json").read_text()
