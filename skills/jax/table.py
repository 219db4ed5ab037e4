"""Mode `table`: a few small Flax networks of one table, their out-of-fold score, and an interval from its errors."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skills.jax.columns import Columns, class_name, read_table
from skills.jax.ensemble import Ensemble, Trained
from skills.jax.parts import parts
from skills.jax.spec import Spec
from skills.jax.table_model import Trained as Delivered
from skills.jax.table_model import save
from skills.runtime.job import Job, UserMistake
from skills.runtime.scoring.table_metrics import Regressed, classified, value

Array = NDArray[np.float64]
LEAST_ROWS = 20
SCHEDULE = "AdamW with a cosine schedule; each network stops where the loss on the rows it holds out is lowest"


def work(job: Job) -> None:
    """Train, then deliver the mean of the networks."""
    spec: Spec = job.spec
    frame = _training(job.inputs["train"], spec)
    columns = Columns.fitted(frame, spec.numeric, spec.categorical, spec.time)
    classes, target, centre, spread = _target(frame[spec.target], spec)
    started = time.process_time()
    ensemble = Ensemble(spec, columns(frame), target, len(classes), job.seed)
    learn, held = parts(spec, target, frame, job.seed)
    found = ensemble.train(learn, held, spec.limit, _reporter(job))
    layers, known = found.layers, held.sum(axis=0) > 0
    if not known.all():  # forward in time: networks that saw the past of a fold give way to ones that saw all rows
        epochs = max(int(found.epochs[-1]), 1)
        layers = ensemble.train(np.ones_like(held), held, epochs, _reporter(job), stops=False).layers
    spent = time.process_time() - started
    outputs = _out_of_fold(found.outputs, held)[known]
    half, score = _judged(spec, outputs, target[known], classes, centre, spread)
    save(job.model_folder, Delivered(columns, spec.target, classes, layers, centre, spread, half))
    job.variants(["delivered"])
    job.artifact("model", "model")
    _tell(job, found, score, spent, ensemble)


def _tell(job: Job, found: Trained, score: float, spent: float, ensemble: Ensemble) -> None:
    series = {"loss": found.loss, "validation_loss": found.held_out}
    job.history(series, reason=found.reason, at=found.at, limit=job.spec.limit, schedule=SCHEDULE, x="epoch")
    job.claim(f"cv_{job.spec.metric}", score, file="history.json")
    job.claim("parameters", sum(a[0].size + b[0].size for a, b in found.layers), file="model/network.json")
    job.claim("training_cpu_s", spent - ensemble.compiler.cpu_s, "s")
    job.claim("compile_s", ensemble.compiler.cpu_s, "s")


def _training(path: Path, spec: Spec) -> pd.DataFrame:
    """Raises: UserMistake for too few rows, and for a target with gaps or one value."""
    wanted = [*spec.numeric, *spec.categorical, *spec.time, spec.target]
    frame = read_table(path, [*wanted, *([spec.cv.column] if spec.cv.column else [])])
    if len(frame) < LEAST_ROWS:
        raise UserMistake(f"{len(frame)} training rows are too few; {LEAST_ROWS} are needed", "give more rows")
    if frame[spec.target].isna().any():
        raise UserMistake(f"training rows have no {spec.target!r}", "leave those rows out")
    if frame[spec.target].nunique() < 2:
        raise UserMistake(f"the target {spec.target!r} has one value in all rows", "name a target that varies")
    return frame


def _target(column: pd.Series, spec: Spec) -> tuple[tuple[str, ...], Array, float, float]:
    """Classes, the target as the networks see it, and what turns their number back."""
    if spec.task != "regression":
        texts = np.array([class_name(cell) for cell in column])
        classes, places = np.unique(texts, return_inverse=True)
        return tuple(str(name) for name in classes), places.astype(np.float64), 0.0, 1.0
    if not (pd.api.types.is_numeric_dtype(column) or column.dtype == bool):
        raise UserMistake(f"the target {spec.target!r} is no number", "ask for a classification")
    values = column.to_numpy(dtype=np.float64)
    middle = np.median(values) if spec.metric in ("mae", "median_ae") else values.mean()
    centre, spread = float(middle), float(values.std())
    return (), (values - centre) / spread, centre, spread


def _out_of_fold(outputs: Array, held: Array) -> Array:
    """For every row the outputs of the networks that did not learn from it (n, k), their mean where they are many."""
    share = held / np.maximum(held.sum(axis=0), 1.0)
    return np.asarray(np.einsum("mn,mnk->nk", share, outputs))


def _judged(
    spec: Spec, outputs: Array, target: Array, classes: tuple[str, ...], centre: float, spread: float
) -> tuple[float | None, float]:
    """Half width of the interval (regression; split-conformal over the folds, Lei et al. 2018) and the score."""
    if classes:
        raised = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        probability = raised / raised.sum(axis=1, keepdims=True)
        truth = [classes[int(place)] for place in target]
        return None, value(spec.metric, classified(truth, probability, classes, spec.positive))
    subject = Regressed(centre + spread * target, centre + spread * outputs[:, 0])
    rank = int(np.ceil((len(target) + 1) * spec.coverage))
    half = float(np.sort(np.abs(subject.error))[rank - 1]) if rank <= len(target) else None
    return half, value(spec.metric, subject)


def _reporter(job: Job) -> Callable[[int, int, float, str], None]:
    def report(done: int, total: int, loss: float, message: str) -> None:
        job.progress(done=done, total=total, loss=loss, message=message)

    return report
