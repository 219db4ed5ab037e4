"""Predicts the held-out rows of every fold with every candidate, so that all are compared on the same rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skills.deep.candidates import ORDER, fit, outputs
from skills.deep.checkpoint import Checkpoint
from skills.deep.folds import Fold, Places
from skills.deep.rows import Rows
from skills.deep.spec import Spec
from skills.runtime.job import Job
from skills.runtime.scoring.table_metrics import Classified, Regressed, classified, value

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Evaluation:
    """`subjects`: each candidate's predictions of the rows at `places`, simplest first. A bootstrap draws `units`."""

    subjects: dict[str, Regressed | Classified]
    places: Places
    units: NDArray[np.int64]
    folds: int


def evaluate(job: Job, spec: Spec, rows: Rows, folds: list[Fold], checkpoint: Checkpoint) -> Evaluation:
    """Candidates by folds; what an earlier job did is recalled."""
    names = [name for name in ORDER if name in spec.models]
    places = np.concatenate([fold.test for fold in folds])
    subjects = {}
    for at, name in enumerate(names):
        parts = []
        for number, fold in enumerate(folds):
            if checkpoint.recall(f"done.{name}.{number}") is None:
                told = f"{name}: fold {number + 1} of {len(folds)}"
                job.progress(done=at * len(folds) + number, total=len(names) * (len(folds) + 1), message=told)
            parts.append(_fold(job, spec, rows, fold, name, f"{name}.{number}", checkpoint))
            if len(names) == 1:
                _report(job, spec, rows, folds[: number + 1], parts)
        subjects[name] = subject_of(spec, rows, places, np.concatenate(parts))
    return Evaluation(subjects, places, _units(rows, places), len(folds))


def _report(job: Job, spec: Spec, rows: Rows, folds: list[Fold], parts: list[Array]) -> None:
    """What the metric is over the folds so far: a search may stop a trial by it."""
    places = np.concatenate([fold.test for fold in folds])
    found = value(spec.metric, subject_of(spec, rows, places, np.concatenate(parts)))
    job.progress(place=len(folds), value=found, message=f"{spec.metric} {found:.6g} over {len(folds)} folds")


def subject_of(spec: Spec, rows: Rows, places: Places, found: Array) -> Regressed | Classified:
    """Truth and prediction as the metrics want them."""
    if not rows.classes:
        return Regressed(rows.target[places], found[:, 0])
    truth = [rows.classes[place] for place in rows.target[places]]
    return classified(truth, found, rows.classes, spec.positive)


def _fold(job: Job, spec: Spec, rows: Rows, fold: Fold, name: str, stage: str, checkpoint: Checkpoint) -> Array:
    known = checkpoint.recall(f"done.{stage}")
    if known is not None:
        return known["outputs"]

    def report(epoch: int, epochs: int, loss: float) -> None:
        if epoch % 5 == 0:
            job.progress(loss=loss, message=f"{stage}: epoch {epoch} of at most {epochs}")

    fitted = fit(name, spec, rows, fold.train, stage, job.seed, checkpoint, report, job.device)
    found = outputs(fitted, spec, rows.samples[fold.test], job.device)
    checkpoint.note(f"done.{stage}", {"outputs": found})
    return found


def _units(rows: Rows, places: Places) -> NDArray[np.int64]:
    if rows.groups is None:
        return np.arange(len(places))
    return np.unique(rows.groups[places], return_inverse=True)[1].astype(np.int64)
