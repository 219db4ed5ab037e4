"""Three ways to damp a Gauss–Newton step. Which is best depends on the problem and the seed, so they race.

`bold`: a tiny fixed damping with a step from a geometric grid; it leaps far and, where it lands well, ends lowest.
`careful`: Levenberg–Marquardt with the gain ratio (Marquardt 1963), which always gets on. `greedy`: of ten times less,
the same and ten times more damping the one that lowers the loss most.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import Tensor

from skills.pinn.network import Network
from skills.pinn.normal import LARGEST_DAMPING, Accurate, Normal
from skills.pinn.rows import Rows

HALVINGS = 14  # the grid of step lengths is 1, 1/2, … 2**-13
PAST_BEST = 3  # halvings without a lower loss after which the grid is left
SMALLEST_DAMPING = 1e-14
FOLLOW = 0.1
LARGEST_FOLLOWING = 1e-2
PRECISE = 1e-9  # of the first loss; below that the normal equations have too few digits


@dataclass(frozen=True)
class State:
    """Where an entrant stands. `first` is the loss it began with."""

    parameters: Tensor
    loss: float
    damping: float
    first: float
    stuck: bool = False


Step = Callable[[Network, Rows, State], State]


def bold(network: Network, rows: Rows, state: State) -> State:
    """One step with a tiny damping; its length is the best of a geometric grid."""
    direction, _ = _solver(network, rows, state).step(state.damping)
    best, since = state, 0
    for halvings in range(HALVINGS):
        found = _tried(network, rows, state, 0.5**halvings * direction, state.damping)
        since = 0 if found.loss < best.loss else since + 1
        best = found if found.loss < best.loss else best
        if best is not state and since >= PAST_BEST:
            break
    return best if best is not state else _stuck(state)


def careful(network: Network, rows: Rows, state: State) -> State:
    """One accepted Levenberg–Marquardt step; the damping follows the gain ratio."""
    solver, damping = _solver(network, rows, state), state.damping
    while damping < LARGEST_DAMPING:
        direction, expected = solver.step(damping)
        found = _tried(network, rows, state, direction, damping)
        if found.loss < state.loss and expected < 0:
            gain = (found.loss - state.loss) / expected
            change = 0.1 if gain > 0.75 else 1 / 3 if gain > 0.5 else 1.0 if gain > 0.25 else 2.0
            return State(found.parameters, found.loss, max(damping * change, SMALLEST_DAMPING), state.first)
        damping *= 4
    return _stuck(state)


def greedy(network: Network, rows: Rows, state: State) -> State:
    """The best of three dampings; more and more where none lowers the loss."""
    solver = _solver(network, rows, state)
    best = state
    for change in (0.1, 1.0, 10.0, 100.0, 1e3, 1e5):
        damping = max(state.damping * change, SMALLEST_DAMPING)
        found = _tried(network, rows, state, solver.step(damping)[0], damping)
        if found.loss < best.loss:
            best = found
        elif best is not state:
            break
    return best if best is not state else _stuck(state)


def _solver(network: Network, rows: Rows, state: State) -> Normal | Accurate:
    residuals, jacobian = rows.jacobian(network, state.parameters)
    return (Accurate if state.loss < PRECISE * state.first else Normal).of(jacobian, residuals)


def _tried(network: Network, rows: Rows, state: State, direction: Tensor, damping: float) -> State:
    parameters = rows.unknowns.kept(state.parameters + direction)
    loss = rows.loss(network, parameters)
    return State(parameters, loss if math.isfinite(loss) else math.inf, damping, state.first)


def _stuck(state: State) -> State:
    return State(state.parameters, state.loss, state.damping, state.first, stuck=True)


def following(network: Network, rows: Rows, state: State) -> State:
    """A bold step whose damping follows the loss, as Levenberg–Marquardt's fast local convergence wants it.

    Yamashita & Fukushima 2001, doi:10.1007/978-3-7091-6217-0_18. Where no step length helps, a greedy step.
    """
    damping = min(max(FOLLOW * state.loss, SMALLEST_DAMPING), LARGEST_FOLLOWING)
    found = bold(network, rows, replace(state, damping=damping))
    return greedy(network, rows, replace(state, damping=10 * damping)) if found.stuck else found
