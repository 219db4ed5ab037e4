"""Plain Adam (Kingma & Ba 2015) on the rows, for whoever asks for it: slow here, and kept as the field's yardstick."""

from __future__ import annotations

import math

import torch

from skills.pinn.fit import Fit, Task
from skills.pinn.network import Network

CHECK_EVERY = 100
PATIENCE = 20
BETAS = (0.9, 0.999)
TINY = 1e-8


def fit(task: Task) -> Fit:
    """Adam with a cosine learning rate; the parameters with the lowest held-out loss are kept."""
    network, limit = Network((2, *task.spec.layers, 1)), task.spec.iterations
    rows = task.rows(min(network.size // 2, 512))
    parameters = network.initial(task.seed)
    first, second = torch.zeros_like(parameters), torch.zeros_like(parameters)
    loss, held_out = [(0, rows.loss(network, parameters))], [(0, task.held_out.loss(network, parameters))]
    best, since, reason = (held_out[0][1], parameters), 0, "limit"
    for at in range(1, limit + 1):
        gradient = rows.gradient(network, parameters)
        first = BETAS[0] * first + (1 - BETAS[0]) * gradient
        second = BETAS[1] * second + (1 - BETAS[1]) * gradient**2
        rate = task.spec.learning_rate * (1 + math.cos(math.pi * at / (limit + 1))) / 2
        scale = torch.sqrt(second / (1 - BETAS[1] ** at)) + TINY
        parameters = parameters - rate * first / (1 - BETAS[0] ** at) / scale
        if at % CHECK_EVERY and at != limit:
            continue
        loss.append((at, rows.loss(network, parameters)))
        held_out.append((at, task.held_out.loss(network, parameters)))
        task.report(at, limit, loss[-1][1], f"adam, held out {held_out[-1][1]:.1e}")
        if not math.isfinite(held_out[-1][1]):
            reason = "loss no longer finite"
            loss, held_out = loss[:-1], held_out[:-1]
            break
        since = 0 if held_out[-1][1] < 0.99 * best[0] else since + 1
        best = min(best, (held_out[-1][1], parameters), key=lambda pair: pair[0])
        if task.bound(best[0]) < task.spec.tolerance or since >= PATIENCE:
            reason = "tolerance" if task.bound(best[0]) < task.spec.tolerance else "plateau"
            break
    schedule = f"Adam, learning rate {task.spec.learning_rate:g} falling as a cosine over {limit} iterations"
    return Fit(network, best[1], loss, held_out, reason, at, limit, schedule, "iteration")
