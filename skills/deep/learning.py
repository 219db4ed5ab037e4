"""The delivered candidate once more, fitted to growing parts of the training rows: what a learning curve is made of."""

from __future__ import annotations

import json
from pathlib import Path

from skills.deep.candidates import Fitted, fit
from skills.deep.checkpoint import Checkpoint
from skills.deep.delivery import load_model, save
from skills.deep.rows import Rows, read_training
from skills.deep.spec import Spec
from skills.runtime.job import Job, write_json
from skills.runtime.parts import growing_parts


def fit_parts(job: Job, spec: Spec, rows: Rows, name: str, checkpoint: Checkpoint) -> dict[str, Fitted]:
    """The candidate `name` by variant, fitted to parts of the samples that hold one another, smallest first."""
    classes, found = bool(rows.classes), {}
    for variant, part in growing_parts(rows.target, rows.groups, spec.cv.kind, classes=classes, seed=job.seed).items():
        job.progress(message=f"learning curve: {name} fit to {len(part)} of {len(rows)} training samples")
        found[variant] = fit(name, spec, rows, part, variant, job.seed, checkpoint, lambda *_: None, job.device)
    return found


def add_parts(job: Job, folder: Path, train: Path) -> list[str]:
    """Fit parts for a model that was delivered before and keep them beside it; their variants, smallest first."""
    told = load_model(folder)
    fitted = fit_parts(job, told.spec, read_training(train, told.spec), told.delivered, Checkpoint())
    told_before = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    save(folder, told.spec, fitted, told.delivered, told.half_width)
    write_json(folder / "model.json", {**told_before, "names": [*told.names, *fitted]})
    return list(fitted)
