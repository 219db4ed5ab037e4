"""One training: the optimizer that the spec names, and the baseline that knows no equation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from skills.pinn import gauss_newton, least_squares
from skills.pinn.fit import Fit, Report, Task
from skills.pinn.model import Piece
from skills.pinn.observed import Observed
from skills.pinn.output_layer import solve
from skills.pinn.setting import Setting
from skills.pinn.spec import Spec
from skills.runtime.job import UserMistake

DATA_CUT = 1e-6


@dataclass(frozen=True)
class Training:
    """What came of it: the networks (one a window), and the fit that tells how."""

    task: Task
    fit: Fit
    pieces: list[Piece]


def train(spec: Spec, seed: int, report: Report, observed: Observed | None = None) -> Training:
    """Fit the spec's problem. Raises: UserMistake where the optimizer does not suit the layers."""
    torch.set_grad_enabled(False)
    if spec.method == "least_squares" and spec.hidden and len(spec.hidden) != 1:
        raise UserMistake(
            f"least_squares trains one hidden layer, and hidden has {len(spec.hidden)}",
            "ask for one layer, or for the optimizer gauss_newton",
        )
    task = Task(Setting.of(spec.problem, spec.weight, observed=observed), spec, seed, report)
    fit = OPTIMIZERS[spec.method](task)
    return Training(task, fit, [piece(task, fit)])


def piece(task: Task, fit: Fit) -> Piece:
    return Piece(fit.network.widths, fit.parameters[: fit.network.size].numpy(), task.setting.frame)


def portfolio(task: Task) -> Fit:
    """Least squares first where the problem is linear; Gauss–Newton where that ends short of the tolerance."""
    first, second = (least_squares, gauss_newton) if task.setting.problem.linear else (gauss_newton, least_squares)
    one = first.fit(task)
    if one.reason == "tolerance":
        return one
    other = second.fit(task)
    told = f"held-out loss {one.held_out_loss:.1e} ({one.reason}) first, {other.held_out_loss:.1e} second"
    best = other if other.held_out_loss < one.held_out_loss else one
    return replace(best, schedule=f"{told}; kept: {best.schedule}")


OPTIMIZERS: dict[str, Callable[[Task], Fit]] = {
    "portfolio": portfolio,
    "gauss_newton": gauss_newton.fit,
    "least_squares": least_squares.fit,
}


def data_only(training: Training) -> Piece:
    """The baseline: a network of the same widths that never sees the equations, only conditions and observations.

    Its hidden layers are as drawn from the seed, since those of the fit know the physics; its output layer is the
    least-squares one of small norm: the cut keeps it from swinging where there are no data.
    """
    task, network = training.task, training.fit.network
    points = task.setting.points(0, task.seed)
    blind = replace(task.setting, unknowns=type(task.setting.unknowns)())
    problem_rows = blind.rows(points[:0])
    found, _ = solve(network, network.initial(task.seed), problem_rows, linear=False, cut=DATA_CUT)
    return Piece(network.widths, found.numpy(), task.setting.frame)
