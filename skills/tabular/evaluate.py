"""Scores every candidate on every fold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime.job import Job, UserMistake
from skills.runtime.scoring.table_metrics import Classified, Regressed, classified, value
from skills.tabular.candidates import ORDER, fit, outputs
from skills.tabular.folds import Fold
from skills.tabular.rows import Rows
from skills.tabular.spec import Spec


@dataclass(frozen=True)
class Evaluation:
    """`scores`: candidate -> one value a fold, simplest first; `residuals`: its out-of-fold errors, first repeat.

    `share` is the mean of test rows over training rows.
    """

    scores: dict[str, NDArray[np.float64]]
    residuals: dict[str, NDArray[np.float64]]
    share: float
    folds: int


def evaluate(job: Job, spec: Spec, rows: Rows, folds: list[Fold]) -> Evaluation:
    """Raises: UserMistake where fewer than two folds can show the metric."""
    names = [name for name in ORDER if name in spec.models]
    scores: dict[str, list[float]] = {name: [] for name in names}
    residuals: dict[str, list[NDArray[np.float64]]] = {name: [] for name in names}
    total = len(names) * (len(folds) + 1)
    for place, name in enumerate(names):
        for at, fold in enumerate(folds):
            subject = _score_fold(name, spec, rows, fold, job.seed)
            scores[name].append(value(spec.metric, subject))
            if isinstance(subject, Regressed) and fold.repeat == 0:
                residuals[name].append(subject.error)
            told = f"{name}: fold {at + 1} of {len(folds)}, {spec.metric} {scores[name][-1]:.6g}"
            job.progress(done=place * len(folds) + at + 1, total=total, message=told)
    table = np.asarray([scores[name] for name in names])
    shown = np.isfinite(table).all(axis=0)
    if shown.sum() < 2:
        raise UserMistake(
            f"only {int(shown.sum())} folds can show the metric {spec.metric!r}", "give more rows, or another metric"
        )
    return Evaluation(
        scores={name: table[place, shown] for place, name in enumerate(names)},
        residuals={name: np.concatenate(parts) for name, parts in residuals.items() if parts},
        share=float(np.mean([len(fold.test) / len(fold.train) for fold in folds])),
        folds=int(shown.sum()),
    )


def _score_fold(name: str, spec: Spec, rows: Rows, fold: Fold, seed: int) -> Regressed | Classified:
    pipeline = fit(name, spec, rows.take(fold.train), seed).pipeline
    found = outputs(pipeline, rows.features.iloc[fold.test], regression=spec.task == "regression")
    return subject_of(spec, rows.target[fold.test], found, pipeline)


def subject_of(spec: Spec, truth: NDArray[Any], found: NDArray[np.float64], pipeline: Any) -> Regressed | Classified:
    """Truth and prediction as the metrics want them."""
    if spec.task == "regression":
        return Regressed(truth, found)
    return classified(truth.tolist(), found, [str(name) for name in pipeline.classes_], spec.positive)
