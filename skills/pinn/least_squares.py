"""One wide tanh layer: drawn, compared, widened; its output layer solved for by least squares."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from skills.pinn.channels import Channels
from skills.pinn.fit import Curve, Fit, Link, Task
from skills.pinn.kinds import STEADY, TIMED, Kind, draw, variations
from skills.pinn.network import Network
from skills.pinn.output_layer import solve

FIRST_WIDTH = {1: 32, 2: 128, 3: 256}
LAST_WIDTH = {1: 256, 2: 1024, 3: 2048}
WIDE = 4  # times the first width: from there on only the best two kinds reach the next
MORE_ROUNDS = 5  # at the largest width, with variations of the best kind
PROGRESS = 0.7  # a round at the largest width must lower the held-out loss to this share, or it was the last
SAFETY = 3.0
PROBES = 1024  # points at which two fields are compared
HOPEFUL = 0.05  # of the held-out loss may be left after two doublings of the width where it pays to go on
GOOD = 1e-9
FAR = 100.0  # tolerances between two widths: then a small held-out loss does not say that the wider one is right


@dataclass(frozen=True)
class Candidate:
    """A hidden layer of a kind with its output layer solved."""

    kind: Kind
    network: Network
    parameters: Tensor
    loss: float
    held_out: float


@dataclass
class Course:
    """How the training went: the best candidate, the curves, and the last change of the field (relative L2)."""

    task: Task
    limit: int
    best: Candidate | None = None
    loss: Curve = field(default_factory=list)
    held_out: Curve = field(default_factory=list)
    change: float = math.inf

    def round(self, ranked: list[Candidate]) -> bool:
        """Take in a round's candidates; whether the tolerance is met."""
        winner, before = ranked[0], self.best
        if before is not None:
            self.change = _change(self.task, before, winner)
        if before is None or winner.held_out < before.held_out:
            self.best = winner
        assert self.best is not None
        at = len(self.loss)
        self.loss.append((at, self.best.loss))
        self.held_out.append((at, self.best.held_out))
        width = winner.network.widths[1]
        self.task.report(at, self.limit, self.best.loss, f"width {width}, {winner.kind.name}, change {self.change:.1e}")
        settled = self.change * SAFETY < self.task.spec.tolerance
        far = math.isfinite(self.change) and self.change > FAR * self.task.spec.tolerance
        return settled or (not far and self.task.met(self.best.held_out))

    @property
    def stands_still(self) -> bool:
        return self.held_out[-1][1] > PROGRESS * self.held_out[-2][1]


def fit(task: Task) -> Fit:
    """Double the width until two widths agree or the held-out loss is small; at the largest, vary the best kind.

    Stops by `tolerance`, by `plateau` where a round at the largest width no longer helps, or at the limit.
    """
    widths = _widths(task)
    course = Course(task, limit=len(widths) + MORE_ROUNDS)
    every = TIMED if task.setting.domain.timed and len(task.setting.problem.names) > 1 else STEADY
    _untrained(course, widths[0], every[0])
    reason, kinds = "limit", every
    for width in widths:
        ranked = _race(task, width, kinds)
        if course.round(ranked):
            reason = "tolerance"
            break
        if hopeless(course) or (task.setting.unknowns.names and width >= WIDE * widths[0] and course.stands_still):
            reason = "plateau"
            break
        kinds = tuple(found.kind for found in ranked[:2]) if width >= WIDE * widths[0] else every
    for step in range(MORE_ROUNDS if reason == "limit" else 0):
        assert course.best is not None
        if course.round(_race(task, widths[-1], variations(course.best.kind, step), draw_number=step + 1)):
            reason = "tolerance"
        elif course.stands_still:
            reason = "plateau"
        if reason != "limit":
            break
    return _finished(course, reason)


def hopeless(course: Course) -> bool:
    """Whether a nonlinear problem asks for a trained hidden layer: doubling the width twice hardly lowered the loss."""
    if course.task.setting.problem.linear or course.task.spec.method == "least_squares" or len(course.held_out) < 4:
        return False
    first, last = course.held_out[-3][1], course.held_out[-1][1]
    return last > HOPEFUL * first and last > GOOD


def _finished(course: Course, reason: str) -> Fit:
    best = course.best
    assert best is not None
    schedule = (
        f"least squares: the width doubles from {course.limit and FIRST_WIDTH[_dimension(course.task)]}, each hidden "
        f"layer is drawn in several ways and held-out rows choose; kept: {best.network.widths[1]} neurons, kind "
        f"{best.kind.name!r}"
    )
    notes = {"width": float(best.network.widths[1])}
    if math.isfinite(course.change):
        notes["change"] = course.change
    curves = {"loss": course.loss, "held_out_loss": course.held_out}
    at = course.loss[-1][0]
    link = Link(best.network, best.parameters, course.task.setting.frame)
    return Fit((link,), curves, best.held_out, reason, at, course.limit, schedule, "round", notes)


def _dimension(task: Task) -> int:
    return min(len(task.setting.problem.names), 3)


def _widths(task: Task) -> list[int]:
    first, fields = FIRST_WIDTH[_dimension(task)], len(task.setting.problem.fields)
    limit = task.spec.hidden[0] if task.spec.hidden else max(4 * first, LAST_WIDTH[_dimension(task)] // fields)
    widths = [min(first, limit)]
    while widths[-1] < limit:
        widths.append(min(2 * widths[-1], limit))
    return widths


def _start(task: Task, width: int, kind: Kind, number: int = 0) -> tuple[Network, Tensor]:
    network = task.network((width,))
    scales = task.setting.scales
    drawn = draw(kind, network.widths, task.setting.frame, scales.waves, [task.seed, number])  # type: ignore[arg-type]
    return network, torch.cat((drawn, torch.zeros(len(task.setting.unknowns.names), dtype=torch.float64)))


def _untrained(course: Course, width: int, kind: Kind) -> None:
    """Round 0: the losses before anything is solved."""
    network, parameters = _start(course.task, width, kind)
    course.loss.append((0, course.task.rows(course.task.points(width)).loss(network, parameters)))
    course.held_out.append((0, course.task.held_out.loss(network, parameters)))


def _race(task: Task, width: int, kinds: tuple[Kind, ...], draw_number: int = 0) -> list[Candidate]:
    """The candidates that gave finite numbers, lowest held-out loss first. Raises ArithmeticError where none did."""
    found = []
    fields = len(task.setting.problem.fields)
    rows = task.rows(task.setting.points(3 * width * fields, task.seed, task.spec.interior))
    for kind in kinds:
        network, start = _start(task, width, kind, draw_number)
        parameters, loss = solve(network, start, rows, linear=task.setting.problem.linear and not rows.unknowns.names)
        held_out = task.held_out.loss(network, parameters)
        if math.isfinite(loss) and math.isfinite(held_out):
            found.append(Candidate(kind, network, parameters, loss, held_out))
    if not found:
        raise ArithmeticError(f"no hidden layer of width {width} gave a finite solution")
    return sorted(found, key=lambda candidate: candidate.held_out)


def _change(task: Task, before: Candidate, after: Candidate) -> float:
    """Relative L2 difference of two candidates' fields, about the fields' centres: the earlier one's error, nearly."""
    channels = Channels.of((), len(task.setting.problem.names))
    points = task.setting.domain.candidates(PROBES, task.seed + 1)
    inputs = torch.from_numpy(task.setting.frame.channels(points, channels))
    old, new = (one.network.outputs(one.parameters[: one.network.size], channels, inputs)[0] for one in (before, after))
    shift = torch.from_numpy(np.array(task.setting.frame.centre) / np.array(task.setting.frame.spread))
    size = torch.linalg.norm(new + shift, dim=0)
    return float((torch.linalg.norm(new - old, dim=0) / torch.clamp(size, min=1e-300)).max())
