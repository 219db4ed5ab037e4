"""How the neurons of a wide hidden layer are drawn: several kinds, for smooth, hasty, sharp and cornered fields."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]
CORNER_SCALES = (2.0, 60.0)


@dataclass(frozen=True)
class Kind:
    """Neurons tanh(a X + c T + b): slopes uniform in ±s (in T in ±`hasty` s), s log-uniform in [1, `sharp`].

    Centres are uniform in the box, drawn towards the start as r**`early`. A share `corners` of the neurons sits at the
    two initial corners, with the parabolic scales s and s².
    """

    name: str
    sharp: float = 1.0
    hasty: float = 1.0
    early: float = 1.0
    corners: float = 0.0


KINDS = (
    Kind("smooth"),
    Kind("early", hasty=3, early=2),
    Kind("layer", hasty=10, early=3),
    Kind("sharp", sharp=10, early=2),
    Kind("corner", hasty=10, early=3, corners=0.3),
)


def variations(kind: Kind, step: int) -> tuple[Kind, ...]:
    """Two neighbours of a kind, others at every step (heuristic)."""
    name = kind.name.split("*")[0] + "*"
    sharper = replace(kind, name=name + "sharper", sharp=kind.sharp * 3)
    hastier = replace(kind, name=name + "hastier", hasty=kind.hasty * 2, early=max(kind.early, 2.0))
    calmer = replace(kind, name=name + "calmer", hasty=max(kind.hasty / 2, 0.5), sharp=max(kind.sharp / 2, 1.0))
    cornered = replace(kind, name=name + "cornered", corners=min(kind.corners + 0.25, 0.7))
    return ((sharper, cornered), (hastier, calmer))[step % 2]


def draw(kind: Kind, width: int, seed: int, number: int = 0) -> Tensor:
    """Flat parameters of a (2, width, 1) network, its output layer zero; `number` tells repeated draws apart."""
    generator = np.random.default_rng([seed, width, number, zlib.crc32(kind.name.encode())])
    size = kind.sharp ** generator.random(width)
    a, c = generator.uniform(-1, 1, (2, width)) * size
    c = c * kind.hasty
    inside, at_ends = generator.uniform(-1, 1, width), -np.cos(np.pi * generator.random(width))
    x = np.where(generator.random(width) < 0.5, inside, at_ends)
    t = 2 * generator.random(width) ** kind.early - 1
    if count := round(width * kind.corners):
        a[:count], c[:count], x[:count], t[:count] = _at_corners(count, generator)
    return torch.from_numpy(np.concatenate([a, c, -(a * x + c * t), np.zeros(width + 1)]))


def _at_corners(count: int, generator: np.random.Generator) -> tuple[Array, Array, Array, Array]:
    scale = np.exp(generator.uniform(*np.log(CORNER_SCALES), count))
    angle = generator.uniform(0, 2 * np.pi, count)
    away = np.abs(generator.normal(size=(2, count)))
    side = generator.choice([-1.0, 1.0], count)
    x, t = side * (1 - away[0] / scale), -1 + 2 * away[1] / scale**2
    return scale * np.cos(angle), scale**2 * np.sin(angle), x, t
