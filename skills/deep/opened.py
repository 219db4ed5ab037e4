"""Opens a trained network for those who look inside: its outputs as a differentiable function, and its attention."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from skills.deep.candidates import Fitted
from skills.deep.delivery import load_fitted, load_model
from skills.deep.networks import Transformer, build
from skills.deep.rows import read_inputs
from skills.deep.spec import NETWORKS, Spec
from skills.runtime.job import UserMistake


@dataclass(frozen=True)
class Opened:
    """A trained network in float64 with what stands before and after it. `classes` are empty for a number."""

    name: str
    delivered: str
    spec: Spec
    network: nn.Module
    mean: Tensor
    deviation: Tensor
    classes: tuple[str, ...]
    centre: float
    spread: float

    def __call__(self, samples: Tensor) -> Tensor:
        """Class probabilities (n, k), or the number (n, 1) in the target's unit, of raw samples (n, *shape)."""
        told = self.network((samples - self.mean) / self.deviation)
        return torch.softmax(told, dim=1) if self.classes else self.centre + self.spread * told[:, :1]

    def attention(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """(n, layers, tokens, tokens) the share that each token takes of each other, mean of the heads; and over the
        cells (n, *sides) what the tokens receive in the last layer, 1 where it is as much as an even share.
        """
        network, maps = self.network, []
        assert isinstance(network, Transformer), "only a transformer attends"
        with torch.no_grad():
            states = network.embed(network.tokens((samples - self.mean) / self.deviation)) + network.places
            for layer in network.encoder.layers:
                inside = layer.norm1(states)
                maps.append(layer.self_attn(inside, inside, inside, need_weights=True)[1])
                states = layer(states)
        received = maps[-1].mean(dim=1) * maps[-1].shape[-1]
        return torch.stack(maps, dim=1), network.tokens.spread(received, self.spec.shape)


def opened(model: Path, family: str = "") -> Opened:
    """The delivered network; where no network is delivered, or not of the `family` wanted, the first trained one that
    is.

    Raises: UserMistake where there is none.
    """
    told = load_model(model)
    kept = [name for name in (told.delivered, *told.names) if name in NETWORKS and family in ("", name)]
    if not kept:
        wanted = family or "network"
        raise UserMistake(
            f"among the trained models, {', '.join(told.names)}, is no {wanted}",
            f"name a {wanted} in the request, so that one is trained",
        )
    return _opened(load_fitted(model, told, kept[0]), told.delivered, told.spec)


def _opened(fitted: Fitted, delivered: str, spec: Spec) -> Opened:
    assert fitted.network is not None, "a network is kept under its family's name"
    network = build(fitted.network.family, spec, fitted.network.outputs)
    network.load_state_dict(fitted.network.weights)
    mean, deviation = (torch.from_numpy(part).double() for part in (fitted.scaler.mean, fitted.scaler.deviation))
    return Opened(
        fitted.name, delivered, spec, network.double().eval(), mean, deviation, fitted.classes, float(fitted.centre),
        float(fitted.spread),
    )  # fmt: skip


def samples_of(rows: Path, spec: Spec) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Raw samples (n, *shape) of a Parquet file of rows, and their ids."""
    samples, ids = read_inputs(rows, spec)
    return samples.astype(np.float64), ids
