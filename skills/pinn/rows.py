"""A problem as weighted rows: each is linear in (u, u_X, u_T, u_XX) of the scaled network at one point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import qmc
from torch import Tensor

from skills.pinn.network import CHANNELS, Network, input_channels
from skills.pinn.scaling import Scaling, row_factor
from skills.runtime.job import UserMistake
from skills.runtime.parabolic import Boundary
from skills.runtime.parabolic import Parabolic as Problem

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Block:
    """Rows of one kind in numpy: points (n, 2) scaled, mix (4, n), target (n,)."""

    points: Array
    mix: Array
    target: Array


@dataclass(frozen=True)
class Rows:
    """Rows mix · (u, u_X, u_T, u_XX) = target, weights already inside, so that their sum of squares is the loss.

    The last `len(pairs)` points have no row of their own: they are subtracted from the rows that `pairs` names
    (the far end of a periodic condition).
    """

    channels: Tensor
    mix: Tensor
    target: Tensor
    pairs: Tensor

    def fold(self, values: Tensor) -> Tensor:
        """Rows from points, for values (n,) or Jacobians (n, p)."""
        if not len(self.pairs):
            return values
        rows = values[: len(self.target)].clone()
        rows[self.pairs] -= values[len(self.target) :]
        return rows

    def residuals(self, network: Network, parameters: Tensor) -> Tensor:
        """Row values less their targets (n,)."""
        return self.fold(network.rows(parameters, self.channels, self.mix)) - self.target

    def gradient(self, network: Network, parameters: Tensor) -> Tensor:
        """The derivative (size,) of the loss."""
        factors = 2 * self.residuals(network, parameters)
        if len(self.pairs):
            factors = torch.cat((factors, -factors[self.pairs]))
        return network.gradient(parameters, self.channels, self.mix * factors)

    def loss(self, network: Network, parameters: Tensor) -> float:
        """The sum of squares of the rows."""
        return float(torch.sum(self.residuals(network, parameters) ** 2))


def assemble(
    problem: Problem, scaling: Scaling, *, interior: int, initial: int, boundary: int, weight: float, seed: int
) -> Rows:
    """All rows of the problem; `initial` and `boundary` count points at the start and at each end.

    Without interior points the rows hold the data alone. `weight` multiplies initial and boundary rows.
    Raises: UserMistake where a formula is not finite at one of the points.
    """
    places = collocation(interior, seed)
    x, t = (low + places[:, at] * (high - low) for at, (low, high) in enumerate((problem.x, problem.t)))
    blocks = [_equation(problem, scaling, x, t), _initial(problem, scaling, initial, weight)]
    times = lobatto(boundary, *problem.t)
    far: list[Block] = []
    if problem.periodic:
        near, far = _periodic(problem, scaling, times, weight)
        blocks += near
    else:
        ends = ((problem.left, problem.x[0]), (problem.right, problem.x[1]))
        blocks += [_end(problem, scaling, end, place, times, weight) for end, place in ends]
    owned = sum(len(block.target) for block in blocks)
    paired = sum(len(block.target) for block in far)
    mix = np.concatenate([block.mix for block in blocks + far], axis=1)
    target = np.concatenate([block.target for block in blocks])
    if not (np.all(np.isfinite(mix)) and np.all(np.isfinite(target))):
        raise UserMistake(
            f"a formula of problem {problem.name!r} is not finite everywhere on its box",
            "change the formula or the box so that it stays finite",
        )
    return Rows(
        channels=input_channels(torch.from_numpy(np.concatenate([block.points for block in blocks + far]))),
        mix=torch.from_numpy(mix),
        target=torch.from_numpy(target),
        pairs=torch.arange(owned - paired, owned),
    )


def collocation(count: int, seed: int) -> Array:
    """`count` points of the unit square: scrambled Sobol, one half drawn towards the start and the ends.

    There the solution bends most, and where data meet badly it is not even smooth.
    """
    if not count:
        return np.zeros((0, 2))
    points = qmc.Sobol(2, seed=seed).random_base2(int(np.ceil(np.log2(count))))[:count].copy()
    half = count // 2
    points[:half, 1] **= 3
    points[:half, 0] = (1 - np.cos(np.pi * points[:half, 0])) / 2
    return points


def lobatto(count: int, low: float, high: float) -> Array:
    """Chebyshev–Lobatto points: both ends included, closer together near them, where conditions meet."""
    return low + (1 - np.cos(np.linspace(0, np.pi, count))) / 2 * (high - low)


def _equation(problem: Problem, scaling: Scaling, x: Array, t: Array) -> Block:
    """u_t - diffusion u_xx - advection u_x - reaction u = source, over spread and rate."""
    in_x, in_t = scaling.slopes
    names = ("diffusion", "advection", "reaction", "source")
    diffusion, advection, reaction, source = (problem.coefficient(name, x, t) for name in names)
    size = _calm(problem, x, t) / (scaling.rate * np.sqrt(max(len(x), 1)))
    mix = np.stack([-reaction, -advection * in_x, np.full(len(x), in_t), -diffusion * in_x**2])
    target = (source + reaction * scaling.centre) / scaling.spread
    return Block(scaling.points(x, t), mix * size, target * size)


def _calm(problem: Problem, x: Array, t: Array) -> Array:
    """Weights in (0, 1] that fall to zero at the corners where initial and boundary data meet.

    Data that disagree there leave a residual that no smooth function removes; unweighted, it would rule the fit
    of the whole box. Heuristic: three times the parabolic distance sqrt(diffusion t + distance²) over the length.
    """
    if problem.periodic:
        return np.ones(len(x))
    length = problem.x[1] - problem.x[0]
    spread = problem.coefficient("diffusion", problem.x[0], problem.t[0]) * (t - problem.t[0])
    near = np.minimum(x - problem.x[0], problem.x[1] - x)
    return np.minimum(1.0, 3.0 * np.sqrt(spread + near**2) / length)


def _initial(problem: Problem, scaling: Scaling, count: int, weight: float) -> Block:
    x = lobatto(count, *problem.x)
    size = weight / np.sqrt(count)
    mix = np.zeros((CHANNELS, count))
    mix[0] = size
    target = (problem.initial_value(x) - scaling.centre) / scaling.spread * size
    return Block(scaling.points(x, np.full(count, problem.t[0])), mix, target)


def _end(problem: Problem, scaling: Scaling, end: Boundary, place: float, t: Array, weight: float) -> Block:
    a, b, value = problem.boundary_row(end, t)
    size = weight / np.sqrt(len(t)) * row_factor(problem, end, t)
    mix = np.zeros((CHANNELS, len(t)))
    mix[0], mix[1] = a * size, b * scaling.slopes[0] * size
    target = (value - a * scaling.centre) / scaling.spread * size
    return Block(scaling.points(np.full(len(t), place), t), mix, target)


def _periodic(problem: Problem, scaling: Scaling, t: Array, weight: float) -> tuple[list[Block], list[Block]]:
    """u and u_X agree at both ends; the right end's values are subtracted from the left end's."""
    size = weight / np.sqrt(len(t))
    ends: tuple[list[Block], list[Block]] = ([], [])
    for blocks, place in zip(ends, problem.x, strict=True):
        for channel in (0, 1):
            mix = np.zeros((CHANNELS, len(t)))
            mix[channel] = size
            blocks.append(Block(scaling.points(np.full(len(t), place), t), mix, np.zeros(len(t))))
    return ends
