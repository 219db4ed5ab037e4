"""The files of a trained table, and prediction with numpy alone: the mean of a few small networks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skills.jax.columns import Columns, read_table
from skills.runtime.job import Inputs, Outputs, UserMistake, write_json

Array = NDArray[np.float64]
Layers = list[tuple[Array, Array]]
"""Weights (members, in, out) and biases (members, out), layer after layer."""


@dataclass(frozen=True)
class Trained:
    """Networks over one matrix of features. `classes` is empty for regression.

    A regression's outputs are (target - centre) / spread; `half_width` is None where no interval can be told.
    """

    columns: Columns
    target: str
    classes: tuple[str, ...]
    layers: Layers
    centre: float = 0.0
    spread: float = 1.0
    half_width: float | None = None

    def outputs(self, rows: Array) -> Array:
        """Mean class probabilities (n, k), or the mean number (n, 1), for feature rows (n, m)."""
        values = np.broadcast_to(rows, (len(self.layers[0][0]), *rows.shape))
        for place, (weights, bias) in enumerate(self.layers):
            values = np.einsum("mni,mio->mno", values, weights) + bias[:, None, :]
            values = np.maximum(values, 0.0) if place < len(self.layers) - 1 else values
        if not self.classes:
            return np.asarray(self.centre + self.spread * values.mean(axis=0))
        raised = np.exp(values - values.max(axis=2, keepdims=True))
        return np.asarray((raised / raised.sum(axis=2, keepdims=True)).mean(axis=0))


def save(folder: Path, trained: Trained) -> None:
    """Write network.json and parameters.npz."""
    told = {
        "kind": "table", "columns": trained.columns.model_dump(mode="json"), "target": trained.target,
        "classes": list(trained.classes), "centre": trained.centre, "spread": trained.spread,
        "half_width": trained.half_width, "layers": len(trained.layers),
    }  # fmt: skip
    write_json(folder / "network.json", told)
    arrays = {f"weights.{at}": weights for at, (weights, _) in enumerate(trained.layers)}
    np.savez(folder / "parameters.npz", **arrays, **{f"bias.{at}": bias for at, (_, bias) in enumerate(trained.layers)})


def load(folder: Path) -> Trained:
    told = json.loads((folder / "network.json").read_text(encoding="utf-8"))
    with np.load(folder / "parameters.npz", allow_pickle=False) as held:
        layers = [(held[f"weights.{at}"], held[f"bias.{at}"]) for at in range(told["layers"])]
    return Trained(
        Columns.model_validate(told["columns"]), told["target"], tuple(told["classes"]), layers, told["centre"],
        told["spread"], told["half_width"],
    )  # fmt: skip


def predict(folder: Path, inputs: Inputs, variant: str) -> Outputs:
    """Class probabilities, or the number with the columns TARGET.low and TARGET.high."""
    if variant != "delivered":
        raise UserMistake(f"there is no variant {variant!r}", "known is delivered")
    trained = load(folder)
    frame = _frame(trained, inputs)
    found, row_ids = trained.outputs(trained.columns(frame)), frame["row_id"].to_numpy(dtype=np.int64)
    if trained.classes:
        return Outputs(found, trained.classes, row_ids)
    if trained.half_width is None:
        return Outputs(found, (trained.target,), row_ids)
    names = (trained.target, f"{trained.target}.low", f"{trained.target}.high")
    return Outputs(np.hstack([found, found - trained.half_width, found + trained.half_width]), names, row_ids)


def features(folder: Path, inputs: Inputs) -> Array:
    """What enters the first layer (n, m)."""
    trained = load(folder)
    return trained.columns(_frame(trained, inputs))


def _frame(trained: Trained, inputs: Inputs) -> pd.DataFrame:
    if inputs.rows is None:
        raise UserMistake("a model of a table predicts rows, not points", "give a Parquet file of rows")
    told = trained.columns
    return read_table(inputs.rows, (*told.numeric, *told.categorical, *told.time, "row_id"))
