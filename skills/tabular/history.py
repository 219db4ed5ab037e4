"""The loss curves of a finished training, and why it stopped."""

from __future__ import annotations

from typing import Any

import numpy as np

from skills.runtime.job import Job
from skills.runtime.scoring.table_metrics import value
from skills.tabular.candidates import fit, outputs
from skills.tabular.compare import Choice
from skills.tabular.evaluate import subject_of
from skills.tabular.fitted import Fitted
from skills.tabular.rows import Rows
from skills.tabular.spec import Spec

PLATEAU = 0.01  # a forest has grown enough where the second half of its trees gains less than this share

Curve = list[list[float]]


def write_history(job: Job, spec: Spec, rows: Rows, choice: Choice, fitted: dict[str, Fitted]) -> None:
    """First the delivered model's loss, then boosting's beside it, and every candidate's mean score in order.

    Losses are squared errors or log losses: boosting's as it trains, a forest's out of bag at half and at all of its
    trees, the others' before the fit (a constant) and after it. Of a series' model the losses are those on what it
    learned from: what the forecast without a model misses.
    """
    delivered = fitted[choice.delivered]
    if delivered.learned is not None:
        rows, delivered = delivered.learned.rows, delivered.learned.fitted
        spec = spec.model_copy(update={"series": None})
    reason, curve = delivered.reason, delivered.series.get("loss") or _before_and_after(spec, rows, delivered)
    if choice.delivered == "forest" and spec.trees > 1:
        reason, curve = _forest(spec, rows, delivered)
    series: dict[str, Any] = {"loss": curve}
    if "validation_loss" in delivered.series:
        series["validation_loss"] = delivered.series["validation_loss"]
    else:
        series |= {f"{model} {name}": points for model, made in fitted.items() for name, points in made.series.items()}
    series[f"cv_{spec.metric}"] = [[at, line.mean] for at, line in enumerate(choice.lines)]
    job.history(series, reason=reason, at=delivered.at, limit=delivered.limit, schedule=delivered.schedule)


def _loss(spec: Spec, rows: Rows, found: Any, pipeline: Any) -> float:
    subject = subject_of(spec, rows.target, found, pipeline)
    return value("rmse", subject) ** 2 if spec.task == "regression" else value("log_loss", subject)


def _before_and_after(spec: Spec, rows: Rows, fitted: Fitted) -> Curve:
    regression = spec.task == "regression"
    constant = fit("dummy", spec, rows, 0)
    points = ((0, constant), (fitted.at, fitted))
    return [
        [
            float(at),
            _loss(spec, rows, outputs(model.pipeline, rows.features, regression=regression), model.pipeline),
        ]
        for at, model in points
    ]


def _forest(spec: Spec, rows: Rows, fitted: Fitted) -> tuple[str, Curve]:
    """Out-of-bag loss of the first half of the trees and of all; a plateau where they hardly differ.

    Else `complete`: the trees are independent and each was grown to its end, so their number is the size of a
    sample, not an iteration that stopped short.
    """
    constant = _before_and_after(spec, rows, fitted)[0]
    model = fitted.pipeline["model"]
    table = np.asarray(fitted.pipeline["prepare"].transform(rows.features), dtype=np.float32)
    votes: Any = None
    seen = np.zeros(len(rows))
    curve = [constant]
    for at, (tree, drawn) in enumerate(zip(model.estimators_, model.estimators_samples_, strict=True), start=1):
        outside = np.setdiff1d(np.arange(len(rows)), drawn)
        found = tree.predict(table[outside]) if spec.task == "regression" else tree.predict_proba(table[outside])
        votes = np.zeros((len(rows), *found.shape[1:])) if votes is None else votes
        votes[outside] += found
        seen[outside] += 1
        if at in (spec.trees // 2, spec.trees):
            known = seen > 0
            mean = votes[known] / seen[known].reshape(-1, *([1] * (votes.ndim - 1)))
            part = Rows(rows.features[known], rows.target[known], None)
            curve.append([float(at), _loss(spec, part, mean, fitted.pipeline)])
    half, full = curve[-2][1], curve[-1][1]
    return ("plateau" if full >= (1 - PLATEAU) * half else "complete"), curve
