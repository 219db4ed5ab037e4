"""Permutation importance: by how much the metric is worse when one column of rows set aside is shuffled."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skills.interpret.ask import Asked, asker
from skills.interpret.spec import Spec
from skills.interpret.twins import NOISE, parts, table_told, twin, with_noise
from skills.runtime.job import Job, Model
from skills.runtime.scoring.bootstrap import interval, units_of
from skills.runtime.scoring.table_metrics import Classified, Regressed, classified, gain, value, weighted

Array = NDArray[np.float64]
RESAMPLES = 1000


@dataclass(frozen=True)
class Importance:
    """Of one column: the mean loss of the metric over the shuffles, and its 95 % interval over the rows."""

    name: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Importances:
    """Of every column and of the planted noise, with the metric of the twins on the rows that were set aside."""

    columns: tuple[Importance, ...]
    noise: Importance
    intact: float
    rows: int
    folds: int


def permutation_importance(job: Job, delivered: Model, frame: pd.DataFrame) -> Importances:
    """Every column's importance on rows that the model at work has not seen.

    The delivered model has seen all training rows, and on those a column of noise that it has learned by heart looks
    important. So twins of it are trained on the other folds, with a planted column of noise as a control.
    Breiman, L. (2001) Random forests, doi:10.1023/A:1010933404324. Where two columns tell the same, each can be
    shuffled without much loss: then both look unimportant.
    """
    spec: Spec = job.spec
    told = with_noise(_some(frame, spec), spec.seed).reset_index(drop=True)
    names = [*spec.features, NOISE]
    folds = parts(told, spec)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (train, held) in enumerate(folds):
            job.progress(done=number, total=len(folds), message=f"twin {number + 1} of {len(folds)}")
            rows = told.iloc[train]
            ask = asker(twin(job, delivered, rows, table_told(spec, delivered), Path(folder) / str(number)))
            shuffled = _shuffled(told.iloc[held][names], spec.repeats, np.random.default_rng([spec.seed, 5, number]))
            found.append(ask(shuffled))
    aside = np.concatenate([held for _, held in folds])
    return judged(spec, told.iloc[aside], pooled(spec, found, len(names)), names, len(folds))


def _some(frame: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """At most so many rows, in their order."""
    if len(frame) <= spec.most_rows:
        return frame
    places = np.random.default_rng([spec.seed, 2]).permutation(len(frame))[: spec.most_rows]
    return frame.iloc[np.sort(places)]


def _shuffled(held: pd.DataFrame, repeats: int, generator: np.random.Generator) -> pd.DataFrame:
    """The rows as they are, then with each column shuffled in turn, `repeats` times: (1 + d * repeats) copies."""
    copies = [held]
    for name in held.columns:
        for _ in range(repeats):
            copies.append(held.assign(**{name: held[name].take(generator.permutation(len(held))).array}))
    return pd.concat(copies, ignore_index=True)


def pooled(spec: Spec, found: list[Asked], columns: int) -> tuple[Array, tuple[str, ...]]:
    """(copies, all rows set aside, classes) of all folds' outputs; a class that a fold does not know has 0."""
    names = tuple(dict.fromkeys(name for one in found for name in one.names))
    copies, every = 1 + columns * spec.repeats, []
    for one in found:
        wide = np.zeros((len(one.outputs), len(names)))
        wide[:, [names.index(name) for name in one.names]] = one.outputs
        every.append(wide.reshape(copies, -1, len(names)))
    return np.concatenate(every, axis=1), names


def judged(
    spec: Spec, rows: pd.DataFrame, told: tuple[Array, tuple[str, ...]], names: list[str], folds: int
) -> Importances:
    """What `pooled` gives, against the target of these rows; the last name is that of the planted noise."""
    outputs, classes = told
    subjects = [_subject(spec, rows[spec.target], copy, classes) for copy in outputs]
    intact, units = subjects[0], _units(spec, rows)

    def importance(place: int) -> Importance:
        own = subjects[1 + place * spec.repeats : 1 + (place + 1) * spec.repeats]

        def lost(weights: Array) -> Array:
            whole = weighted(spec.metric, intact, weights)
            losses = [gain(spec.metric, whole, weighted(spec.metric, one, weights)) for one in own]
            return np.asarray(np.mean(losses, axis=0))

        between = interval(lost, units, seed=spec.seed, resamples=RESAMPLES)
        low, high = between or (None, None)
        return Importance(names[place], float(lost(np.ones((1, len(rows))))[0]), low, high)

    found = [importance(place) for place in range(len(names))]
    return Importances(tuple(found[:-1]), found[-1], value(spec.metric, intact), len(rows), folds)


def _subject(spec: Spec, target: pd.Series, outputs: Array, classes: tuple[str, ...]) -> Regressed | Classified:
    if spec.task == "regression":
        return Regressed(target.to_numpy(dtype=np.float64), outputs[:, 0])
    return classified([class_text(cell) for cell in target], outputs, classes, spec.positive)


def class_text(cell: Any) -> str:
    """One text for a class, however the file stored it: 1, 1.0 and "1" are "1"."""
    return str(int(cell)) if isinstance(cell, float | np.floating) and float(cell).is_integer() else str(cell)


def _units(spec: Spec, rows: pd.DataFrame) -> NDArray[np.int64]:
    """What the bootstrap draws: groups or blocks in time, where the folds follow them, else rows."""
    told = spec.training.get("cv") or {}
    kind, column = told.get("kind"), told.get("column")
    groups = rows[column].astype(str).to_numpy(dtype=np.str_) if kind == "group" and column else None
    times = np.arange(len(rows), dtype=np.float64) if kind == "time" else None
    return units_of(len(rows), groups, times)[0]
