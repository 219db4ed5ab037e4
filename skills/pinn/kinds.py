"""How the neurons of a wide hidden layer are drawn: several kinds, for smooth, hasty, sharp and cornered fields."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skills.pinn.frame import Frame

Array = NDArray[np.float64]
CORNER_SCALES = (2.0, 60.0)
CALM = 2.5  # waves (radians) over half the box that neurons of slope one can follow


@dataclass(frozen=True)
class Kind:
    """Neurons tanh(a · z + b) of the network's inputs z: slopes a uniform in ±`steep` times the data's own waves.

    A factor log-uniform in [1, `sharp`] more; along time `hasty` times more. Centres are uniform in the box, drawn
    towards the start as r**`early`. A share `corners` of the neurons sits at the corners of the start, with the
    parabolic scales s and s².
    """

    name: str
    steep: float = 1.0
    sharp: float = 1.0
    hasty: float = 1.0
    early: float = 1.0
    corners: float = 0.0


TIMED = (
    Kind("smooth"),
    Kind("steep", steep=2.5),
    Kind("early", hasty=3, early=2),
    Kind("layer", hasty=10, early=3),
    Kind("sharp", sharp=10, early=2),
    Kind("corner", hasty=10, early=3, corners=0.3),
)
STEADY = (Kind("smooth"), Kind("steep", steep=2.5), Kind("steeper", steep=6), Kind("sharp", sharp=10))


def variations(kind: Kind, step: int) -> tuple[Kind, ...]:
    """Two neighbours of a kind, others at every step (heuristic)."""
    name = kind.name.split("*")[0] + "*"
    sharper = replace(kind, name=name + "sharper", sharp=kind.sharp * 3)
    steeper = replace(kind, name=name + "steeper", steep=kind.steep * 1.6)
    hastier = replace(kind, name=name + "hastier", hasty=kind.hasty * 2, early=max(kind.early, 2.0))
    flatter = replace(kind, name=name + "flatter", steep=kind.steep / 1.6, sharp=max(kind.sharp / 2, 1.0))
    return ((steeper, flatter), (hastier, sharper))[step % 2]


def steepness(frame: Frame, waves: tuple[float, ...]) -> Array:
    """A slope (width,) for each input of the network that follows the data's waves."""
    half = (np.array(frame.high) - np.array(frame.low)) / 2
    own = np.maximum(1.0, np.array(waves) * half / CALM)
    # sine and cosine wave once by themselves
    return np.repeat(np.where(frame.periodic, np.maximum(1.0, own / np.pi * CALM), own), 1 + np.array(frame.periodic))


def draw(kind: Kind, widths: tuple[int, int, int], frame: Frame, waves: tuple[float, ...], seed: list[int]) -> Tensor:
    """Flat parameters of a one-layer network, its output layer zero; timed kinds take the last axis for the time."""
    inputs, width, fields = widths
    generator = np.random.default_rng([*seed, width, zlib.crc32(kind.name.encode())])
    size = kind.steep * kind.sharp ** generator.random(width)
    slopes = generator.uniform(-1, 1, (inputs, width)) * size * steepness(frame, waves)[:, None]
    slopes[-1] *= kind.hasty
    inside = generator.uniform(-1, 1, (len(frame.low), width))
    at_ends = -np.cos(np.pi * generator.random((len(frame.low), width)))
    centres = np.where(generator.random((len(frame.low), width)) < 0.5, inside, at_ends)
    if kind.early > 1:
        centres[-1] = 2 * generator.random(width) ** kind.early - 1
    if kind.corners and inputs == 2 and not any(frame.periodic):
        count = round(width * kind.corners)
        slopes[:, :count], centres[:, :count] = _at_corners(count, generator)
    low, high = np.array(frame.low)[:, None], np.array(frame.high)[:, None]
    entering = frame.inputs((low + (centres + 1) / 2 * (high - low)).T).T
    bias = -(slopes * entering).sum(0)
    return torch.from_numpy(np.concatenate([slopes.ravel(), bias, np.zeros((width + 1) * fields)]))


def _at_corners(count: int, generator: np.random.Generator) -> tuple[Array, Array]:
    scale = np.exp(generator.uniform(*np.log(CORNER_SCALES), count))
    angle = generator.uniform(0, 2 * np.pi, count)
    away = np.abs(generator.normal(size=(2, count)))
    side = generator.choice([-1.0, 1.0], count)
    slopes = np.stack([scale * np.cos(angle), scale**2 * np.sin(angle)])
    return slopes, np.stack([side * (1 - away[0] / scale), -1 + 2 * away[1] / scale**2])
