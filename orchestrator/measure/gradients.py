"""Measures what is said of a network on arrays: integrated gradients that add up cell by cell, attention in shares."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.core.plan import Step
from orchestrator.measure.attributions import ADDITIVITY, DIFFERENCE, predicted
from orchestrator.measure.bench import Bench
from orchestrator.measure.edge import load_arrays, load_variants
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.measure.projections import claimed, estimates, questions
from orchestrator.measure.shapley import ROW_ID
from orchestrator.measure.subjects import Subject

GRADIENTS, ATTENTION, ATTENTION_SUM = "integrated_gradients", "attention", "attention_sum"
COMPLETE = 0.02  # of what the outputs move by: what a finite number of steps along the line may miss
NEAR = 0.05  # of the same: what the judge's finite differences may miss of a sum of attributions
SHARES = 1e-5  # what lines of attention may differ from one
INPUTS = "inputs"
WANTED = ("values", "base", "outputs", "classes", "baseline", "row_ids", "variant")
Floats = NDArray[np.float64]


async def measure_gradients(bench: Bench, book: EvidenceBook, step: Step, subject: Subject, path: Path) -> None:
    """Evidence `additivity`: attributions and the baseline's output against outputs that a fresh box predicts; and
    `attribution_difference`: sums of attributions under random signs against the judge's own finite differences.
    """
    found = load_arrays(path, WANTED)
    frame = pd.read_parquet(bench.run.data / "train.parquet", columns=[ROW_ID, INPUTS]).set_index(ROW_ID)
    why = found.why or _misshapen(found.held, frame, subject)
    if why:
        _lost(book, path, step, why)
        return
    held = found.held
    variant, baseline = str(held["variant"].ravel()[0]), np.asarray(held["baseline"], dtype=np.float32)
    cells = b"".join(frame.loc[held["row_ids"]][INPUTS])
    samples = np.frombuffer(cells, dtype=_dtype(step)).reshape(held["values"].shape).astype(np.float32)
    asked = questions(samples, baseline, np.random.default_rng(bench.draw_seed("gradients")))
    points = np.concatenate([baseline[None], samples, asked.points])
    told, why = await predicted(
        bench, subject, "samples", pd.DataFrame({INPUTS: [point.tobytes() for point in points]}), variant
    )
    if told is None or told.shape[1] <= held["classes"].max():
        _lost(book, path, step, why or "the model has fewer outputs than were explained")
        return
    rows, chosen = len(samples), held["classes"]
    base, outputs = told[0][chosen], told[np.arange(1, rows + 1), chosen]
    moved = max(float(np.abs(outputs - base).max()), 1e-12)
    total = held["values"].reshape(rows, -1).sum(axis=1)
    missed = max(float(np.abs(base + total - outputs).max()), float(np.abs(held["base"] - base).max())) / moved
    text = (
        f"network {variant!r}: the mean sample's output and the attributions against {rows} predictions of a fresh "
        "box, over what the outputs move by"
    )
    book.add(ADDITIVITY, missed, path, step.id, n=rows, subject=GRADIENTS, bound=COMPLETE, text=text)
    own = estimates(asked, told[rows + 1 :], chosen)
    apart = np.abs(claimed(asked, held["values"]) - own)
    text = (
        f"largest difference of {own.size} sums of attributions under random signs from the judge's own finite "
        "differences along the line, over what the outputs move by"
    )
    worst = float(apart.max()) / moved
    book.add(DIFFERENCE, worst, path, step.id, n=own.size, subject=GRADIENTS, bound=NEAR, text=text)


def _dtype(step: Step) -> np.dtype[Any]:
    training = step.spec.get("training")
    return np.dtype(str(training.get("dtype", "float32")) if isinstance(training, dict) else "float32")


def _misshapen(held: Mapping[str, NDArray[Any]], frame: pd.DataFrame, subject: Subject) -> str:
    """Why these arrays are no attributions of training samples; empty where they are."""
    values, rows = held["values"], len(held["row_ids"].ravel())
    if values.dtype.kind != "f" or values.ndim < 2 or not values.size or not np.isfinite(values).all():
        return "the attributions are no finite numbers (samples, cells)"
    if held["baseline"].shape != values.shape[1:] or held["baseline"].dtype.kind != "f" or len(values) != rows:
        return "the attributions and their baseline do not fit together"
    if any(held[key].shape != (rows,) for key in ("base", "outputs", "classes", "row_ids")):
        return "the attributions and their outputs do not fit together"
    if held["base"].dtype.kind != "f" or held["row_ids"].dtype.kind not in "iu":
        return "the baseline's outputs or the row ids are no numbers"
    if held["classes"].dtype.kind not in "iu" or held["classes"].min() < 0:
        return "the explained outputs are no places of outputs"
    if held["variant"].size != 1 or str(held["variant"].ravel()[0]) not in load_variants(subject.model.folder).names:
        return "the explained network is no variant of the model"
    if not np.isin(held["row_ids"], frame.index.to_numpy()).all():
        return "the samples are no training samples"
    return ""


def _lost(book: EvidenceBook, path: Path, step: Step, why: str) -> None:
    for name in (ADDITIVITY, DIFFERENCE):
        book.add(name, None, path, step.id, subject=GRADIENTS, text=why)


def measure_attention(book: EvidenceBook, step: Step, path: Path) -> None:
    """Evidence `attention_sum`: how far a line of a map is from adding up to one; none where a share is negative."""
    found = load_arrays(path, ("maps",))
    maps = found.held["maps"] if not found.why else np.zeros(0)
    if found.why or maps.dtype.kind != "f" or maps.ndim != 4 or not np.isfinite(maps).all() or (maps < 0).any():
        text = found.why or "the maps are no shares (samples, layers, tokens, tokens)"
        book.add(ATTENTION_SUM, None, path, step.id, subject=ATTENTION, text=text)
        return
    miss = float(np.abs(maps.sum(axis=-1) - 1.0).max())
    text = f"lines of {maps.shape[1]} layers and {maps.shape[2]} tokens against one"
    book.add(ATTENTION_SUM, miss, path, step.id, n=len(maps), subject=ATTENTION, bound=SHARES, text=text)
