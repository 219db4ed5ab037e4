"""Brings samples to one scale: channel by channel for images and series, column by column for vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

FLAT = 1e-6  # a channel that varies less than this share of its size is constant but for rounding
MOST_CELLS = 2048  # of a sample that a linear model or a forest sees; larger ones are averaged down
Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Scaler:
    """(samples - mean) / deviation with one pair a channel (or column), shaped to fit (n, *shape)."""

    mean: Samples
    deviation: Samples

    @classmethod
    def fitted(cls, samples: Samples) -> Scaler:
        """From training samples (n, *shape) alone. What does not vary is left at its size."""
        axes = (0,) if samples.ndim == 2 else (0, *range(2, samples.ndim))
        wide = samples.astype(np.float64)
        mean, deviation = wide.mean(axis=axes, keepdims=True), wide.std(axis=axes, keepdims=True)
        deviation = np.where(deviation > FLAT * (np.abs(mean) + FLAT), deviation, 1.0)
        return cls(mean.astype(np.float32), deviation.astype(np.float32))

    def __call__(self, samples: Samples) -> Samples:
        return np.asarray((samples - self.mean) / self.deviation, dtype=np.float32)


def flattened(scaled: Samples) -> Samples:
    """(n, cells) for linear models and forests. Samples of more than 2048 cells are averaged over neighbours."""
    cells = int(np.prod(scaled.shape[1:]))
    if cells <= MOST_CELLS or scaled.ndim == 2:
        return scaled.reshape(len(scaled), -1)
    channels, sides = scaled.shape[1], scaled.shape[2:]
    shrink = (cells / MOST_CELLS) ** (1 / len(sides))
    size = [max(1, int(side / shrink)) for side in sides]
    values = torch.from_numpy(np.ascontiguousarray(scaled))
    pool = functional.adaptive_avg_pool1d if len(size) == 1 else functional.adaptive_avg_pool2d
    pooled = pool(values, size[0] if len(size) == 1 else size)
    return np.asarray(pooled.numpy().reshape(len(scaled), channels * int(np.prod(size))), dtype=np.float32)
