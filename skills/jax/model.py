"""The files of a trained field, and prediction with numpy alone: where the model is used, JAX need not be."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skills.jax.frame import Frame
from skills.runtime.job import Inputs, Outputs, UserMistake, write_json

Array = NDArray[np.float64]
VARIANTS = ("delivered", "data_only")
BLOCK = 8192  # points at a time


@dataclass(frozen=True)
class Trained:
    """One network: widths, flat parameters (weights (in, out), then bias, layer after layer), frame, names."""

    widths: tuple[int, ...]
    parameters: Array
    frame: Frame
    coordinates: tuple[str, ...]
    fields: tuple[str, ...]

    def __call__(self, points: Array) -> Array:
        """Fields (n, k) at physical points (n, d)."""
        entering = self.frame.entering(self.frame.scaled(points))
        blocks = [self._outputs(entering[at : at + BLOCK]) for at in range(0, len(points), BLOCK)]
        return np.asarray(self.frame.fields(np.concatenate(blocks or [np.zeros((0, len(self.fields)))])))

    def _outputs(self, values: Array) -> Array:
        at, last = 0, len(self.widths) - 2
        for layer, (before, after) in enumerate(pairwise(self.widths)):
            weights = self.parameters[at : at + before * after].reshape(before, after)
            values = values @ weights + self.parameters[at + before * after : at + (before + 1) * after]
            values = np.tanh(values) if layer < last else values
            at += (before + 1) * after
        return values


def save(folder: Path, shape: Trained, parameters: dict[str, Array]) -> None:
    """Write network.json and parameters.npz (one flat float64 vector a variant); the shape's own vector is not used."""
    told = {"coordinates": list(shape.coordinates), "fields": list(shape.fields), "frame": shape.frame.as_json()}
    write_json(folder / "network.json", {"kind": "field", "widths": list(shape.widths), "activation": "tanh", **told})
    np.savez(folder / "parameters.npz", **parameters)


def load(folder: Path, variant: str) -> Trained:
    """Raises: UserMistake for a variant that the folder does not hold."""
    told = json.loads((folder / "network.json").read_text(encoding="utf-8"))
    with np.load(folder / "parameters.npz", allow_pickle=False) as held:
        if variant not in held.files:
            raise UserMistake(f"the model has no variant {variant!r}, only {sorted(held.files)}")
        parameters = held[variant]
    names = (tuple(told[key]) for key in ("coordinates", "fields"))
    return Trained(tuple(told["widths"]), parameters, Frame.from_json(told["frame"]), *names)


def points_of(trained: Trained, inputs: Inputs) -> Array:
    """The inputs' columns in the model's order."""
    return np.stack([inputs.column(name) for name in trained.coordinates], axis=1)


def predict(folder: Path, inputs: Inputs, variant: str) -> Outputs:
    trained = load(folder, variant)
    return Outputs(trained(points_of(trained, inputs)), trained.fields)


def features(folder: Path, inputs: Inputs) -> Array:
    """What enters the first layer (n, width)."""
    trained = load(folder, VARIANTS[0])
    return np.asarray(trained.frame.entering(trained.frame.scaled(points_of(trained, inputs))))
