"""First-order training: Adam, and SOAP, which is Adam in the slowly turning eigenbasis of Shampoo's preconditioner."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from skills.pinn.fit import Curve, Fit, Link, Task
from skills.pinn.gauss_newton import LAYERS
from skills.pinn.network import Network
from skills.pinn.rows import Rows
from skills.pinn.start import drawn

CHECK_EVERY = 100
PATIENCE = 20
BETAS = (0.9, 0.999)
SOAP_BETAS = (0.95, 0.95)
TINY = 1e-8
TURN_EVERY = 10
LARGEST_SIDE = 512  # of a weight matrix, beyond which its side is not turned

Rule = Callable[[Tensor, int], Tensor]
"""(gradient, step from 1 on) -> the direction (size,) to subtract, before the learning rate."""


@dataclass
class Adam:
    """Kingma & Ba 2015, arXiv:1412.6980."""

    betas: tuple[float, float] = BETAS
    first: Tensor | None = None
    second: Tensor | None = None

    def __call__(self, gradient: Tensor, step: int) -> Tensor:
        self.first = _mean(self.first, gradient, self.betas[0])
        self.second = _mean(self.second, gradient**2, self.betas[1])
        scale = torch.sqrt(self.second / (1 - self.betas[1] ** step)) + TINY
        return self.first / (1 - self.betas[0] ** step) / scale


@dataclass
class Turned:
    """One weight matrix in SOAP."""

    left: Tensor
    right: Tensor
    bases: tuple[Tensor, Tensor]
    first: Tensor
    second: Tensor


@dataclass
class Soap:
    """Vyas et al. 2024, arXiv:2409.11321: biases by Adam, each weight matrix by Adam in its own eigenbasis."""

    network: Network
    plain: Adam = field(default_factory=lambda: Adam(SOAP_BETAS))
    layers: list[Turned] = field(default_factory=list)

    def __call__(self, gradient: Tensor, step: int) -> Tensor:
        found = self.plain(gradient, step)
        for place, ((own, _), (out, _)) in enumerate(
            zip(self.network.layers(gradient), self.network.layers(found), strict=True)
        ):
            if max(own.shape) <= LARGEST_SIDE:
                out.copy_(self._turned(place, own, step))
        return found

    def _turned(self, place: int, own: Tensor, step: int) -> Tensor:
        beta = SOAP_BETAS[1]
        if place == len(self.layers):
            squares = (own @ own.T, own.T @ own)
            bases = tuple(torch.linalg.eigh(one)[1] for one in squares)
            zero = torch.zeros_like(own)
            self.layers.append(Turned(*squares, bases, zero, zero))  # type: ignore[arg-type]
        at = self.layers[place]
        at.left, at.right = _mean(at.left, own @ own.T, beta), _mean(at.right, own.T @ own, beta)
        before, after = at.bases
        inside = before.T @ own @ after
        at.first = _mean(at.first, own, SOAP_BETAS[0])
        at.second = _mean(at.second, inside**2, beta)
        scale = torch.sqrt(at.second / (1 - beta**step)) + TINY
        found = before @ ((before.T @ at.first @ after) / (1 - SOAP_BETAS[0] ** step) / scale) @ after.T
        if step % TURN_EVERY == 0:
            at.bases = (torch.linalg.qr(at.left @ before)[0], torch.linalg.qr(at.right @ after)[0])
        return found


def fit(task: Task, name: str = "adam") -> Fit:
    """With a cosine learning rate; the parameters with the lowest held-out loss are kept."""
    network = task.network(task.spec.hidden or LAYERS[min(len(task.setting.problem.names), 3)])
    rows = task.rows(task.points(network.size))
    parameters = drawn(task.setting, network, task.seed)
    rule: Rule = Soap(network) if name == "soap" else Adam()
    parameters, curves, lowest, reason = descend(task, network, rows, parameters, rule, task.spec.iterations, name)
    rate, limit = task.spec.learning_rate, task.spec.iterations
    schedule = f"{name}, learning rate {rate:g} falling as a cosine over {limit} iterations"
    link = Link(network, parameters, task.setting.frame)
    return Fit((link,), curves, lowest, reason, curves["loss"][-1][0], limit, schedule, "iteration")


def descend(
    task: Task, network: Network, rows: Rows, parameters: Tensor, rule: Rule, limit: int, name: str
) -> tuple[Tensor, dict[str, Curve], float, str]:
    """(best parameters, curves, their held-out loss, why it ended) of `limit` steps."""
    loss, held_out = [(0, rows.loss(network, parameters))], [(0, task.held_out.loss(network, parameters))]
    best, since, reason = (held_out[0][1], parameters), 0, "limit"
    for at in range(1, limit + 1):
        gradient = slope(network, rows, parameters)[1]
        direction = torch.zeros_like(parameters)
        direction[: network.size] = rule(gradient[: network.size], at)
        direction[network.size :] = torch.sign(gradient[network.size :])
        rate = task.spec.learning_rate * (1 + math.cos(math.pi * at / (limit + 1))) / 2
        parameters = rows.unknowns.kept(parameters - rate * direction)
        if at % CHECK_EVERY and at != limit:
            continue
        loss.append((at, rows.loss(network, parameters)))
        held_out.append((at, task.held_out.loss(network, parameters)))
        task.report(at, limit, loss[-1][1], f"{name}, held out {held_out[-1][1]:.1e}")
        if not math.isfinite(held_out[-1][1]):
            reason = "loss no longer finite"
            loss, held_out = loss[:-1], held_out[:-1]
            break
        since = 0 if held_out[-1][1] < 0.99 * best[0] else since + 1
        best = min(best, (held_out[-1][1], parameters), key=lambda pair: pair[0])
        if task.met(best[0]) or since >= PATIENCE:
            reason = "tolerance" if task.met(best[0]) else "plateau"
            break
    return best[1], {"loss": loss, "held_out_loss": held_out}, best[0], reason


def slope(network: Network, rows: Rows, parameters: Tensor) -> tuple[float, Tensor]:
    """The loss and its derivative (size + K,)."""
    operator = rows.operator(network, parameters)
    residuals = operator.residuals
    return float(residuals @ residuals), 2 * operator.transposed(residuals)


def _mean(old: Tensor | None, new: Tensor, beta: float) -> Tensor:
    return (1 - beta) * new if old is None else beta * old + (1 - beta) * new
