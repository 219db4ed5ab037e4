"""The end of a training: the last hidden layer widened by varied copies of its neurons, the output layer solved for.

A trained layer knows where the solution is steep, and the neurons that a better fit needs lie near those that it has.
Their varied copies span what a Gauss–Newton step in the layer's weights could reach, and more, so that a linear
least-squares problem replaces hundreds of ill-conditioned steps. A heuristic in the line of random features (see
output_layer.py); it needs a trained layer that is nearly right. Measured on Burgers' equation with viscosity 0.01/pi,
first sixth of the time: after 40 steps an error of 8e-5, 4e-9 within a second more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from skills.pinn.fit import Task
from skills.pinn.network import Network
from skills.pinn.rows import Rows
from skills.pinn.sampling import chosen

WIDTHS = (300, 600, 1000)  # neurons added, for one field
SPREADS = (0.3, 0.03)  # changes of the copies' weights, of the layer's root mean square
POINTS = 3  # a neuron added
EDGE = 0.25  # points on a face, of those inside
USEFUL = 0.3  # a widening must leave less than this of the held-out loss, or it was the last
REACH = 3000.0  # times lower a held-out loss each further width is trusted with
STEPS = 10
SETTLED = 0.5  # a step that leaves more of the loss wants a new factorisation, or was the last
CUT = 1e-12  # root of the damping, for columns of length one


@dataclass(frozen=True)
class Widened:
    """A widened network with its output layer solved, and its loss at points that it has not seen.

    `hopeless`: it was left before its last width, since the goal is out of reach.
    """

    network: Network
    parameters: Tensor
    held_out: float
    hopeless: bool = False


def widened(task: Task, network: Network, parameters: Tensor, at: int, goal: float, reach: float) -> Widened | None:
    """The first width that meets `goal` (a held-out loss), else the best; `at` is the iteration, part of the seed.

    None where nothing is finite. It is left as soon as the goal is out of reach: every width left is trusted with a
    held-out loss `reach` times lower, infinity tries them all.
    """
    best: Widened | None = None
    spreads, widths = SPREADS, _widths(task)
    for place, width in enumerate(widths):
        found = _solved(task, network, parameters, width, spreads, at)
        if not found:
            return best
        spread, winner = min(found, key=lambda one: one[1].held_out)
        useful = best is None or winner.held_out < USEFUL * best.held_out
        best, spreads = winner if best is None or winner.held_out < best.held_out else best, (spread,)
        if best.held_out < goal or not useful:
            break
        left = len(widths) - 1 - place
        if left and best.held_out > goal * reach**left:
            return replace(best, hopeless=True)
    return best


def _widths(task: Task) -> list[int]:
    """Neurons to add: fewer for several fields, which share them, and where the spec names the number of points."""
    limit = (task.spec.interior or POINTS * WIDTHS[-1]) // POINTS
    return sorted({min(width // len(task.setting.problem.fields), limit) for width in WIDTHS})


def _solved(
    task: Task, network: Network, parameters: Tensor, width: int, spreads: tuple[float, ...], at: int
) -> list[tuple[float, Widened]]:
    seed, count = [task.seed, at, width], POINTS * width
    points = chosen(task.setting, network, parameters, count, seed)
    rows, found = task.setting.rows(points, task.spec.edge or max(64, round(EDGE * count))).on(task.device), []
    for spread in spreads:
        wide, start = with_copies(network, parameters, width, spread, seed)
        solved, loss = solve(wide, start, rows)
        held_out = task.held_out.loss(wide, solved)
        if math.isfinite(loss) and math.isfinite(held_out):
            found.append((spread, Widened(wide, solved, held_out)))
    return found


def with_copies(
    network: Network, parameters: Tensor, count: int, spread: float, seed: list[int]
) -> tuple[Network, Tensor]:
    """The same function by a network with `count` more neurons in its last hidden layer, their output weights zero."""
    generator = np.random.default_rng(seed)
    *front, (weights, bias), (last, shift) = network.layers(parameters[: network.size])
    picked = torch.from_numpy(generator.permutation(count) % len(bias))
    change = torch.from_numpy(generator.normal(size=(len(weights) + 1, count)))
    change *= spread * float(weights.square().mean().sqrt())
    layer = (
        torch.cat((weights, weights[:, picked] + change[:-1]), dim=1),
        torch.cat((bias, bias[picked] + change[-1])),
    )
    output = (torch.cat((last, torch.zeros((count, last.shape[1]), dtype=torch.float64))), shift)
    flat = torch.cat([part.flatten() for pair in (*front, layer, output) for part in pair])
    return Network((*network.widths[:-2], network.widths[-2] + count, network.widths[-1])), flat


def solve(network: Network, parameters: Tensor, rows: Rows) -> tuple[Tensor, float]:
    """The parameters with the output layer of least squares, and the loss.

    Newton's iteration by QR factors that are kept while they serve: started near the solution, one factorisation does.
    Columns are scaled and damped beyond working precision, which holds back directions that the rows do not tell.
    """
    parameters = parameters.to(rows.device)
    entering = rows.hidden(network, parameters)
    residuals = rows.with_hidden(network, parameters, entering)
    loss, factors, fresh = float(residuals @ residuals), _factored(network, parameters, rows, entering), True
    for _ in range(STEPS):
        if factors is None or not math.isfinite(loss):
            break
        step = factors.solution(-residuals)
        tried = torch.cat((parameters[: -len(step)], parameters[-len(step) :] + step))
        moved = rows.with_hidden(network, tried, entering)
        found, before = float(moved @ moved), loss
        if found < loss:
            parameters, residuals, loss = tried, moved, found
        if found < SETTLED * before:
            fresh = False
        elif fresh:
            break
        else:
            factors, fresh = _factored(network, parameters, rows, entering), True
    return parameters.cpu(), loss


@dataclass(frozen=True)
class _Factors:
    """QR factors of the output layer's Jacobian with columns of length one over damping rows."""

    reflectors: Tensor
    scalars: Tensor
    lengths: Tensor

    def solution(self, target: Tensor) -> Tensor:
        size = len(self.lengths)
        padded = torch.cat((target, target.new_zeros(size)))[:, None]
        turned = torch.ormqr(self.reflectors, self.scalars, padded, transpose=True)[:size]
        return torch.linalg.solve_triangular(self.reflectors[:size], turned, upper=True)[:, 0] / self.lengths


def _factored(network: Network, parameters: Tensor, rows: Rows, entering: list[Tensor]) -> _Factors | None:
    """None where the Jacobian is not finite."""
    _, jacobian = rows.output_jacobian(network, parameters, entering)
    lengths = torch.linalg.norm(jacobian, dim=0).clamp(min=1e-300)
    damping = CUT * torch.eye(len(lengths), dtype=torch.float64, device=rows.device)
    table = torch.cat((jacobian / lengths, damping))
    return _Factors(*torch.geqrf(table), lengths) if bool(torch.isfinite(table).all()) else None
