"""One training: the optimizer that the spec names, and the baseline that knows no equation."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from skills.pinn import adam, gauss_newton, least_squares
from skills.pinn.fit import Fit, Report, Task, solve_output
from skills.pinn.spec import Spec
from skills.runtime.job import UserMistake

DATA_CUT = 1e-6
OPTIMIZERS: dict[str, Callable[[Task], Fit]] = {
    "least_squares": least_squares.fit,
    "gauss_newton": gauss_newton.fit,
    "adam": adam.fit,
}


def train(spec: Spec, seed: int, report: Report) -> tuple[Task, Fit]:
    """Fit the spec's problem. Raises: UserMistake where the optimizer does not suit the layers."""
    torch.set_grad_enabled(False)
    if spec.method == "least_squares" and len(spec.layers) != 1:
        raise UserMistake(
            f"least_squares trains one hidden layer, and hidden has {len(spec.layers)}",
            "ask for one layer, or for the optimizer gauss_newton",
        )
    task = Task.of(spec, seed, report)
    return task, OPTIMIZERS[spec.method](task)


def data_only(task: Task, fit: Fit) -> Tensor:
    """The baseline: the same network fitted to initial and boundary data alone, never to the equation.

    Its hidden layers are the fit's own, its output layer the least-squares one of small norm: the cut keeps it from
    swinging where there are no data.
    """
    rows = task.rows(fit.network.widths[-2], equation=False)
    return solve_output(fit.network, fit.parameters, rows, cut=DATA_CUT)
