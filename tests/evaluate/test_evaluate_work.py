"""The evaluate skill in a box's Python: what it fits holds on other rows, and every mistake is one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.boxed import Box, Boxed

pytestmark = pytest.mark.box
FEATURES = ["a", "b", "c"]


def worked(box: Box, models: Path, out: Path, model: str, **spec: Any) -> Boxed:
    told = {"target": "y", "task": "binary", "metric": "roc_auc", "features": FEATURES, "subject": {"name": model}}
    inputs = {"train": str(models / "half.parquet"), "subject": str(models / model)}
    return box("work", out, skill="evaluate", spec={**told, **spec}, inputs=inputs)


@pytest.fixture(scope="module")
def halves(models: Path) -> pd.DataFrame:
    """The rows that are not given to the skill's work, which gets the others."""
    rows = pd.read_parquet(models / "rows.parquet")
    rows[:500].to_parquet(models / "half.parquet")
    rest = rows[500:].reset_index(drop=True)
    rest.drop(columns=["y", "size"]).to_parquet(models / "inputs.parquet")
    return rest


def test_what_is_fitted_on_validation_rows_holds_on_others(
    box: Box, models: Path, halves: pd.DataFrame, tmp_path: Path
) -> None:
    bound = {"metric": "false_positive_rate", "at_most": 0.1}
    fitted = {"operating_point": {"bound": bound}, "recalibrate": True, "sets": True}
    done = worked(box, models, tmp_path / "work", "good.joblib", **fitted)
    assert done.code == 0, done.output
    variants = done.json("model/variants.json")
    assert variants == ["delivered", "recalibrated", "threshold", "sets"]
    told = box(
        "predict", tmp_path / "predict", inputs={"rows": str(models / "inputs.parquet")}, variants=variants,
        models={"subject": {"skill": "evaluate", "path": str(done.out / "model")}},
    )  # fmt: skip
    assert told.code == 0, told.output
    found = {name: np.load(told.out / f"predictions-{name}.npz")["outputs"] for name in variants[1:]}
    positive = (halves["y"] == "yes").to_numpy()
    alarms = found["threshold"][~positive, 1].mean()
    assert 0.04 < alarms < 0.17, "a threshold chosen on 500 rows keeps to its bound within their noise"
    assert found["threshold"][positive, 1].mean() > 0.5
    assert found["sets"].sum(axis=1).min() == 1, "no set is empty"
    held = np.where(positive, found["sets"][:, 1], found["sets"][:, 0]).mean()
    assert 0.85 < held < 0.95
    assert abs(found["recalibrated"][:, 1].mean() - positive.mean()) < 0.05


def test_overconfident_probabilities_come_nearer_to_what_is_seen(
    box: Box, models: Path, halves: pd.DataFrame, tmp_path: Path
) -> None:
    """Naive Bayes on four copies of one column is far too sure; Platt's map takes that back."""
    for name in ("half.parquet", "inputs.parquet"):
        frame = pd.read_parquet(models / name)
        frame.assign(a2=frame["a"], a3=frame["a"], a4=frame["a"]).to_parquet(tmp_path / name)
    told = {"target": "y", "task": "binary", "metric": "log_loss", "subject": {"name": "wide"}, "recalibrate": True}
    spec = {**told, "features": [*FEATURES, "a2", "a3", "a4"]}
    inputs = {"train": str(tmp_path / "half.parquet"), "subject": str(models / "wide.joblib")}
    done = box("work", tmp_path / "work", skill="evaluate", spec=spec, inputs=inputs)
    assert done.code == 0, done.output
    predicted = box(
        "predict", tmp_path / "predict", inputs={"rows": str(tmp_path / "inputs.parquet")},
        variants=["delivered", "recalibrated"],
        models={"subject": {"skill": "evaluate", "path": str(done.out / "model")}},
    )  # fmt: skip
    assert predicted.code == 0, predicted.output
    truth = (halves["y"] == "yes").to_numpy()
    losses = []
    for name in ("predictions.npz", "predictions-recalibrated.npz"):
        promised = np.clip(np.load(predicted.out / name)["outputs"][:, 1], 1e-12, 1 - 1e-12)
        losses.append(-np.where(truth, np.log(promised), np.log(1 - promised)).mean())
    assert losses[1] < 0.8 * losses[0]


def test_a_regression_gets_intervals_that_hold_their_share(
    box: Box, models: Path, halves: pd.DataFrame, tmp_path: Path
) -> None:
    spec = {"target": "size", "task": "regression", "metric": "rmse", "coverage": 0.8}
    done = worked(box, models, tmp_path / "work", "ridge.joblib", **spec)
    assert done.code == 0, done.output
    told = box(
        "predict", tmp_path / "predict", inputs={"rows": str(models / "inputs.parquet")}, variants=["delivered"],
        models={"subject": {"skill": "evaluate", "path": str(done.out / "model")}},
    )  # fmt: skip
    held = np.load(told.out / "predictions.npz")
    assert held["output_names"].tolist() == ["size", "size.low", "size.high"]
    inside = (held["outputs"][:, 1] <= halves["size"]) & (halves["size"] <= held["outputs"][:, 2])
    assert 0.74 < inside.mean() < 0.86


@pytest.mark.parametrize(
    ("model", "kind"), [("booster.ubj", "xgboost"), ("booster.txt", "lightgbm"), ("logits.pt", "torch")]
)
def test_a_model_that_its_library_saved_predicts_as_it_did(
    box: Box, models: Path, halves: pd.DataFrame, tmp_path: Path, model: str, kind: str
) -> None:
    for name in ("half.parquet", "inputs.parquet"):
        frame = pd.read_parquet(models / name)
        frame.assign(y=(frame["y"] == "yes").astype(int) if "y" in frame else 0).to_parquet(tmp_path / name)
    told = {"target": "y", "task": "binary", "metric": "roc_auc", "features": FEATURES}
    spec = {**told, "subject": {"name": model, "kind": kind}}
    inputs = {"train": str(tmp_path / "half.parquet"), "subject": str(models / model)}
    done = box("work", tmp_path / "work", skill="evaluate", spec=spec, inputs=inputs)
    assert done.code == 0, done.output
    predicted = box(
        "predict", tmp_path / "predict", inputs={"rows": str(tmp_path / "inputs.parquet")}, variants=["delivered"],
        models={"subject": {"skill": "evaluate", "path": str(done.out / "model")}},
    )  # fmt: skip
    assert predicted.code == 0, predicted.output
    held = np.load(predicted.out / "predictions.npz")
    assert held["output_names"].tolist() == ["0", "1"]
    if kind != "lightgbm":
        known = np.load(models / ("booster.npy" if kind == "xgboost" else "network.npy"))[500:]
        assert held["outputs"] == pytest.approx(known, abs=1e-6)
    positive = (halves["y"] == "yes").to_numpy()
    assert held["outputs"][positive, 1].mean() > held["outputs"][~positive, 1].mean() + 0.1


@pytest.mark.parametrize(
    ("model", "message"),
    [("dictionary.joblib", "holds an object of type dict with the keys 'model', which has no predict"),
     ("broken.pkl", "'broken.pkl' cannot be opened"),
     ("wide.joblib", "was fitted to the 3 columns 'a2', 'a3', 'a4', which the table has not"),
     ("two.joblib", "was fitted to 2 columns without names, and the table has 3"),
     ("ridge.joblib", "knows no classes: it predicts a quantity"),
     ("booster.json", "holds the classes 'no', 'yes', and 'booster.json' knows '0', '1' alone"),
     ("of_size.json", "knows no classes: it predicts a quantity"),
     ("state.pt", "'state.pt' is a state dict (2 tensors"),
     ("logits.pt", "holds the classes 'no', 'yes', and 'logits.pt' knows '0', '1' alone"),
     ("ranker.txt", "its objective 'lambdarank' is neither of classes nor of a quantity")],
)  # fmt: skip
def test_a_model_that_cannot_be_used_is_one_clear_mistake(
    box: Box, models: Path, halves: pd.DataFrame, tmp_path: Path, model: str, message: str
) -> None:
    kind = {".json": "xgboost", ".txt": "lightgbm", ".pt": "torch"}.get(Path(model).suffix, "pickle")
    done = worked(box, models, tmp_path / "work", model, subject={"name": model, "kind": kind})
    assert done.code == 42, done.output
    assert message in done.json("error.json")["message"] and done.json("error.json")["remedy"]


def test_classes_that_the_model_does_not_know_are_named(
    box: Box, models: Path, halves: pd.DataFrame, tmp_path: Path
) -> None:
    done = worked(box, models, tmp_path / "work", "other_classes.joblib", features=["a", "b"])
    assert done.code == 42
    assert (
        "holds the classes 'no', 'yes', and 'other_classes.joblib' knows 'False', 'True'"
        in (done.json("error.json")["message"])
    )
