"""One training: the optimizer that the spec names, and the baseline that knows no equation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from skills.pinn import adam, gauss_newton, least_squares
from skills.pinn.fit import Fit, Report, Task, solve_output
from skills.pinn.spec import Spec
from skills.runtime.job import UserMistake

DATA_CUT = 1e-6


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


def portfolio(task: Task) -> Fit:
    """Gauss–Newton on a small network; if it ends short of the tolerance, exact least squares on a wide one.

    Held-out rows decide between the two. The second is linear in what it trains, so it needs no luck with steps.
    """
    trained = gauss_newton.fit(task)
    if trained.reason == "tolerance":
        return trained
    wide = replace(task, spec=task.spec.model_copy(update={"optimizer": "least_squares"}))
    solved = least_squares.fit(wide)
    lowest = [min(value for _, value in fit.held_out) for fit in (trained, solved)]
    told = f"held-out loss {lowest[0]:.1e} by Gauss–Newton ({trained.reason}), {lowest[1]:.1e} by least squares"
    best = solved if lowest[1] < lowest[0] else trained
    return replace(best, schedule=f"{told}; kept: {best.schedule}")


OPTIMIZERS: dict[str, Callable[[Task], Fit]] = {
    "portfolio": portfolio,
    "gauss_newton": gauss_newton.fit,
    "least_squares": least_squares.fit,
    "adam": adam.fit,
}


def data_only(task: Task, fit: Fit) -> Tensor:
    """The baseline: a network of the same widths that never sees the equation, only initial and boundary data.

    Its hidden layers are as drawn from the seed, since those of `fit` know the physics; its output layer is the
    least-squares one of small norm: the cut keeps it from swinging where there are no data.
    """
    rows = task.rows(fit.network.widths[-2], equation=False)
    return solve_output(fit.network, fit.network.initial(task.seed), rows, cut=DATA_CUT)
