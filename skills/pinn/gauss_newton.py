"""Any tanh network: damped Gauss–Newton on the rows, by a race of ways to damp, on points that follow the residual."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from skills.pinn.fit import Curve, Fit, Link, Task
from skills.pinn.iterative import LARGE, inexact
from skills.pinn.ledger import Arrays, packed, unpacked
from skills.pinn.network import Network
from skills.pinn.rows import Rows
from skills.pinn.sampling import chosen
from skills.pinn.start import continued, drawn, rested
from skills.pinn.steps import State, Step, bold, careful, following, greedy

RACE = 20
CHECK_EVERY = 5
RESAMPLE_EVERY = 10
PATIENCE = 8  # checks without a tenth less held-out loss
RESTARTS = (0, 1_000_003, 2_000_003)
LAYERS = {1: (20, 20), 2: (20, 20), 3: (30, 30)}
STEPS: dict[str, Step] = {
    "bold": bold,
    "careful": careful,
    "greedy": greedy,
    "following": following,
    "inexact": inexact,
}


@dataclass(frozen=True)
class Entrant:
    """A way to damp, from a start."""

    step: str
    parameters: Tensor
    damping: float


@dataclass
class Course:
    """How a training goes; all that it needs to go on."""

    step: str
    state: State
    points: np.ndarray
    best: tuple[float, Tensor]
    since: int = 0
    at: int = 0
    loss: Curve = field(default_factory=list)
    held_out: Curve = field(default_factory=list)
    damping: Curve = field(default_factory=list)
    unknown: dict[str, Curve] = field(default_factory=dict)

    def arrays(self) -> Arrays:
        told = [self.step, self.state.loss, self.state.damping, self.state.first, self.best[0], self.since, self.at,
                self.loss, self.held_out, self.damping, self.unknown]  # fmt: skip
        return {"told": packed(told), "parameters": self.state.parameters.numpy(), "points": self.points,
                "best": self.best[1].numpy()}  # fmt: skip

    @classmethod
    def of(cls, held: Arrays) -> Course:
        step, loss, damping, first, lowest, since, at, *curves = cast("list[Any]", unpacked(held["told"]))
        state = State(torch.from_numpy(held["parameters"]), loss, damping, first)
        *plain, unknown = curves
        made = [[(int(x), float(y)) for x, y in curve] for curve in plain]
        told = {name: [(int(x), float(y)) for x, y in curve] for name, curve in unknown.items()}
        return cls(step, state, held["points"], (lowest, torch.from_numpy(held["best"])), since, at, *made, told)


def fit(task: Task) -> Fit:
    """Race, then run the winner until tolerance, plateau or the limit."""
    network = task.network(task.spec.hidden or LAYERS[min(len(task.setting.problem.names), 3)])
    stage = f"{task.stage}/course"
    known = task.ledger.recall(stage)
    course = Course.of(known) if known is not None else _begun(task, network)
    rows, reason = task.rows(course.points), "limit"
    while course.at < task.spec.iterations:
        rows = _advance(task, network, rows, course)
        if course.at % CHECK_EVERY and not course.state.stuck:
            continue
        _check(task, network, course)
        if task.met(course.best[0]) or course.state.stuck or course.since >= PATIENCE:
            reason = "tolerance" if task.met(course.best[0]) else "plateau"
            break
        task.ledger.note(stage, course.arrays())
    task.ledger.forget(stage)
    curves = {"loss": course.loss, "held_out_loss": course.held_out, "damping": course.damping, **course.unknown}
    schedule = f"Gauss–Newton; ways to damp raced for {RACE} iterations; won: {course.step}"
    link = Link(network, course.best[1], task.setting.frame)
    return Fit((link,), curves, course.best[0], reason, course.at, task.spec.iterations, schedule, "iteration")


def _advance(task: Task, network: Network, rows: Rows, course: Course) -> Rows:
    """One iteration; afterwards new points where it is time for them."""
    course.state = STEPS[course.step](network, rows, course.state)
    course.at += 1
    course.loss.append((course.at, course.state.loss))
    course.damping.append((course.at, course.state.damping))
    told = rows.unknowns.told(course.state.parameters[network.size :])
    for name, value in told.items():
        course.unknown.setdefault(name, []).append((course.at, value))
    if course.at % RESAMPLE_EVERY or task.setting.problem.linear:
        return rows
    course.points = chosen(task.setting, network, course.state.parameters, len(course.points), [task.seed, course.at])
    rows = task.rows(course.points)
    course.state = replace(course.state, loss=rows.loss(network, course.state.parameters), stuck=False)
    return rows


def _check(task: Task, network: Network, course: Course) -> None:
    found = task.held_out.loss(network, course.state.parameters)
    course.held_out.append((course.at, found))
    task.report(course.at, task.spec.iterations, course.state.loss, f"{course.step}, held out {found:.1e}")
    course.since = 0 if found < 0.9 * course.best[0] else course.since + 1
    if found < course.best[0]:
        course.best = (found, course.state.parameters)


def _begun(task: Task, network: Network) -> Course:
    """The winner of the race, and how it got there."""
    points = task.points(network.size)
    rows = task.rows(points)
    best: Course | None = None
    for offset in RESTARTS:
        for entrant in _entrants(task, network, rows, task.seed + offset):
            course = _raced(task, network, rows, points, entrant)
            task.report(course.at, task.spec.iterations, course.state.loss, f"race: {entrant.step}")
            if math.isfinite(course.state.loss) and (best is None or course.state.loss < best.state.loss):
                best = course
        if best is not None and (best.state.loss < 0.1 * best.state.first or task.before is not None):
            break
    if best is None:
        raise ArithmeticError("no start of the network gave a finite loss")
    _check(task, network, best)
    return best


def _raced(task: Task, network: Network, rows: Rows, points: np.ndarray, entrant: Entrant) -> Course:
    loss = rows.loss(network, entrant.parameters)
    state = State(entrant.parameters, loss, entrant.damping, loss)
    course = Course(entrant.step, state, points, (math.inf, entrant.parameters), loss=[(0, loss)])
    for _ in range(min(RACE if task.before is None else RACE // 2, task.spec.iterations)):
        course.state = STEPS[entrant.step](network, rows, course.state)
        course.at += 1
        course.loss.append((course.at, course.state.loss))
        course.damping.append((course.at, course.state.damping))
        if course.state.stuck or not math.isfinite(course.state.loss):
            break
    return course


def _entrants(task: Task, network: Network, rows: Rows, seed: int) -> list[Entrant]:
    """Who races: two ways from the window before; from rest, two and one from drawn weights; else three from those."""
    tiny, start = task.spec.damping, drawn(task.setting, network, seed)
    if network.size > LARGE:
        return [Entrant("inexact", start, 1e-4)]
    if task.before is not None and task.before.network.widths == network.widths:
        onward = continued(task.setting, network, rows, (task.before.frame, task.before.parameters))
        return [Entrant("following", onward, tiny), Entrant("bold", onward, tiny)]
    calm = None if task.setting.problem.linear else rested(task.setting, network, seed)
    if calm is not None:
        return [Entrant("following", calm, tiny), Entrant("bold", calm, tiny), Entrant("careful", start, 1e-2)]
    return [Entrant("bold", start, tiny), Entrant("careful", start, 1e-2), Entrant("greedy", start, 1e-2)]
