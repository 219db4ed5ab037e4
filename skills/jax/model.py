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


def save(folder: Path, pieces: dict[str, Trained]) -> None:
    """Write network.json and parameters.npz, as the skill `pinn` does: VARIANT.PLACE is a network's flat vector."""
    first = next(iter(pieces.values()))
    variants = {name: [{"widths": list(one.widths), "frame": one.frame.as_json()}] for name, one in pieces.items()}
    told = {"coordinates": list(first.coordinates), "fields": list(first.fields), "variants": variants}
    write_json(folder / "network.json", {"kind": "field", "activation": "tanh", **told})
    np.savez(folder / "parameters.npz", **{f"{name}.0": one.parameters for name, one in pieces.items()})


def load(folder: Path, variant: str) -> Trained:
    """Raises: UserMistake for a variant that the folder does not hold."""
    return chain(folder, variant)[0]


def chain(folder: Path, variant: str) -> tuple[Trained, ...]:
    """The networks of a variant, also those that `pinn` chains in time: each answers up to the end of its frame."""
    told = json.loads((folder / "network.json").read_text(encoding="utf-8"))
    if variant not in told["variants"]:
        raise UserMistake(f"the model has no variant {variant!r}, only {sorted(told['variants'])}")
    names = (tuple(told["coordinates"]), tuple(told["fields"]))
    with np.load(folder / "parameters.npz", allow_pickle=False) as held:
        return tuple(
            Trained(tuple(one["widths"]), held[f"{variant}.{at}"], Frame.from_json(one["frame"]), *names)
            for at, one in enumerate(told["variants"][variant])
        )


def places(networks: tuple[Trained, ...], times: Array) -> NDArray[np.int64]:
    """Which network of a chain answers at each time (n,); the first and the last also beyond their ends."""
    ends = np.array([one.frame.high[-1] for one in networks[:-1]])
    return np.searchsorted(ends, times, side="left")


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
