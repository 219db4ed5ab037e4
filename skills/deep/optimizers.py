"""The optimizers: AdamW, stochastic gradient descent with momentum, and Lion."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from skills.deep.spec import Spec

USUAL_RATE = {"adamw": 2e-3, "sgd": 0.05, "lion": 3e-4}


class Lion(Optimizer):
    """The sign of interpolated momentum, with decoupled weight decay.

    Chen, X. et al. (2023) Symbolic discovery of optimization algorithms, arXiv:2302.06675, program 1.
    """

    def __init__(
        self, params: Iterable[Any], lr: float, betas: tuple[float, float] = (0.9, 0.99), weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One step from the gradients that are there. Raises ValueError for a closure, which it does not use."""
        if closure is not None:
            raise ValueError("Lion takes no closure")
        for group in self.param_groups:
            now, later = group["betas"]
            for weight in (one for one in group["params"] if one.grad is not None):
                momentum = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
                update = torch.lerp(weight.grad, momentum, now).sign_()
                weight.mul_(1 - group["lr"] * group["weight_decay"]).add_(update, alpha=-group["lr"])
                momentum.lerp_(weight.grad, 1 - later)


def optimizer_for(spec: Spec, network: nn.Module) -> Optimizer:
    """The spec's optimizer. Biases and normalisations do not decay."""
    decaying = [weight for weight in network.parameters() if weight.ndim > 1]
    others = [weight for weight in network.parameters() if weight.ndim <= 1]
    groups: list[dict[str, Any]] = [
        {"params": decaying, "weight_decay": spec.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    rate = rate_of(spec)
    if spec.optimizer == "sgd":
        return SGD(groups, lr=rate, momentum=spec.momentum, nesterov=spec.momentum > 0)
    return Lion(groups, lr=rate) if spec.optimizer == "lion" else AdamW(groups, lr=rate)


def rate_of(spec: Spec) -> float:
    return spec.learning_rate if spec.learning_rate is not None else USUAL_RATE[spec.optimizer]
