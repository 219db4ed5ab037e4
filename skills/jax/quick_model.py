"""Prediction with an optimised field: exported programs, and the same weights in numpy and torch to compare with."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.jax.model import Trained, chain, places, points_of
from skills.jax.settle import settle
from skills.runtime.job import Inputs, Outputs, UserMistake

Array = NDArray[np.float64]
Field = Callable[[Array], Array]
"""Points (n, d) to fields (n, k), physical units."""
VARIANTS = ("delivered", "float64", "float32", "numpy", "torch")
SOURCE = "delivered"  # the weights that all variants share


def predict(folder: Path, inputs: Inputs, variant: str) -> Outputs:
    first, answer = ready(folder, variant)
    return Outputs(answer(points_of(first, inputs)), first.fields)


def features(folder: Path, inputs: Inputs) -> Array:
    """What enters the first layer of the network that answers (n, width)."""
    networks = chain(folder, SOURCE)
    points = points_of(networks[0], inputs)
    entering = np.stack([one.frame.entering(one.frame.scaled(points)) for one in networks])
    chosen = places(networks, points[:, -1])
    return np.asarray(entering[chosen, np.arange(len(points))])


@lru_cache(maxsize=8)
def ready(folder: Path, variant: str) -> tuple[Trained, Field]:
    """Loaded and compiled once a process; the first network of the chain tells names."""
    if variant not in VARIANTS:
        raise UserMistake(f"the model has no variant {variant!r}, only {list(VARIANTS)}")
    networks = chain(folder, SOURCE)
    if variant in ("numpy", "torch"):
        return networks[0], in_numpy(networks) if variant == "numpy" else in_torch(networks)
    return networks[0], compiled(folder, variant, networks[0])


def compiled(folder: Path, name: str, like: Trained) -> Field:
    """Exported programs, compiled at their first use: the smallest that holds all points, else the quickest."""
    settle()
    program: Any = importlib.import_module("skills.jax.program")
    told = json.loads((folder / "network.json").read_text(encoding="utf-8"))
    dtype = told["delivered"] if name == "delivered" else name
    batches, quickest = sorted(told["programs"][dtype]["batches"]), int(told["programs"][dtype]["quickest"])

    @lru_cache
    def call(batch: int) -> Any:
        return program.read(folder / f"{dtype}-{batch}.stablehlo", batch, len(like.coordinates), len(like.fields))

    def answer(points: Array) -> Array:
        batch = next((batch for batch in batches if len(points) <= batch <= quickest), quickest)
        return np.asarray(program.in_batches(call(batch), batch, points))

    return answer


def in_numpy(networks: tuple[Trained, ...]) -> Field:
    return lambda points: _chosen(networks, points, networks)


def in_torch(networks: tuple[Trained, ...]) -> Field:
    """The same layers as eager torch modules in float64, without gradients."""
    torch: Any = importlib.import_module("torch")
    modules = [_module(torch, network) for network in networks]

    def answer(network: Trained, module: Any, points: Array) -> Array:
        with torch.no_grad():
            entering = torch.from_numpy(network.frame.entering(network.frame.scaled(points)))
            return np.asarray(network.frame.fields(module(entering).numpy()))

    pairs = list(zip(networks, modules, strict=True))
    fields = [lambda points, pair=pair: answer(*pair, points) for pair in pairs]
    return lambda points: _chosen(networks, points, fields)


def _module(torch: Any, network: Trained) -> Any:
    layers, at = [], 0
    for before, after in pairwise(network.widths):
        layer = torch.nn.Linear(before, after, dtype=torch.float64)
        weights, bias = np.split(network.parameters[at : at + (before + 1) * after], [before * after])
        layer.weight.data = torch.from_numpy(weights.reshape(before, after).T.copy())
        layer.bias.data = torch.from_numpy(bias.copy())
        layers += [layer, torch.nn.Tanh()]
        at += (before + 1) * after
    return torch.nn.Sequential(*layers[:-1])


def _chosen(networks: tuple[Trained, ...], points: Array, fields: Sequence[Field]) -> Array:
    if len(networks) == 1:
        return np.asarray(fields[0](points))
    found, chosen = np.zeros((len(points), len(networks[0].fields))), places(networks, points[:, -1])
    for place, field in enumerate(fields):
        found[chosen == place] = field(points[chosen == place])
    return found
