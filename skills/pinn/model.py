"""The model's files, and prediction with numpy alone: where the model is used, torch need not be."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.pinn.frame import Frame
from skills.runtime.job import Inputs, Outputs, UserMistake, write_json

Array = NDArray[np.float64]
VARIANTS = ("delivered", "data_only")
BLOCK = 8192  # points at a time


@dataclass(frozen=True)
class Piece:
    """One network: widths, flat parameters, frame."""

    widths: tuple[int, ...]
    parameters: Array
    frame: Frame

    def __call__(self, points: Array) -> Array:
        """Fields (n, fields) at points (n, d), in physical units."""
        blocks = [self._network(points[at : at + BLOCK]) for at in range(0, len(points), BLOCK)]
        return self.frame.fields(np.concatenate(blocks or [np.zeros((0, self.widths[-1]))]))

    def _network(self, points: Array) -> Array:
        values, at, last = self.frame.inputs(points), 0, len(self.widths) - 2
        for layer, (before, after) in enumerate(pairwise(self.widths)):
            weights = self.parameters[at : at + before * after].reshape(before, after)
            bias = self.parameters[at + before * after : at + (before + 1) * after]
            values = values @ weights + bias
            values = np.tanh(values) if layer < last else values
            at += (before + 1) * after
        return values


@dataclass(frozen=True)
class Trained:
    """Networks chained in time: each answers for the times up to its end, the first and last also beyond.

    The time is the last coordinate; a single network answers for all.
    """

    coordinates: tuple[str, ...]
    fields: tuple[str, ...]
    pieces: tuple[Piece, ...]

    def __call__(self, points: Array) -> Array:
        """Fields (n, fields) at points (n, d)."""
        found = np.zeros((len(points), len(self.fields)))
        for piece, chosen in zip(self.pieces, self._shares(points), strict=True):
            found[chosen] = piece(points[chosen])
        return found

    def inputs(self, points: Array) -> Array:
        """What enters the network that answers for each point (n, width)."""
        found = np.zeros((len(points), self.pieces[0].frame.width))
        for piece, chosen in zip(self.pieces, self._shares(points), strict=True):
            found[chosen] = piece.frame.inputs(points[chosen])
        return found

    def _shares(self, points: Array) -> list[NDArray[np.bool_]]:
        if len(self.pieces) == 1:
            return [np.ones(len(points), dtype=bool)]
        ends = np.array([piece.frame.high[-1] for piece in self.pieces[:-1]])
        place = np.searchsorted(ends, points[:, -1], side="left")
        return [place == at for at in range(len(self.pieces))]


def save(folder: Path, coordinates: tuple[str, ...], fields: tuple[str, ...], variants: dict[str, list[Piece]]) -> None:
    """Write network.json and parameters.npz (one flat float64 vector a network, named VARIANT.PLACE)."""
    told = {
        "coordinates": list(coordinates),
        "fields": list(fields),
        "activation": "tanh",
        "variants": {
            name: [{"widths": list(piece.widths), "frame": piece.frame.as_json()} for piece in pieces]
            for name, pieces in variants.items()
        },
    }
    write_json(folder / "network.json", told)
    arrays = {f"{name}.{at}": one.parameters for name, pieces in variants.items() for at, one in enumerate(pieces)}
    np.savez(folder / "parameters.npz", **arrays)


def load(folder: Path, variant: str) -> Trained:
    """Raises: UserMistake for a variant that the folder does not hold."""
    told: dict[str, Any] = json.loads((folder / "network.json").read_text(encoding="utf-8"))
    if variant not in told["variants"]:
        raise UserMistake(f"the model has no variant {variant!r}, only {sorted(told['variants'])}")
    with np.load(folder / "parameters.npz", allow_pickle=False) as held:
        pieces = tuple(
            Piece(tuple(one["widths"]), held[f"{variant}.{at}"], Frame.from_json(one["frame"]))
            for at, one in enumerate(told["variants"][variant])
        )
    return Trained(tuple(told["coordinates"]), tuple(told["fields"]), pieces)


def predict(folder: Path, inputs: Inputs, variant: str) -> Outputs:
    trained = load(folder, variant)
    return Outputs(trained(_points(trained, inputs)), trained.fields)


def features(folder: Path, inputs: Inputs) -> Array:
    """What enters the first layer (n, width): scaled coordinates, sine and cosine of periodic ones; in [-1, 1]."""
    trained = load(folder, VARIANTS[0])
    return trained.inputs(_points(trained, inputs))


def _points(trained: Trained, inputs: Inputs) -> Array:
    return np.stack([inputs.column(name) for name in trained.coordinates], axis=1)
