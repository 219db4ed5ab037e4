"""Models of the delivered family, trained on parts of the training rows, so that the other rows are new to them."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skills.interpret.spec import Spec
from skills.runtime.job import Job, Model, Predictor, UserMistake

NOISE = "noise (control)"  # a column of standard normal numbers, planted among the features
Places = NDArray[np.int64]


def with_noise(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The rows with a column that has nothing to do with the target."""
    if NOISE in frame.columns:
        raise UserMistake(f"the table has a column {NOISE!r} of its own", "rename it")
    return frame.assign(**{NOISE: np.random.default_rng([seed, 17]).standard_normal(len(frame))})


def parts(frame: pd.DataFrame, spec: Spec) -> list[tuple[Places, Places]]:
    """(rows to train on, rows set aside) of every fold, cut as the training step cuts its own.

    Forward in time there is one part only: the newest rows. Groups stay together.
    """
    told = spec.training.get("cv") or {}
    kind, column, count = told.get("kind", "kfold"), told.get("column"), len(frame)
    generator = np.random.default_rng([spec.seed, 3])
    if kind == "time":
        order = np.argsort(frame[column].to_numpy(), kind="stable") if column else np.arange(count)
        cut = count - count // spec.folds
        return [(np.sort(order[:cut]), np.sort(order[cut:]))]
    if kind == "group" and column:
        codes = pd.factorize(frame[column])[0]
        label = generator.permutation(codes.max() + 1)[codes] % spec.folds
    else:
        label = np.empty(count, dtype=np.int64)
        shuffled = generator.permutation(count)
        strata = pd.factorize(frame[spec.target].to_numpy()[shuffled], sort=True)[0]
        order = shuffled if spec.task == "regression" else shuffled[np.argsort(strata, kind="stable")]
        label[order] = np.arange(count) % spec.folds
    found = [(np.flatnonzero(label != part), np.flatnonzero(label == part)) for part in range(spec.folds)]
    return [(train, held) for train, held in found if len(train) and len(held)]


def twin(job: Job, delivered: Model, rows: pd.DataFrame, told: dict[str, Any], folder: Path) -> Predictor:
    """Trained by the delivered model's own skill on these rows, by the spec that is told."""
    main = importlib.import_module(f"skills.{delivered.skill}.main")
    spec_class = importlib.import_module(f"skills.{delivered.skill}.spec").Spec
    spec = spec_class.model_validate(told)
    folder.mkdir(parents=True)
    path = folder / "train.parquet"
    rows.to_parquet(path, index=False)
    out = folder / "out"
    out.mkdir()
    main.work(Job(delivered.skill, spec, {"train": path}, {}, out, job.seed, job.threads, job.device))
    return Model(delivered.skill, out / "model").predictor()


def table_told(spec: Spec, delivered: Model) -> dict[str, Any]:
    """The training step's spec with the delivered family alone, few folds of its own, and the planted column."""
    told = {**spec.training, "numeric": [*spec.training.get("numeric", []), NOISE], "seed": spec.seed}
    if "models" in told:
        cv = {**(told.get("cv") or {}), "folds": 2, "repeats": 1}
        told |= {"models": [_family(delivered)], "cv": cv}
    return told


def arrays_told(spec: Spec, delivered: Model, shape: list[int]) -> dict[str, Any]:
    """The training step's spec with the delivered family alone, one part of its own, and the shape with the noise."""
    cv = {**(spec.training.get("cv") or {}), "folds": 2, "single_above": 0}
    told = {"models": [_family(delivered)], "cv": cv, "shape": shape, "dtype": "float32", "seed": spec.seed}
    return {**spec.training, **told}


def _family(delivered: Model) -> str:
    return str(json.loads((delivered.path / "model.json").read_text(encoding="utf-8"))["delivered"])
