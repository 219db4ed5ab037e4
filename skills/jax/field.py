"""Mode `pinn`: train, fit the baseline, write the model, the curves, the claims and what is known of coefficients."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from skills.jax.model import VARIANTS, Trained, save
from skills.jax.observed import Observed
from skills.jax.posterior import posterior
from skills.jax.training import Fit, Task, data_only, train
from skills.runtime.job import Job, UserMistake, write_json

LEVEL = 0.95


def work(job: Job) -> None:
    observed = Observed.read(job.inputs["observations"]) if "observations" in job.inputs else None
    if job.spec.problem.inverse and observed is None:
        raise UserMistake("unknown coefficients need observations", "give a file of measured values")
    started = time.process_time()
    task = Task(job.spec, job.seed, observed, _reporter(job))
    fit = train(task)
    spent = time.process_time() - started
    _claims(job, task, fit, spent)
    _write(job, task, fit)
    if job.spec.problem.inverse:
        _posterior(job, task, fit)


def _claims(job: Job, task: Task, fit: Fit, spent: float) -> None:
    job.claim("loss", fit.course.series["loss"][-1][1], file="history.json")
    job.claim("held_out_loss", min(value for _, value in fit.course.series["held_out_loss"]), file="history.json")
    job.claim("parameters", task.subject.size, file="model/network.json")
    job.claim("training_cpu_s", spent - task.compiler.cpu_s, "s")
    job.claim("compile_s", task.compiler.cpu_s, "s")


def _write(job: Job, task: Task, fit: Fit) -> None:
    subject = task.subject
    weights = {VARIANTS[0]: fit.parameters, VARIANTS[1]: data_only(task)}
    problem = subject.problem
    pieces = {
        name: Trained(subject.widths, np.asarray(held[: subject.size]), subject.frame, problem.names, problem.fields)
        for name, held in weights.items()
    }
    save(job.model_folder, pieces)
    job.variants(VARIANTS)
    job.artifact("model", "model")
    job.history(fit.course.series, reason=fit.reason, at=fit.at, limit=fit.limit, schedule=fit.schedule)


def _posterior(job: Job, task: Task, fit: Fit) -> None:
    found = posterior(task, fit)
    write_json(
        job.out / "posterior.json",
        {
            "names": list(found.names),
            "mean": found.mean.tolist(),
            "covariance": found.covariance.tolist(),
            "level": LEVEL,
            "method": found.method,
            "noise": found.noise,
        },
    )
    job.artifact("posterior.json", "table")
    for name, mean, deviation in zip(found.names, found.mean, np.sqrt(found.covariance.diagonal()), strict=True):
        job.claim(name, float(mean), file="posterior.json")
        job.claim(f"{name}.std", float(deviation), file="posterior.json")


def _reporter(job: Job) -> Callable[[int, int, float, str], None]:
    def report(done: int, total: int, loss: float, message: str) -> None:
        job.progress(done=done, total=total, loss=loss, message=message)

    return report
