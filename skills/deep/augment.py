"""Changes training samples at random: shifted, mirrored, noisy."""

from __future__ import annotations

import torch
from torch import Tensor

from skills.deep.spec import Augment


def augmented(samples: Tensor, how: Augment) -> Tensor:
    """A batch (n, …, width) with each sample changed on its own, drawn from torch's generator.

    A shift moves by whole cells along every axis but the channels and repeats the edge; noise counts in deviations,
    since samples are scaled.
    """
    for axis in range(2, samples.ndim) if how.shift else ():
        by = torch.randint(-how.shift, how.shift + 1, (len(samples),), device=samples.device)
        samples = _shifted(samples, by, axis)
    if how.flip:
        mirrored = torch.rand(len(samples), device=samples.device) < 0.5
        samples = torch.where(mirrored.view(-1, *([1] * (samples.ndim - 1))), samples.flip(-1), samples)
    return samples + how.noise * torch.randn_like(samples) if how.noise else samples


def _shifted(samples: Tensor, by: Tensor, axis: int) -> Tensor:
    length = samples.shape[axis]
    places = (torch.arange(length, device=samples.device) - by[:, None]).clamp(0, length - 1)
    shape = [len(samples), *([1] * (samples.ndim - 1))]
    shape[axis] = length
    return torch.gather(samples, axis, places.view(shape).expand_as(samples))
