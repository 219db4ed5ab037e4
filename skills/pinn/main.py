"""Physics-informed training in the box: fit, a data-only baseline, claims and the model's files."""

from __future__ import annotations

import hashlib
import importlib
import time
from collections.abc import Callable
from typing import Any

from skills.pinn.ledger import Ledger
from skills.pinn.model import VARIANTS, features, predict, save
from skills.runtime import devices
from skills.runtime.job import Job, UserMistake, write_json

SMALLER = "ask for narrower layers (`hidden 30x30`) or fewer collocation points, or say `on the CPU`"
LIBRARIES = ("torch",)  # loaded by `work` alone: predicting needs numpy only

__all__ = ["LIBRARIES", "features", "predict", "work"]


def work(job: Job) -> None:
    """Train, fit the baseline to the data alone, and write the model with both variants."""
    devices.checked(job.device)
    training = importlib.import_module("skills.pinn.training")
    data = _observations(job)
    stamp = hashlib.sha256(f"{job.spec.model_dump_json()} {job.seed} {data}".encode()).hexdigest()
    ledger = Ledger.open(job.out, job.inputs.get("checkpoint"), stamp, job.spec.checkpoint_s)
    started = time.process_time()
    with devices.memory(job.device, SMALLER):
        done = training.train(job.spec, job.seed, _reporter(job), data, ledger, job.device)
    spent = time.process_time() - started
    if job.device != devices.CPU:
        job.progress(message=f"on the GPU at most {devices.peak_mb():.0f} MiB of memory were held")
    problem, variants = job.spec.problem, {VARIANTS[0]: done.pieces, VARIANTS[1]: [training.data_only(done)]}
    save(job.model_folder, problem.names, problem.fields, variants)
    job.variants(VARIANTS)
    job.artifact("model", "model")
    ledger.close()
    if done.posterior is not None:
        _tell_posterior(job, done.posterior)
    _tell(job, done.fit, sum(len(piece.parameters) for piece in done.pieces), spent)


def _tell_posterior(job: Job, posterior: Any) -> None:
    write_json(job.out / "posterior.json", posterior.as_json())
    job.artifact("posterior.json", "table")
    for place, name in enumerate(posterior.names):
        job.claim(name, posterior.mean[place], file="posterior.json")
        job.claim(f"{name}.std", posterior.covariance[place, place] ** 0.5, file="posterior.json")


def _observations(job: Job) -> Any:
    """The observations that the job was given, or None. Raises: UserMistake where unknowns are sought without any."""
    if "observations" in job.inputs:
        return importlib.import_module("skills.pinn.observed").Observed.read(
            job.inputs["observations"], job.spec.problem
        )
    if job.spec.problem.inverse:
        raise UserMistake(
            f"the unknown coefficients {', '.join(job.spec.problem.unknown)} cannot be found without observations",
            "give observations, or a value for each of them",
        )
    return None


def _tell(job: Job, fit: Any, parameters: int, spent: float) -> None:
    job.history(fit.curves, reason=fit.reason, at=fit.at, limit=fit.limit, schedule=fit.schedule, x=fit.axis)
    job.claim("loss", fit.curves["loss"][-1][1], file="history.json")
    job.claim("held_out_loss", fit.held_out_loss, file="history.json")
    job.claim("parameters", parameters, file="model/network.json")
    job.claim("training_cpu_s", spent, "s")
    for name, value in fit.notes.items():
        job.claim(name, value, file="history.json")


def _reporter(job: Job) -> Callable[[int, int, float, str], None]:
    def report(done: int, total: int, loss: float, message: str) -> None:
        job.progress(done=done, total=total, loss=loss, message=message)

    return report
