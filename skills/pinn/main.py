"""Physics-informed training in the box: fit, a data-only baseline, claims and the model's files."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable

from skills.pinn.model import VARIANTS, features, predict, save
from skills.runtime.job import Job

LIBRARIES = ("torch",)  # loaded by `work` alone: predicting needs numpy only

__all__ = ["LIBRARIES", "features", "predict", "work"]


def work(job: Job) -> None:
    """Train, fit the baseline to the data alone, and write the model with both variants."""
    training = importlib.import_module("skills.pinn.training")
    started = time.process_time()
    task, fit = training.train(job.spec, job.seed, _reporter(job))
    spent = time.process_time() - started
    baseline = training.data_only(task, fit)
    save(
        job.model_folder,
        fit.network.widths,
        task.scaling,
        {VARIANTS[0]: fit.parameters.numpy(), VARIANTS[1]: baseline.numpy()},
    )
    job.variants(VARIANTS)
    job.artifact("model", "model")
    job.history(
        {"loss": fit.loss, "held_out_loss": fit.held_out},
        reason=fit.reason,
        at=fit.at,
        limit=fit.limit,
        schedule=fit.schedule,
        x=fit.axis,
    )
    job.claim("loss", fit.loss[-1][1], file="history.json")
    job.claim("held_out_loss", fit.held_out[-1][1], file="history.json")
    job.claim("parameters", fit.network.size, file="model/network.json")
    job.claim("training_cpu_s", spent, "s")
    for name, value in fit.notes.items():
        job.claim(name, value, file="history.json")


def _reporter(job: Job) -> Callable[[int, int, float, str], None]:
    def report(done: int, total: int, loss: float, message: str) -> None:
        job.progress(done=done, total=total, loss=loss, message=message)

    return report
