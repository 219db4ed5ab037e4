"""The loss curves of a finished training, and why it stopped."""

from __future__ import annotations

from typing import Any

import numpy as np

from skills.deep.candidates import Fitted, outputs
from skills.deep.compare import Choice
from skills.deep.course import Curve
from skills.deep.evaluate import subject_of
from skills.deep.rows import Rows
from skills.deep.spec import Spec
from skills.runtime.job import Job
from skills.runtime.scoring.table_metrics import value


def write_history(job: Job, spec: Spec, rows: Rows, choice: Choice, fitted: dict[str, Fitted]) -> None:
    """First the delivered model's loss, then the losses of the networks beside it, and every candidate's score.

    A model that is not trained in epochs has its loss before the fit (a constant) and after it.
    """
    delivered = fitted[choice.delivered]
    series: dict[str, Any] = dict(delivered.series) or {"loss": _before_and_after(spec, rows, fitted, delivered)}
    for name, one in fitted.items():
        if one.network is not None and name != choice.delivered:
            series[f"{name} validation_loss"] = one.series["validation_loss"]
    series[f"cv_{spec.metric}"] = [
        [at, float("nan") if line.score is None else line.score] for at, line in enumerate(choice.lines)
    ]
    x = "epoch" if delivered.network is not None else "iteration"
    job.history(
        series, reason=delivered.reason, at=delivered.at, limit=delivered.limit, schedule=delivered.schedule, x=x
    )


def _before_and_after(spec: Spec, rows: Rows, fitted: dict[str, Fitted], delivered: Fitted) -> Curve:
    """Log losses or squared errors on the training rows: of a constant guess, then of the model."""
    everything = np.arange(len(rows))
    points = [(0.0, fitted["dummy"])] if "dummy" in fitted else []
    return [[at, _loss(spec, rows, everything, one)] for at, one in [*points, (float(max(1, delivered.at)), delivered)]]


def _loss(spec: Spec, rows: Rows, places: np.ndarray, fitted: Fitted) -> float:
    subject = subject_of(spec, rows, places, outputs(fitted, spec, rows.samples[places]))
    return value("rmse", subject) ** 2 if spec.task == "regression" else value("log_loss", subject)
