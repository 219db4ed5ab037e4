"""Any tanh network: damped Gauss–Newton on the rows, by a race of ways to damp, on points that follow the residual."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from skills.pinn.fit import Curve, Fit, Task
from skills.pinn.network import Network
from skills.pinn.rows import Rows
from skills.pinn.steps import State, Step, bold, careful, greedy

RACE = 20
CHECK_EVERY = 5
PATIENCE = 8  # checks without 5 % less held-out loss
RESTARTS = (0, 1_000_003, 2_000_003)
LAYERS = {1: (20, 20), 2: (20, 20), 3: (30, 30)}
SMALL = 1e-3  # of the first loss: from there on a greedy winner goes on boldly


@dataclass(frozen=True)
class Entrant:
    """A way to damp, from a start."""

    name: str
    step: Step
    seed: int
    damping: float


def fit(task: Task) -> Fit:
    """Race, then run the winner until tolerance, plateau or the limit."""
    network = task.network(task.spec.hidden or LAYERS[min(len(task.setting.problem.names), 3)])
    points = task.points(network.size)
    rows = task.rows(points)
    limit = task.spec.iterations
    entrant, state, curve = _race(task, network, rows, min(RACE, limit))
    held_out = [(len(curve) - 1, task.held_out.loss(network, state.parameters))]
    best, since, reason = (held_out[0][1], state), 0, "limit"
    for at in range(len(curve), limit + 1):
        state = entrant.step(network, rows, state)
        curve.append((at, state.loss))
        if at % CHECK_EVERY and not state.stuck:
            continue
        held_out.append((at, task.held_out.loss(network, state.parameters)))
        task.report(at, limit, state.loss, f"{entrant.name}, held out {held_out[-1][1]:.1e}")
        since = 0 if held_out[-1][1] < 0.95 * best[0] else since + 1
        best = min(best, (held_out[-1][1], state), key=lambda pair: pair[0])
        if task.met(best[0]) or state.stuck or since >= PATIENCE:
            reason = "tolerance" if task.met(best[0]) else "plateau"
            break
    schedule = f"Gauss–Newton; a race of {RACE} iterations among bold (two seeds), careful, greedy; won: {entrant.name}"
    curves = {"loss": curve, "held_out_loss": held_out}
    return Fit(network, best[1].parameters, curves, best[0], reason, curve[-1][0], limit, schedule, "iteration")


def start(task: Task, network: Network, seed: int) -> Tensor:
    """Network parameters drawn, unknown coefficients at their guess."""
    return torch.cat((network.initial(seed), torch.zeros(len(task.setting.unknowns.names), dtype=torch.float64)))


def _race(task: Task, network: Network, rows: Rows, length: int) -> tuple[Entrant, State, Curve]:
    """The entrant with the lowest loss after `length` iterations; anew from other seeds while nobody got on."""
    best: tuple[Entrant, State, Curve] | None = None
    for attempt, offset in enumerate(RESTARTS):
        seed = task.seed + offset
        entrants = (
            Entrant("bold", bold, seed, task.spec.damping),
            Entrant("bold, second seed", bold, seed + 1, task.spec.damping),
            Entrant("careful", careful, seed, 1e-2),
            Entrant("greedy", greedy, seed, 1e-2),
        )
        for one in entrants:
            parameters = start(task, network, one.seed)
            loss = rows.loss(network, parameters)
            state, curve = State(parameters, loss, one.damping, loss), [(0, loss)]
            for at in range(1, length + 1):
                state = one.step(network, rows, state)
                curve.append((at, state.loss))
                if state.stuck:
                    break
            task.report(length, task.spec.iterations, state.loss, f"race {attempt + 1}: {one.name}")
            if math.isfinite(state.loss) and (best is None or state.loss < best[1].loss):
                best = (one, state, curve)
        if best is not None and best[1].loss < 0.1 * best[2][0][1]:
            return best
    if best is None:
        raise ArithmeticError("no start of the network gave a finite loss")
    return best
