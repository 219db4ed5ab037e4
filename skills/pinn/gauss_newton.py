"""Any tanh network: damped Gauss–Newton on the rows, by a race of ways to damp, on points that follow the residual.

Where the layers are ours to choose, the last hidden one is widened at the end, and as soon as that suffices.
"""

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
from skills.pinn.widened import REACH, Widened, widened

RACE = 20
CHECK_EVERY = 5
RESAMPLE_EVERY = 10
WIDENED_AT = (20, 40, 80, 160)  # iterations at which widening is tried
STANDING = 0.1  # a widening must leave less than this of the last one's held-out loss, or the training ends
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
    widened: float | None = None  # the held-out loss of the last widening
    kept: Widened | None = None  # the best widening so far
    loss: Curve = field(default_factory=list)
    held_out: Curve = field(default_factory=list)
    damping: Curve = field(default_factory=list)
    unknown: dict[str, Curve] = field(default_factory=dict)

    def arrays(self) -> Arrays:
        told = [self.step, self.state.loss, self.state.damping, self.state.first, self.best[0], self.since, self.at,
                self.widened, self.loss, self.held_out, self.damping, self.unknown]  # fmt: skip
        found = {"told": packed(told), "parameters": self.state.parameters.numpy(), "points": self.points,
                 "best": self.best[1].numpy()}  # fmt: skip
        if self.kept is not None:
            found["kept"] = self.kept.parameters.numpy()
            found["kept_told"] = packed([list(self.kept.network.widths), self.kept.held_out])
        return found

    @classmethod
    def of(cls, held: Arrays) -> Course:
        step, loss, damping, first, lowest, since, at, wide, *curves = cast("list[Any]", unpacked(held["told"]))
        state = State(torch.from_numpy(held["parameters"]), loss, damping, first)
        *plain, unknown = curves
        made = [[(int(x), float(y)) for x, y in curve] for curve in plain]
        told = {name: [(int(x), float(y)) for x, y in curve] for name, curve in unknown.items()}
        best, kept = (lowest, torch.from_numpy(held["best"])), None
        if "kept" in held:
            widths, lost = cast("list[Any]", unpacked(held["kept_told"]))
            kept = Widened(Network(tuple(widths)), torch.from_numpy(held["kept"]), lost)
        return cls(step, state, held["points"], best, since, at, wide, kept, *made, told)

    def keep(self, wide: Widened | None) -> None:
        """The better of the widening that is kept and another one, by the held-out loss."""
        if wide is not None and (self.kept is None or wide.held_out < self.kept.held_out):
            self.kept = wide


def fit(task: Task) -> Fit:
    """Race, then run the winner until tolerance, plateau or the limit; widen it where the spec names no layers."""
    network = task.network(task.spec.hidden or LAYERS[min(len(task.setting.problem.names), 3)])
    stage = f"{task.stage}/course"
    known = task.ledger.recall(stage)
    course = Course.of(known) if known is not None else _begun(task, network)
    rows, reason, fresh = task.rows(course.points), "limit", False
    while course.at < task.spec.iterations:
        rows = _advance(task, network, rows, course)
        if course.at % CHECK_EVERY and not course.state.stuck:
            continue
        _check(task, network, course)
        if task.met(course.best[0]) or course.state.stuck or course.since >= PATIENCE:
            reason = "tolerance" if task.met(course.best[0]) else "plateau"
            break
        if course.at in WIDENED_AT and _widens(task):
            ended = _tried(task, network, course)
            if ended is not None:
                reason, fresh = ended, True
                break
        task.ledger.note(stage, course.arrays())
    task.ledger.forget(stage)
    if not fresh and _widens(task):
        course.keep(widened(task, network, course.best[1], course.at, _goal(task), math.inf))
    wide = course.kept
    curves = {"loss": course.loss, "held_out_loss": course.held_out, "damping": course.damping, **course.unknown}
    schedule = f"Gauss–Newton; ways to damp raced for {RACE} iterations; won: {course.step}"
    link, held_out = Link(network, course.best[1], task.setting.frame), course.best[0]
    if wide is not None and wide.held_out < held_out:
        link, held_out = Link(wide.network, wide.parameters, task.setting.frame, link), wide.held_out
        schedule += f"; then {wide.network.widths[-2] - network.widths[-2]} neurons more in the last hidden layer"
        reason = "tolerance" if task.met(held_out) else reason
        curves["held_out_loss"].append((course.at, held_out))
    return Fit((link,), curves, held_out, reason, course.at, task.spec.iterations, schedule, "iteration")


def _widens(task: Task) -> bool:
    """Named layers are kept; unknown coefficients have a better way (resolved.py)."""
    return task.spec.hidden is None and not task.setting.unknowns.names


def _goal(task: Task) -> float:
    """The held-out loss of a widened network: a tenth of the tolerance, since the errors of windows add up."""
    return (task.spec.tolerance / 10) ** 2


def _tried(task: Task, network: Network, course: Course) -> str | None:
    """Widens now, and keeps it where it is the best so far; why the training may end with it, None to go on."""
    wide = widened(task, network, course.state.parameters, course.at, _goal(task), REACH)
    course.keep(wide)
    if wide is None or wide.hopeless:
        return None
    last, course.widened = course.widened, wide.held_out
    if wide.held_out < _goal(task):
        return "tolerance"
    return "plateau" if last is not None and wide.held_out > STANDING * last else None


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
    before = task.before.trained or task.before if task.before is not None else None
    if before is not None and before.network.widths == network.widths:
        onward = continued(task.setting, network, rows, (before.frame, before.parameters))
        return [Entrant("following", onward, tiny), Entrant("bold", onward, tiny)]
    calm = None if task.setting.problem.linear else rested(task.setting, network, seed)
    if calm is not None:
        return [Entrant("following", calm, tiny), Entrant("bold", calm, tiny), Entrant("careful", start, 1e-2)]
    return [Entrant("bold", start, tiny), Entrant("careful", start, 1e-2), Entrant("greedy", start, 1e-2)]
