"""Integrated gradients of a network on arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from captum.attr import IntegratedGradients
from numpy.typing import NDArray

Array = NDArray[np.float64]
CLOSE = 2e-3  # of what an output moves by: the sum may miss that much before more steps are taken
STEPS, MOST_STEPS = 32, 1024
AT_ONCE = 2048  # samples in one pass backwards


@dataclass(frozen=True)
class Gradients:
    """`values` (n, *shape): by how much each cell moves the explained output of each sample away from `base` (n,), the
    same output of the `baseline` (*shape); `classes` (n,) is the explained column, `outputs` (n,) what it says."""

    values: Array
    base: Array
    outputs: Array
    classes: NDArray[np.int64]
    baseline: Array
    steps: int


def integrated(network: Any, samples: Array, baseline: Array) -> Gradients:
    """Of the class that the network finds likeliest, or of the number, along the straight line from the baseline.

    The steps are doubled until the attributions add up. Sundararajan, M., Taly, A. & Yan, Q. (2017) Axiomatic
    attribution for deep networks, arXiv:1703.01365. By captum, with Gauss-Legendre nodes.
    """
    at, begin = torch.from_numpy(samples), torch.from_numpy(baseline)[None]
    with torch.no_grad():
        told, base = network(at), network(begin)
    chosen = told.argmax(dim=1)
    outputs, below = told.gather(1, chosen[:, None])[:, 0], base[0][chosen]
    method, steps = IntegratedGradients(network), STEPS
    while True:
        values = method.attribute(
            at, baselines=begin, target=chosen, n_steps=steps, method="gausslegendre",
            internal_batch_size=max(AT_ONCE, len(at)),
        )  # fmt: skip
        missed = (below + values.flatten(1).sum(dim=1) - outputs).abs().max()
        moved = max(float((outputs - below).abs().max()), 1e-12)
        if float(missed) <= CLOSE * moved or steps >= MOST_STEPS:
            break
        steps *= 2
    found = (values, below, outputs)
    arrays = [np.asarray(one.detach().numpy(), dtype=np.float64) for one in found]
    return Gradients(*arrays, chosen.numpy().astype(np.int64), baseline, steps)
