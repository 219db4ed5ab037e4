"""Gauss–Newton for large networks: the step by conjugate gradients, J'J never formed, preconditioned by a sketch."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from skills.pinn.network import Network
from skills.pinn.rows import Operator, Rows
from skills.pinn.steps import SMALLEST_DAMPING, State

LARGE = 6000  # parameters from which on the Jacobian costs too much
SKETCH = 32  # random sums of rows
ROUNDS = 40  # of conjugate gradients a step
ACCURATE = 1e-3  # relative residual at which they end
HALVINGS = 8


def inexact(network: Network, rows: Rows, state: State) -> State:
    """One step: (J'J + mu I) d = -J'r solved nearly; its length by halving; mu falls where the whole step was good."""
    operator = rows.operator(network, state.parameters)
    gradient = operator.transposed(operator.residuals)
    direction = _conjugate_gradients(operator, -gradient, state.damping, _sketched(operator, state.damping)).cpu()
    for halvings in range(HALVINGS):
        tried = rows.unknowns.kept(state.parameters + 0.5**halvings * direction)
        loss = rows.loss(network, tried)
        if math.isfinite(loss) and loss < state.loss:
            change = 0.3 if halvings == 0 else 1.0 if halvings < 3 else 3.0
            return State(tried, loss, max(state.damping * change, SMALLEST_DAMPING), state.first)
    if state.damping > 1e4:
        return State(state.parameters, state.loss, state.damping, state.first, stuck=True)
    return State(state.parameters, state.loss, state.damping * 100, state.first)


def _sketched(operator: Operator, damping: float) -> tuple[Tensor, Tensor, float]:
    """Eigenvectors (size, k) and eigenvalues (k,) of a sketch of J'J, and the smallest of them.

    J'S S'J stands for J'J, with the count sketch S: rows with random signs in `SKETCH` random sums, one backward pass
    each. Used as the Nyström preconditioner of Frangella, Tropp & Udell 2023, doi:10.1137/21M1466244.
    """
    rows, count = operator.rows, len(operator.residuals)
    size = min(SKETCH, count)
    generator = np.random.default_rng(count)
    signs = torch.from_numpy(generator.choice([-1.0, 1.0], count)).to(rows.device)
    groups = torch.from_numpy(generator.permutation(count) % size).to(rows.device)
    columns = []
    for group in range(size):
        columns.append(operator.transposed(torch.where(groups == group, signs, signs.new_zeros(()))))
    left, values, _ = torch.linalg.svd(torch.stack(columns, dim=1), full_matrices=False)
    return left, values**2, float(values[-1] ** 2) + damping


def _conjugate_gradients(
    operator: Operator, target: Tensor, damping: float, sketch: tuple[Tensor, Tensor, float]
) -> Tensor:
    vectors, values, floor = sketch

    def preconditioned(vector: Tensor) -> Tensor:
        inside = vectors.T @ vector
        return vector + vectors @ (inside * (floor / (values + damping) - 1.0))

    found, left = torch.zeros_like(target), target.clone()
    ready = preconditioned(left)
    direction, product = ready.clone(), float(left @ ready)
    for _ in range(ROUNDS):
        image = operator.transposed(operator.times(direction)) + damping * direction
        length = product / float(direction @ image)
        found += length * direction
        left -= length * image
        if torch.linalg.norm(left) < ACCURATE * torch.linalg.norm(target):
            break
        ready = preconditioned(left)
        product, before = float(left @ ready), product
        direction = ready + product / before * direction
    return found
