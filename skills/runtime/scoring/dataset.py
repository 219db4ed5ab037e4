"""How far a data set of solutions is from its own limit, and from solutions that the judge made of some samples."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime.scoring.scored import Score, Scored, Scorer, unmeasured

Array = NDArray[np.float64]


def dataset(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """`dataset_error`: the largest relative L2 change of a sample's field from half its grid; `dataset_lost`.

    The file holds `outputs` (samples, …, fields), `half` of the same shape, and `failed`, the numbers of samples that
    could not be solved; `dataset_lost` counts those, the samples in which a value is not finite, and those that
    are missing of the `samples` asked for.
    """
    subject = str(params.get("subject", "dataset"))
    with np.load(files["dataset"], allow_pickle=False) as held:
        fine, half = (np.asarray(held[name], dtype=np.float64) for name in ("outputs", "half"))
        failed = len(held["failed"]) if "failed" in held.files else 0
    if fine.shape != half.shape or fine.ndim < 2 or not fine.size:
        why = f"the data set holds outputs of shape {fine.shape} and half-grid outputs of shape {half.shape}"
        return unmeasured("dataset_error", why, subject=subject)
    rows, other = (values.reshape(len(values), -1, values.shape[-1]) for values in (fine, half))
    lost = int(np.sum(~np.isfinite(rows).all(axis=(1, 2)) | ~np.isfinite(other).all(axis=(1, 2))))
    asked = max(len(rows) + failed, int(params.get("samples", 0)))
    gone = float(lost + asked - len(rows))
    count = Score("dataset_lost", gone, n=asked, subject=subject, text=f"of {asked} samples")
    if lost:
        missed = unmeasured("dataset_error", f"{lost} of {len(rows)} samples are not finite", subject=subject)
        return Scored((*missed.scores, count))
    norms = np.linalg.norm(rows, axis=1)
    norms = np.where(norms > 0, norms, norms.max(axis=1, keepdims=True))
    if not norms.all():
        missed = unmeasured("dataset_error", "a sample is zero everywhere", subject=subject)
        return Scored((*missed.scores, count))
    changes = np.linalg.norm(rows - other, axis=1) / norms
    worst, usual = int(np.argmax(changes.max(axis=1))), float(np.median(changes.max(axis=1)))
    text = f"the worst of {len(rows)} samples, number {worst}; the median changes by {usual:.2g}"
    error = Score("dataset_error", float(changes.max()), n=len(rows), subject=subject, text=text)
    return Scored((error, count))


def dataset_again(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """`dataset_difference`: the largest relative L2 difference of the samples `rows` from fresh solutions of them.

    `nodes` (m, coordinates) of the file `nodes` are places on the grid, which has `grid` points an axis; there
    `again.ROW` and, on its next coarser grid, `half.ROW` were evaluated. The interval adds how far the fresh solution
    moves from half its grid. `dataset_bar`: the largest difference in units of the sample's `error_estimate` and that.
    """
    subject, rows = str(params.get("subject", "dataset")), [int(row) for row in params["rows"]]
    with np.load(files["dataset"], allow_pickle=False) as held:
        outputs, claimed = np.asarray(held["outputs"], np.float64), np.asarray(held["error_estimate"], np.float64)
    nodes = tuple(_array(files["nodes"], "nodes").astype(np.int64).T)
    grid = (int(params["grid"]),) * len(nodes)
    if outputs.shape[1:-1] != grid or claimed.shape != outputs.shape[:1] or max(rows) >= len(outputs):
        shapes = f"outputs of shape {outputs.shape} and error estimates of shape {claimed.shape}"
        return _neither(f"the data set holds {shapes}; samples {rows} on a grid of {grid} are wanted", subject)
    gaps, moves = np.empty(len(rows)), np.empty(len(rows))
    for place, row in enumerate(rows):
        again, half = (_array(files[f"{name}.{row}"], "outputs") for name in ("again", "half"))
        gaps[place], moves[place] = _distance(outputs[row][nodes], again), _distance(half, again)
    bars = claimed[rows] + moves + np.finfo(np.float64).eps
    if not np.isfinite([gaps, moves, bars]).all() or np.any(claimed[rows] < 0):
        return _neither(f"of samples {rows} a value is not finite, or an error estimate is below zero", subject)
    return Scored((_difference(rows, gaps, moves, subject), _bar(rows, gaps / bars, bars, subject)))


def _difference(rows: list[int], gaps: Array, moves: Array, subject: str) -> Score:
    worst = int(np.argmax(gaps))
    told = ", ".join(f"{row} by {gap:.2g}" for row, gap in zip(rows, gaps, strict=True))
    text = f"samples differ from finer solutions of the judge's own: {told}; these move by up to {moves.max():.2g}"
    value, move = float(gaps[worst]), float(moves[worst])
    return Score(
        "dataset_difference",
        value,
        low=max(0.0, value - move),
        high=value + move,
        n=len(rows),
        subject=subject,
        text=text,
    )


def _bar(rows: list[int], ratios: Array, bars: Array, subject: str) -> Score:
    most = int(np.argmax(ratios))
    told = f"sample {rows[most]} is {ratios[most]:.2g} of its error bar {bars[most]:.2g} away from a finer solution"
    return Score("dataset_bar", float(ratios[most]), n=len(rows), subject=subject, text=told)


def _distance(found: Array, wanted: Array) -> float:
    """Relative L2 distance (nodes, fields) of the worst field; of a field that is zero, relative to the largest one."""
    norms = np.linalg.norm(wanted, axis=0)
    norms = np.where(norms > 0, norms, norms.max())
    if found.shape != wanted.shape or not norms.all():
        return float("nan")
    return float((np.linalg.norm(found - wanted, axis=0) / norms).max())


def _array(path: Path, name: str) -> Array:
    with np.load(path, allow_pickle=False) as held:
        return np.asarray(held[name], dtype=np.float64)


def _neither(why: str, subject: str) -> Scored:
    return Scored(tuple(Score(name, None, subject=subject, text=why) for name in ("dataset_difference", "dataset_bar")))


SCORERS: dict[str, Scorer] = {"dataset": dataset, "dataset_again": dataset_again}
