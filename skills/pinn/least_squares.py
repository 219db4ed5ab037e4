"""One wide tanh layer: drawn, compared, widened; its output layer solved for exactly.

The equation is linear, so that for a given hidden layer the physics-informed loss is a linear least-squares problem:
one factorisation instead of thousands of gradient steps (Dwivedi & Srinivasan 2020, doi:10.1016/j.neucom.2019.12.099;
Dong & Li 2021, doi:10.1016/j.cma.2021.114129). What is left to be found is how the hidden layer should be drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from skills.pinn.fit import Fit, Task, solve_output
from skills.pinn.kinds import KINDS, Kind, draw, variations
from skills.pinn.network import CHANNELS, Network, input_channels

FIRST_WIDTH = 128
WIDE = 512  # from this width on only the best two kinds reach the next
MORE_ROUNDS = 5  # at the largest width, with variations of the best kind
PROGRESS = 0.7  # a round at the largest width must lower the held-out loss to this share, or it was the last
SAFETY = 3.0
PROBE = 33  # points an axis at which two fields are compared


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
    best: Candidate | None = None
    loss: list[tuple[int, float]] = field(default_factory=list)
    held_out: list[tuple[int, float]] = field(default_factory=list)
    change: float = math.inf
    limit: int = 0

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
        tolerance = self.task.spec.tolerance
        return self.change * SAFETY < tolerance or self.task.bound(self.best.held_out) < tolerance

    @property
    def stands_still(self) -> bool:
        return self.held_out[-1][1] > PROGRESS * self.held_out[-2][1]


def fit(task: Task) -> Fit:
    """Double the width until two widths agree or the held-out loss is small; at the largest, vary the best kind.

    Stops by `tolerance`, by `plateau` where a round at the largest width no longer helps, or at the limit.
    """
    widths = _widths(task.spec.layers[0])
    course = Course(task, limit=len(widths) + MORE_ROUNDS)
    _untrained(course, widths[0])
    reason, kinds = "limit", KINDS
    for width in widths:
        ranked = _race(task, width, kinds)
        if course.round(ranked):
            reason = "tolerance"
            break
        kinds = tuple(found.kind for found in ranked[:2]) if width >= WIDE else KINDS
    for step in range(MORE_ROUNDS if reason == "limit" else 0):
        assert course.best is not None
        if course.round(_race(task, widths[-1], variations(course.best.kind, step), draw_number=step + 1)):
            reason = "tolerance"
        elif course.stands_still:
            reason = "plateau"
        if reason != "limit":
            break
    return _finished(course, reason)


def _finished(course: Course, reason: str) -> Fit:
    best = course.best
    assert best is not None
    schedule = (
        f"least squares: the width doubles from {FIRST_WIDTH}, each hidden layer is drawn in several ways and held-out "
        f"rows choose; kept: {best.network.widths[1]} neurons, kind {best.kind.name!r}"
    )
    notes = {"width": float(best.network.widths[1])}
    if math.isfinite(course.change):
        notes["change"] = course.change
    at = course.loss[-1][0]
    return Fit(
        best.network, best.parameters, course.loss, course.held_out, reason, at, course.limit, schedule, "round", notes
    )


def _widths(limit: int) -> list[int]:
    widths = [min(FIRST_WIDTH, limit)]
    while widths[-1] < limit:
        widths.append(min(2 * widths[-1], limit))
    return widths


def _untrained(course: Course, width: int) -> None:
    """Round 0: the losses before anything is solved."""
    network, parameters = Network((2, width, 1)), draw(KINDS[0], width, course.task.seed)
    course.loss.append((0, course.task.rows(width).loss(network, parameters)))
    course.held_out.append((0, course.task.held_out.loss(network, parameters)))


def _race(task: Task, width: int, kinds: tuple[Kind, ...], draw_number: int = 0) -> list[Candidate]:
    """The candidates that gave finite numbers, lowest held-out loss first. Raises ArithmeticError where none did."""
    network, rows, found = Network((2, width, 1)), task.rows(width), []
    for kind in kinds:
        parameters = solve_output(network, draw(kind, width, task.seed, draw_number), rows)
        loss, held_out = rows.loss(network, parameters), task.held_out.loss(network, parameters)
        if math.isfinite(loss) and math.isfinite(held_out):
            found.append(Candidate(kind, network, parameters, loss, held_out))
    if not found:
        raise ArithmeticError(f"no hidden layer of width {width} gave a finite solution")
    return sorted(found, key=lambda candidate: candidate.held_out)


def _change(task: Task, before: Candidate, after: Candidate) -> float:
    """Relative L2 difference of two candidates' fields on a grid: an estimate of the earlier one's error."""
    axis = torch.linspace(-1, 1, PROBE, dtype=torch.float64)
    points = torch.cartesian_prod(axis, axis)
    channels, mix = input_channels(points), torch.zeros((CHANNELS, len(points)), dtype=torch.float64)
    mix[0] = 1.0
    old, new = (one.network.rows(one.parameters, channels, mix) for one in (before, after))
    size = torch.linalg.norm(new + task.scaling.centre / task.scaling.spread)
    return float(torch.linalg.norm(new - old) / torch.clamp(size, min=1e-300))
