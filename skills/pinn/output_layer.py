"""Least squares for the output layer alone: exact for linear problems, Newton's iteration for others.

For a given hidden layer a linear problem's loss is a linear least-squares problem: one factorisation instead of
thousands of gradient steps (Dwivedi & Srinivasan 2020, doi:10.1016/j.neucom.2019.12.099; Dong & Li 2021,
doi:10.1016/j.cma.2021.114129, who also iterate for nonlinear ones).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from skills.pinn.network import Network
from skills.pinn.rows import Rows

RCOND = 1e-13
ITERATIONS = 12
INVERSE_ITERATIONS = 30
STEPS = 8  # halvings of a step that does not lower the loss
SETTLED = 0.9  # a step that leaves more than this share of the loss was the last


def solve(
    network: Network, parameters: Tensor, rows: Rows, *, linear: bool, cut: float = RCOND
) -> tuple[Tensor, float]:
    """The parameters with the output layer (and the unknowns) of least squares, and their loss, inf if it failed."""
    entering = rows.hidden(network, parameters)
    loss = float("inf")
    for _ in range(1 if linear else INVERSE_ITERATIONS if rows.unknowns.names else ITERATIONS):
        residuals, jacobian = rows.output_jacobian(network, parameters, entering)
        before = float(residuals @ residuals)
        if not math.isfinite(before):
            return parameters, float("inf")
        parameters, loss = _step(network, parameters, rows, entering, least_squares(jacobian, -residuals, cut), before)
        if loss > SETTLED * before:
            break
    return parameters, loss


def least_squares(table: Tensor, target: Tensor, cut: float = RCOND) -> Tensor:
    """min |table x - target|: columns scaled, singular values below `cut` (relative) left out."""
    size = torch.linalg.norm(table, dim=0).clamp(min=1e-300)
    found = torch.linalg.lstsq(table / size, target[:, None], rcond=cut, driver="gelsd")
    return found.solution[:, 0] / size


def _step(
    network: Network, parameters: Tensor, rows: Rows, entering: list[Tensor], direction: Tensor, before: float
) -> tuple[Tensor, float]:
    best = (parameters, before)
    for halvings in range(STEPS):
        tried = parameters.clone()
        tried[-len(direction) :] += 0.5**halvings * direction
        tried = rows.unknowns.kept(tried)
        found = float((rows.with_hidden(network, tried, entering) ** 2).sum())
        if found < best[1]:
            best = (tried, found)
        elif best[0] is not parameters:
            break
    return best
