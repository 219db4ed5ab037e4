"""The delivered candidate once more, fitted to growing parts of the training rows: what a learning curve is made of."""

from __future__ import annotations

import json
from pathlib import Path

import joblib

from skills.runtime.job import Job, write_json
from skills.runtime.parts import growing_parts
from skills.tabular.candidates import fit
from skills.tabular.fitted import Fitted
from skills.tabular.openmp import load_lightgbm
from skills.tabular.rows import Rows, read_training
from skills.tabular.spec import Spec


def fit_parts(job: Job, spec: Spec, rows: Rows, name: str) -> dict[str, Fitted]:
    """The candidate `name` by variant, fitted to parts of the rows that hold one another, smallest first."""
    classes, found = spec.task != "regression", {}
    for variant, part in growing_parts(rows.target, rows.by, spec.cv.kind, classes=classes, seed=job.seed).items():
        job.progress(message=f"learning curve: {name} fit to {len(part)} of {len(rows)} training rows")
        found[variant] = fit(name, spec, rows.take(part), job.seed)
    return found


def add_parts(job: Job, folder: Path, train: Path) -> list[str]:
    """Fit parts for a model that was delivered before and keep them beside it; their variants, smallest first."""
    told = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    spec = Spec.model_validate(told["spec"])
    if told["delivered"] == "lightgbm":
        load_lightgbm()
    fitted = fit_parts(job, spec, read_training(train, spec), told["delivered"])
    for name, model in fitted.items():
        joblib.dump(model.pipeline, folder / f"{name}.joblib", compress=3)
    write_json(folder / "model.json", {**told, "models": [*told["models"], *fitted]})
    return list(fitted)
