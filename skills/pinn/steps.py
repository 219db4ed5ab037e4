"""Ways to damp a Gauss–Newton step. Which is best depends on the problem and the seed, so they race.

`bold`: a tiny fixed damping, the step bent by geodesic acceleration, its length from a geometric grid; it leaps far
and, where it lands well, ends lowest. `following`: the same with a damping that follows the loss. `careful`:
Levenberg–Marquardt with the gain ratio (Marquardt 1963), which always gets on. `greedy`: of ten times less, the same
and more damping the one that lowers the loss most.

Geodesic acceleration (Transtrum & Sethna 2012, arXiv:1201.5885): along d the residuals bend by r_dd, and the correction
a = -(J'J + mu I)⁻¹ J'r_dd / 2 follows the bend. It costs one evaluation of the rows and one more solution with the
factor at hand. Measured on Burgers' equation, first fifth of the time: after 100 steps a loss 1000 times lower.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import Tensor

from skills.pinn.network import Network
from skills.pinn.normal import LARGEST_DAMPING, Accurate, Normal, NormalOnCard
from skills.pinn.rows import Rows

HALVINGS = 14  # the grid of step lengths is 1, 1/2, … 2**-13
PAST_BEST = 2  # halvings without a lower loss after which the grid is left
PROBE = 0.1  # of the step, over which the bend is measured
SMALLEST_DAMPING = 1e-14
FOLLOW = 0.1
LARGEST_FOLLOWING = 1e-2
PRECISE = 1e-13  # of the first loss; below that the normal equations have too few digits


@dataclass(frozen=True)
class State:
    """Where an entrant stands. `first` is the loss it began with."""

    parameters: Tensor
    loss: float
    damping: float
    first: float
    stuck: bool = False


@dataclass(frozen=True)
class Linearised:
    """Rows at the present parameters."""

    residuals: Tensor
    jacobian: Tensor
    solver: Normal | NormalOnCard | Accurate

    def along(self, direction: Tensor) -> Tensor:
        """How the residuals change (rows,) in a direction (parameters,)."""
        return self.jacobian @ direction.to(self.jacobian.device)


Step = Callable[[Network, Rows, State], State]


def bold(network: Network, rows: Rows, state: State) -> State:
    """One step with a tiny damping; its length is the best of a geometric grid, straight or bent."""
    at = _linearised(network, rows, state)
    solve, damping = at.solver.factored(state.damping)
    direction = solve(at.residuals)
    bend = _bend(network, rows, state, at, direction)
    turn = 0.5 * solve(bend) if math.isfinite(float(bend.sum())) else None
    best, since = state, 0
    for halvings in range(HALVINGS):
        length, before = 0.5**halvings, best
        for path in (
            (length * direction,) if turn is None else (length * direction + length**2 * turn, length * direction)
        ):
            found = _tried(network, rows, state, path, damping)
            best = found if found.loss < best.loss else best
        since = 0 if best is not before else since + 1
        if best is not state and since >= PAST_BEST:
            break
    return best if best is not state else _stuck(state)


def following(network: Network, rows: Rows, state: State) -> State:
    """A bold step whose damping follows the loss, as Levenberg–Marquardt's fast local convergence wants it.

    Yamashita & Fukushima 2001, doi:10.1007/978-3-7091-6217-0_18. Where no step length helps, a greedy step.
    """
    damping = min(max(FOLLOW * state.loss, SMALLEST_DAMPING), LARGEST_FOLLOWING)
    found = bold(network, rows, replace(state, damping=damping))
    return greedy(network, rows, replace(state, damping=10 * damping)) if found.stuck else found


def careful(network: Network, rows: Rows, state: State) -> State:
    """One accepted Levenberg–Marquardt step; the damping follows the gain ratio."""
    at, damping = _linearised(network, rows, state), state.damping
    while damping < LARGEST_DAMPING:
        solve, damping = at.solver.factored(damping)
        direction = solve(at.residuals)
        found = _tried(network, rows, state, direction, damping)
        moved = at.along(direction)
        expected = float(2 * at.residuals @ moved + moved @ moved)
        if found.loss < state.loss and expected < 0:
            gain = (found.loss - state.loss) / expected
            change = 0.1 if gain > 0.75 else 1 / 3 if gain > 0.5 else 1.0 if gain > 0.25 else 2.0
            return replace(found, damping=max(damping * change, SMALLEST_DAMPING))
        damping *= 4
    return _stuck(state)


def greedy(network: Network, rows: Rows, state: State) -> State:
    """The best of three dampings; more and more where none lowers the loss."""
    at, best = _linearised(network, rows, state), state
    for change in (0.1, 1.0, 10.0, 100.0, 1e3, 1e5):
        solve, damping = at.solver.factored(max(state.damping * change, SMALLEST_DAMPING))
        found = _tried(network, rows, state, solve(at.residuals), damping)
        if found.loss < best.loss:
            best = found
        elif best is not state:
            break
    return best if best is not state else _stuck(state)


def _linearised(network: Network, rows: Rows, state: State) -> Linearised:
    residuals, jacobian = rows.jacobian(network, state.parameters)
    if state.loss < PRECISE * state.first:
        return Linearised(residuals, jacobian, Accurate.of(jacobian))
    return Linearised(residuals, jacobian, (NormalOnCard if jacobian.is_cuda else Normal).of(jacobian))


def _bend(network: Network, rows: Rows, state: State, at: Linearised, direction: Tensor) -> Tensor:
    """The second derivative of the residuals along the direction (rows,), by a difference."""
    moved = rows.residuals(network, state.parameters + PROBE * direction)
    return 2 / PROBE * ((moved - at.residuals) / PROBE - at.along(direction))


def _tried(network: Network, rows: Rows, state: State, direction: Tensor, damping: float) -> State:
    parameters = rows.unknowns.kept(state.parameters + direction)
    loss = rows.loss(network, parameters)
    return State(parameters, loss if math.isfinite(loss) else math.inf, damping, state.first)


def _stuck(state: State) -> State:
    return replace(state, stuck=True)
