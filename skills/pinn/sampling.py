"""Collocation points that follow the residual."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skills.pinn.network import Network
from skills.pinn.setting import Setting

POOL = 8  # candidates a point


def chosen(setting: Setting, network: Network, parameters: Tensor, count: int, seed: list[int]) -> NDArray[np.float64]:
    """`count` points drawn with a density of |residual| / mean + 1, without replacement.

    Wu et al. 2023, RAD with k = c = 1, doi:10.1016/j.cma.2022.115671.
    """
    generator = np.random.default_rng(seed)
    candidates = setting.domain.physical(generator.random((POOL * count, len(setting.problem.names))))
    block = setting.interior(candidates)
    outputs = network.outputs(parameters[: network.size], block.channels, block.inputs)
    told = setting.unknowns.told(parameters[network.size :])
    sizes = block.residuals(outputs, told).view(len(block.layers), -1).square().sum(0).sqrt()
    density = torch.nan_to_num(sizes / sizes.mean().clamp(min=1e-300), nan=1.0, posinf=1.0).numpy() + 1.0
    return candidates[generator.choice(len(candidates), count, replace=False, p=density / density.sum())]
