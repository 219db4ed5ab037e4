"""The model's files, and prediction with numpy alone: where the model is used, torch need not be."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skills.pinn.scaling import Scaling
from skills.runtime.job import Inputs, Outputs, UserMistake, write_json

Array = NDArray[np.float64]
VARIANTS = ("delivered", "data_only")
BLOCK = 8192  # points at a time


@dataclass(frozen=True)
class Trained:
    """Widths, flat parameters and scaling of one network."""

    widths: tuple[int, ...]
    parameters: Array
    scaling: Scaling

    def __call__(self, x: Array, t: Array) -> Array:
        """u (n,) at points, in physical units."""
        points = self.scaling.points(x, t)
        blocks = [self._network(points[at : at + BLOCK]) for at in range(0, len(points), BLOCK)]
        return self.scaling.centre + self.scaling.spread * np.concatenate(blocks or [np.zeros(0)])

    def _network(self, values: Array) -> Array:
        at, last = 0, len(self.widths) - 2
        for layer, (before, after) in enumerate(pairwise(self.widths)):
            weights = self.parameters[at : at + before * after].reshape(before, after)
            bias = self.parameters[at + before * after : at + (before + 1) * after]
            values = values @ weights + bias
            values = np.tanh(values) if layer < last else values
            at += (before + 1) * after
        return values[:, 0]


def save(folder: Path, widths: tuple[int, ...], scaling: Scaling, parameters: dict[str, Array]) -> None:
    """Write network.json and parameters.npz (one flat float64 vector a variant)."""
    write_json(folder / "network.json", {"widths": list(widths), "activation": "tanh", "scaling": scaling.as_json()})
    np.savez(folder / "parameters.npz", **parameters)


def load(folder: Path, variant: str) -> Trained:
    """Raises: UserMistake for a variant that the folder does not hold."""
    told = json.loads((folder / "network.json").read_text(encoding="utf-8"))
    with np.load(folder / "parameters.npz", allow_pickle=False) as held:
        if variant not in held.files:
            raise UserMistake(f"the model has no variant {variant!r}, only {sorted(held.files)}")
        parameters = held[variant]
    return Trained(tuple(told["widths"]), parameters, Scaling.from_json(told["scaling"]))


def predict(folder: Path, inputs: Inputs, variant: str) -> Outputs:
    trained = load(folder, variant)
    return Outputs(trained(inputs.column("x"), inputs.column("t"))[:, None], ("u",))


def features(folder: Path, inputs: Inputs) -> Array:
    """What enters the first layer: the scaled inputs (n, 2)."""
    return load(folder, VARIANTS[0]).scaling.points(inputs.column("x"), inputs.column("t"))
