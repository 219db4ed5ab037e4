"""Trains, compares and delivers models of one table."""

from __future__ import annotations

import csv
import json
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from skills.runtime.job import Inputs, Job, Outputs, UserMistake, write_json
from skills.runtime.scoring.table_metrics import REGISTRY
from skills.tabular.ahead import moved, read_asked
from skills.tabular.boosting import MANY_ROWS
from skills.tabular.candidates import fit, outputs
from skills.tabular.compare import Choice, Test, choose, in_blocks, resampled
from skills.tabular.evaluate import Evaluation, evaluate
from skills.tabular.features import preprocessing
from skills.tabular.fitted import Fitted
from skills.tabular.folds import folds_of
from skills.tabular.gain import error_of, gain_of
from skills.tabular.history import write_history
from skills.tabular.learning import fit_parts
from skills.tabular.openmp import load_lightgbm
from skills.tabular.rows import Rows, read_inputs, read_training
from skills.tabular.spec import NAIVE, Spec
from skills.tabular.weights import Weighing, settled

LEAST_RESIDUALS = 20
WITHOUT_MODEL = frozenset({"dummy", *NAIVE})  # forecasts that learn nothing: none is simpler than another
RESAMPLED = "corrected resampled t-test (Nadeau & Bengio 2003)"
IN_BLOCKS = "circular block bootstrap of the losses' differences (Politis & White 2004)"


def work(job: Job) -> None:
    """Compare the candidates on folds, refit all of them on all training rows, write the models and the reasons."""
    rows = read_training(job.inputs["train"], job.spec)
    spec, weighing = settled(job.spec, rows.target)
    if "lightgbm" in spec.models:
        load_lightgbm()
    folds, notes = folds_of(spec, rows.target, rows.by, job.seed, rows.moment)
    if len(rows) > MANY_ROWS and "forest" in spec.models:
        notes.append(f"each tree of the forest sees {MANY_ROWS} of {len(rows)} rows")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ConvergenceWarning)
        found = evaluate(job, spec, rows, folds)
        higher = REGISTRY[spec.metric]["higher_is_better"]
        alike = WITHOUT_MODEL if spec.series else frozenset()
        test = _test(spec, found, job.seed)
        choice = choose(found.scores, test, metric=spec.metric, higher=higher, alpha=spec.alpha, alike=alike)
        fitted = _refit(job, spec, rows, list(found.scores))
    if any(issubclass(warning.category, ConvergenceWarning) for warning in told):
        notes.append("the linear model reached its limit of iterations in some fit")
    parts = fit_parts(job, spec, rows, choice.delivered) if spec.learning_curve else {}
    _write_models(job, spec, rows, {**fitted, **parts}, choice.delivered, found)
    _write_comparison(job, spec, choice, found, fitted, weighing, notes)
    write_history(job, spec, rows, choice, fitted)
    mean = next(line.mean for line in choice.lines if line.chosen)
    job.claim(f"cv_{spec.metric}", mean, file="choice.json")


def predict(model: Path, inputs: Inputs, variant: str) -> Outputs:
    """Class probabilities, or the number with the columns TARGET.low and TARGET.high for the delivered regression."""
    spec, told = _load(model)
    features, row_ids, known = read_asked(_rows_of(inputs), spec)
    name = told["delivered"] if variant == "delivered" else variant
    if name not in told["models"]:
        raise UserMistake(f"there is no variant {variant!r}", f"known are delivered, {', '.join(told['models'])}")
    if name == "lightgbm":
        load_lightgbm()
    pipeline = moved(joblib.load(model / f"{name}.joblib"), known)
    if spec.task != "regression":
        names = tuple(str(label) for label in pipeline.classes_)
        return Outputs(outputs(pipeline, features, regression=False), names, row_ids)
    found = outputs(pipeline, features, regression=True)[:, None]
    half = told["interval"]["half_width"] if told["interval"] and variant == "delivered" else None
    if half is None:
        return Outputs(found, (spec.target,), row_ids)
    names = (spec.target, f"{spec.target}.low", f"{spec.target}.high")
    return Outputs(np.hstack([found, found - half, found + half]), names, row_ids)


def features(model: Path, inputs: Inputs) -> NDArray[np.float64]:
    """What enters the linear model: filled, one-hot, standardised on the training rows."""
    spec, _ = _load(model)
    table, _ = read_inputs(_rows_of(inputs), spec)
    return np.asarray(joblib.load(model / "preprocessing.joblib").transform(table), dtype=np.float64)


def _test(spec: Spec, found: Evaluation, seed: int) -> Test:
    """How two candidates are compared: by their folds' scores, of a series by the losses of all forecasts in time."""
    if spec.series is None:
        return resampled(found.scores, found.share)
    return in_blocks(found.residuals, spec.metric, seed)


def _load(model: Path) -> tuple[Spec, dict[str, Any]]:
    told = json.loads((model / "model.json").read_text(encoding="utf-8"))
    return Spec.model_validate(told["spec"]), told


def _rows_of(inputs: Inputs) -> Path:
    if inputs.rows is None:
        raise UserMistake("a model of a table predicts rows, not points", "give a Parquet file of rows")
    return inputs.rows


def _refit(job: Job, spec: Spec, rows: Rows, names: list[str]) -> dict[str, Fitted]:
    fitted = {}
    for name in names:
        job.progress(message=f"{name}: fit to all {len(rows)} training rows")
        fitted[name] = fit(name, spec, rows, job.seed)
    return fitted


def _interval(spec: Spec, residuals: NDArray[np.float64] | None) -> dict[str, float] | None:
    """Half width that holds `spec.coverage` of the absolute out-of-fold residuals, with the finite-sample rank.

    Split-conformal with the folds as calibration rows: Lei et al. (2018), doi:10.1080/01621459.2017.1307116. Their
    guarantee is for one calibration set; over folds it is approximate, and the host measures the true coverage.
    """
    if residuals is None or len(residuals) < LEAST_RESIDUALS:
        return None
    rank = int(np.ceil((len(residuals) + 1) * spec.coverage))
    if rank > len(residuals):
        return None
    half = float(np.sort(np.abs(residuals))[rank - 1])
    return {"coverage": spec.coverage, "half_width": half, "residuals": len(residuals)}


def _write_models(
    job: Job, spec: Spec, rows: Rows, fitted: dict[str, Fitted], delivered: str, found: Evaluation
) -> None:
    folder = job.model_folder
    for name, model in fitted.items():
        joblib.dump(model.pipeline, folder / f"{name}.joblib", compress=3)
    linear = fitted.get("linear")
    joblib.dump(_prepared(job, spec, rows, linear), folder / "preprocessing.joblib", compress=3)
    write_json(
        folder / "model.json",
        {
            "spec": spec.model_dump(mode="json"),
            "delivered": delivered,
            "models": list(fitted),
            "interval": _interval(spec, found.residuals.get(delivered)),
            "chosen": {name: model.chosen for name, model in fitted.items()},
        },
    )
    job.variants(["delivered", *fitted])
    job.artifact("model", "model")


def _prepared(job: Job, spec: Spec, rows: Rows, linear: Fitted | None) -> Any:
    """What turns rows into the features of the linear model; of a series the forecaster itself does."""
    if linear is None:
        return preprocessing(spec, "linear", job.seed).fit(rows.features, rows.target)
    return linear.pipeline if linear.learned is not None else linear.pipeline["prepare"]


def _write_comparison(
    job: Job, spec: Spec, choice: Choice, found: Evaluation, fitted: dict[str, Fitted], weighing: Weighing,
    notes: list[str],
) -> None:  # fmt: skip
    columns = ("model", f"cv_{spec.metric}_mean", f"cv_{spec.metric}_sd", "behind_best", "p_value", "rival", "chosen")
    lines = [
        (line.model, line.mean, line.sd, line.behind, "" if line.p is None else line.p, line.rival or "", line.chosen)
        for line in choice.lines
    ]
    with (job.out / "comparison.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([columns, *lines])
    job.artifact("comparison.csv", "table")
    higher, share = bool(REGISTRY[spec.metric]["higher_is_better"]), None if spec.series else found.share
    gain = gain_of(choice, found.scores, share, higher=higher, alpha=spec.alpha)
    write_json(
        job.out / "choice.json",
        {
            "delivered": choice.delivered,
            "best": choice.best,
            "reason": choice.reason,
            "metric": spec.metric,
            "alpha": spec.alpha,
            "test": f"{IN_BLOCKS if spec.series else RESAMPLED}, two-sided, times the rivals (Bonferroni)",
            "gain": asdict(gain) if gain else None,
            "folds": found.folds,
            "class_weights": asdict(weighing),
            "cv": spec.cv.model_dump(mode="json"),
            "candidates": [
                {
                    "model": line.model,
                    "mean": line.mean,
                    "sd": line.sd,
                    "behind": line.behind,
                    "p": line.p,
                    "rival": line.rival,
                }
                | {"chosen": line.chosen, "scores": found.scores[line.model].tolist()}
                | {"error": None if share is None else error_of(found.scores[line.model], share)}
                | {"hyperparameters": fitted[line.model].chosen}
                for line in choice.lines
            ],
            "notes": notes,
        },
    )
