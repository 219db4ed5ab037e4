"""Trains small networks on arrays, compares them with simpler models, and delivers what is worth it."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skills.deep.candidates import Fitted, fit, outputs
from skills.deep.checkpoint import Checkpoint
from skills.deep.compare import Choice, choose
from skills.deep.delivery import load_fitted, load_model, save
from skills.deep.evaluate import Evaluation, evaluate
from skills.deep.folds import cut
from skills.deep.history import write_history
from skills.deep.learning import fit_parts
from skills.deep.rows import Rows, read_inputs, read_training
from skills.deep.scale import flattened
from skills.deep.spec import Spec
from skills.deep.stamp import stamp_of
from skills.runtime import devices
from skills.runtime.job import Inputs, Job, Outputs, UserMistake, write_json
from skills.runtime.scoring.table_metrics import REGISTRY, Regressed

LEAST_RESIDUALS = 20
SMALLER = "ask for a smaller batch (`batch size 32`) or narrower layers, or say `on the CPU`"
MOST_SHOWN = 2000  # samples whose scaled values are handed to the judge of scaling


def work(job: Job) -> None:
    """Compare the candidates on folds, fit all of them to all training rows, write the models and the reasons.

    Raises: UserMistake where the data teach nothing, or a network and its batch do not fit into the GPU's memory.
    """
    devices.checked(job.device)
    with devices.memory(job.device, SMALLER):
        _work(job)


def _work(job: Job) -> None:
    spec: Spec = job.spec
    started = time.process_time()
    rows = read_training(job.inputs["train"], spec)
    stamp = stamp_of(job.inputs["train"], spec, job.seed)
    checkpoint = Checkpoint.open(job.out, job.inputs.get("checkpoint"), stamp, spec.checkpoint_s)
    found = evaluate(job, spec, rows, cut(spec, rows, job.seed), checkpoint)
    higher = bool(REGISTRY[spec.metric]["higher_is_better"])
    choice = choose(found.subjects, found.units, metric=spec.metric, higher=higher, seed=job.seed)
    if not spec.refit:
        _state(job, spec, choice)
        return checkpoint.close()
    fitted = _refit(job, spec, rows, list(found.subjects), checkpoint, found.folds)
    delivered = choice.delivered
    parts = fit_parts(job, spec, rows, delivered, checkpoint) if spec.learning_curve else {}
    save(job.model_folder, spec, {**fitted, **parts}, delivered, _half_width(spec, found.subjects[delivered]))
    job.variants(["delivered", *fitted, *parts])
    job.artifact("model", "model")
    _write_comparison(job, spec, choice, found, fitted)
    write_history(job, spec, rows, choice, fitted)
    _state(job, spec, choice)
    if (network := fitted[delivered].network) is not None:
        job.claim("parameters", network.parameters, file="choice.json")
    job.claim("training_cpu_s", time.process_time() - started, "s")
    checkpoint.close()


def _state(job: Job, spec: Spec, choice: Choice) -> None:
    score = next(line.score for line in choice.lines if line.chosen)
    if score is not None:
        job.claim(f"cv_{spec.metric}", score, file="choice.json")


def predict(model: Path, inputs: Inputs, variant: str) -> Outputs:
    """Class probabilities, or the number with the columns TARGET.low and TARGET.high for the delivered regression."""
    told = load_model(model)
    samples, row_ids = read_inputs(_rows_of(inputs), told.spec)
    fitted = load_fitted(model, told, variant)
    with devices.memory(inputs.device, SMALLER):
        found = outputs(fitted, told.spec, samples, devices.checked(inputs.device))
    target, half = told.spec.target, told.half_width
    if fitted.classes:
        return Outputs(found, fitted.classes, row_ids)
    if half is None or variant != "delivered":
        return Outputs(found, (target,), row_ids)
    names = (target, f"{target}.low", f"{target}.high")
    return Outputs(np.hstack([found, found - half, found + half]), names, row_ids)


def features(model: Path, inputs: Inputs) -> NDArray[np.float64]:
    """What enters the delivered model: scaled on the training rows, one line a sample, of the first 2000."""
    told = load_model(model)
    samples, _ = read_inputs(_rows_of(inputs), told.spec)
    fitted = load_fitted(model, told, "delivered")
    return np.asarray(flattened(fitted.scaler(samples[:MOST_SHOWN])), dtype=np.float64)


def _rows_of(inputs: Inputs) -> Path:
    if inputs.rows is None:
        raise UserMistake("a model of arrays predicts rows, not points", "give a Parquet file of rows")
    return inputs.rows


def _refit(
    job: Job, spec: Spec, rows: Rows, names: list[str], checkpoint: Checkpoint, folds: int
) -> dict[str, Fitted]:  # fmt: skip
    """Every candidate fitted to all training rows; a network stops on a part of them."""
    fitted = {}
    for at, name in enumerate(names, start=len(names) * folds):
        told = f"{name}: fit to all {len(rows)} training samples"
        job.progress(done=at, total=len(names) * (folds + 1), message=told)

        def report(epoch: int, epochs: int, loss: float, name: str = name) -> None:
            job.progress(loss=loss, message=f"{name}: epoch {epoch} of at most {epochs}, all training samples")

        fitted[name] = fit(name, spec, rows, np.arange(len(rows)), name, job.seed, checkpoint, report, job.device)
    return fitted


def _half_width(spec: Spec, subject: Any) -> float | None:
    """Half width that holds `coverage` of the absolute held-out residuals, at the finite-sample rank.

    Split-conformal with the folds as calibration rows: Lei et al. (2018), doi:10.1080/01621459.2017.1307116. Their
    guarantee is for one calibration set; over folds it is approximate, and the host measures the true coverage.
    """
    if not isinstance(subject, Regressed) or len(subject.error) < LEAST_RESIDUALS:
        return None
    rank = int(np.ceil((len(subject.error) + 1) * spec.coverage))
    return float(np.sort(np.abs(subject.error))[rank - 1]) if rank <= len(subject.error) else None


def _write_comparison(job: Job, spec: Spec, choice: Choice, found: Evaluation, fitted: dict[str, Fitted]) -> None:
    columns = ("model", f"cv_{spec.metric}", "behind_best", "low", "high", "chosen", "parameters")
    sizes = {name: one.network.parameters if one.network else "" for name, one in fitted.items()}
    lines = [
        (line.model, *map(_cell, (line.score, line.behind, line.low, line.high)), line.chosen, sizes[line.model])
        for line in choice.lines
    ]
    with (job.out / "comparison.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([columns, *lines])
    job.artifact("comparison.csv", "table")
    write_json(
        job.out / "choice.json",
        {
            "delivered": choice.delivered,
            "best": choice.best,
            "reason": choice.reason,
            "metric": spec.metric,
            "test": "paired bootstrap over held-out rows, 95 %",
            "gain": _gain(choice),
            "folds": found.folds,
            "rows": len(found.places),
            "torch": torch.__version__,
            **({"gpu": devices.card(), "gpu_peak_mb": devices.peak_mb()} if job.device != devices.CPU else {}),
            "candidates": [
                {"model": line.model, "score": line.score, "behind": line.behind, "low": line.low, "high": line.high}
                | {"chosen": line.chosen, "stopped": fitted[line.model].reason, "at": fitted[line.model].at}
                | ({"parameters": sizes[line.model]} if sizes[line.model] else {})
                for line in choice.lines
            ],
        },
    )


def _cell(value: float | None) -> float | str:
    return "" if value is None else value


def _gain(choice: Choice) -> dict[str, Any] | None:
    """By how much the best candidate has the better score than the delivered one.

    Where that is the best itself, than the simpler one whose interval comes nearest to no gain; None without one.
    """
    names = [line.model for line in choice.lines]
    simpler = [line for line in choice.lines[: names.index(choice.best)] if line.low is not None]
    told = [line for line in choice.lines if line.chosen and line.low is not None] or simpler
    least = min(told, key=lambda line: line.low or 0.0, default=None)
    if least is None or least.behind is None:
        return None
    ends = {"value": least.behind, "low": least.low, "high": least.high}
    return {"better": choice.best, "over": least.model, **ends, "p": None, "rivals": 1}
