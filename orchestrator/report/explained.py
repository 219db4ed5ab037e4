"""What an explanation's files hold, read leniently for the page: a damaged file is no picture."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.core.profile import ArrayForm
from orchestrator.journal.rundir import RunDirectory

Floats = NDArray[np.float64]
MOST = 12  # columns or samples in one picture
FOLDER = Path("interpret") / "again"  # below measured/: the judge's own run of the step
SAMPLED = 500  # training samples whose mean and first ones are shown
DAMAGED = (OSError, KeyError, ValueError, TypeError)


@dataclass(frozen=True)
class Swarm:
    """Shapley values (rows, columns) of one output, the largest columns first, with each cell's rank in its column.

    `ranks` are in [0, 1], NaN for cells that are no numbers.
    """

    output: str
    columns: tuple[str, ...]
    values: Floats
    ranks: Floats


@dataclass(frozen=True)
class Maps:
    """Samples (n, *shape) beside values over the same cells, or over places shared by their channels (n, *sides).

    `network` is the one that they are of, where that is told.
    """

    samples: Floats
    values: Floats
    said: tuple[str, ...]
    network: str = ""


@dataclass(frozen=True)
class Blocks:
    """Places that were shuffled: a [start, stop) for every axis but the channels', by name; and training samples.

    Blocks of whole channels are left out: they have no place.
    """

    places: Mapping[str, tuple[tuple[int, int], ...]]
    samples: Floats


def read_swarms(run: RunDirectory) -> tuple[Swarm, ...]:
    """Of a number one; of two classes that of the second; of more, those of the two that the attributions move most."""
    held = _arrays(run, "shap.npz", ("values", "features", "output_names", "row_ids"))
    if held is None or held["values"].ndim != 3:
        return ()
    values, names = np.asarray(held["values"], dtype=np.float64), [str(name) for name in held["output_names"]]
    columns = [str(name) for name in held["features"]]
    order = np.argsort(-np.abs(values).mean(axis=(0, 2)), kind="stable")[:MOST]
    ranks = _ranks(run, held["row_ids"], [columns[at] for at in order], len(values))
    moved = np.argsort(-np.abs(values).sum(axis=(0, 1)), kind="stable")[:2]
    outputs = range(1) if len(names) == 1 else range(1, 2) if len(names) == 2 else sorted(int(at) for at in moved)
    shown = tuple(columns[at] for at in order)
    return tuple(Swarm(names[at], shown, values[:, order, at], ranks) for at in outputs)


def read_maps(run: RunDirectory) -> Maps | None:
    """Integrated gradients of every explained sample, and what the network said of it."""
    held = _arrays(run, "gradients.npz", ("values", "samples", "classes", "outputs", "output_names", "variant"))
    if held is None or held["values"].shape != held["samples"].shape:
        return None
    names = [str(name) for name in held["output_names"]]
    alone = len(names) == 1
    said = tuple(
        f"{names[0]} {value:.3g}" if alone else f"{names[int(place)]} ({value:.0%})"
        for place, value in zip(held["classes"], held["outputs"], strict=True)
    )
    samples, values = (np.asarray(held[name], dtype=np.float64) for name in ("samples", "values"))
    return Maps(samples, values, said, str(held["variant"].reshape(-1)[0]))


def read_attention(run: RunDirectory) -> tuple[Floats, Maps] | None:
    """(layers, tokens, tokens) as a mean over the explained samples; and by how much more than an even share the places
    of each sample are attended to in the last layer."""
    held = _arrays(run, "attention.npz", ("maps", "received", "samples"))
    if held is None or held["maps"].ndim != 4 or len(held["received"]) != len(held["samples"]):
        return None
    received = np.asarray(held["received"], dtype=np.float64) - 1.0
    shown = Maps(np.asarray(held["samples"], dtype=np.float64), received, ("",) * len(received))
    return np.asarray(held["maps"], dtype=np.float64).mean(axis=0), shown


def read_blocks(run: RunDirectory, form: ArrayForm | None) -> Blocks | None:
    """None for tables, and for vectors, whose cells have no neighbours."""
    if form is None or len(form.shape) < 2:
        return None
    try:
        told = json.loads((run.measured / FOLDER / "importance.json").read_text(encoding="utf-8"))["columns"]
        cells = pd.read_parquet(run.data / "train.parquet", columns=["inputs"])["inputs"].iloc[:SAMPLED]
        samples = np.frombuffer(b"".join(cells), dtype=form.dtype).reshape(len(cells), *form.shape)
        ends = {str(one["name"]): tuple((int(a), int(b)) for a, b in one["place"]) for one in told}
    except DAMAGED:
        return None
    whole = tuple((0, side) for side in form.shape[1:])
    placed = {name: place[1:] for name, place in ends.items() if place[1:] != whole}
    return Blocks(placed, samples.astype(np.float64)) if placed else None


def _ranks(run: RunDirectory, ids: NDArray[np.int64], columns: list[str], rows: int) -> Floats:
    """(rows, columns) where each explained cell stands among those of its column."""
    try:
        frame = pd.read_parquet(run.data / "train.parquet").set_index("row_id").loc[ids]
    except DAMAGED:
        return np.full((rows, len(columns)), np.nan)
    numbers = [pd.to_numeric(frame[name], errors="coerce").rank(pct=True).to_numpy() for name in columns]
    return np.asarray(np.stack(numbers, axis=1), dtype=np.float64)


def _arrays(run: RunDirectory, name: str, wanted: tuple[str, ...]) -> Mapping[str, NDArray[Any]] | None:
    path = run.measured / FOLDER / name
    try:
        with np.load(path, allow_pickle=False) as held:
            return {key: held[key] for key in wanted}
    except DAMAGED:
        return None
