"""One training: the optimizer that the spec names, and the baseline that knows no equation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import torch

from skills.pinn import first_order, gauss_newton, least_squares, quasi_newton
from skills.pinn.fit import Fit, Report, Task, once
from skills.pinn.ledger import Ledger
from skills.pinn.model import Piece
from skills.pinn.observed import Observed
from skills.pinn.output_layer import solve
from skills.pinn.posterior import Posterior, refined
from skills.pinn.resolved import resolved
from skills.pinn.setting import Setting
from skills.pinn.spec import Spec
from skills.pinn.unknowns import Unknowns
from skills.pinn.windows import march
from skills.runtime.job import UserMistake
from skills.runtime.problem import Problem

DATA_CUT = 1e-3
WEIGHT = 10.0  # of conditions, for least squares and linear problems
LIGHT = 1.0  # for Gauss–Newton on nonlinear ones: a heavier one holds the field back where it must move
FIRST_WINDOWS = 6
FITTED = 1e-4  # held-out loss of an inverse problem at which least squares is enough
POOR = 1e-2  # held-out loss of an inverse problem at which other guesses are tried
WIDE = 30.0
BAD = 1e-4  # held-out loss at which a window counts as not fitted, where the tolerance asks for no less


@dataclass(frozen=True)
class Training:
    """What came of it; with unknown coefficients also their posterior."""

    task: Task
    fit: Fit
    posterior: Posterior | None = None

    @property
    def pieces(self) -> list[Piece]:
        return [link.piece for link in self.fit.links]


def train(
    spec: Spec, seed: int, report: Report, observed: Observed | None = None, ledger: Ledger | None = None,
    device: str = "cpu",
) -> Training:  # fmt: skip
    """Fit the spec's problem, Gauss–Newton on `device`, all else on the processor.

    Raises: UserMistake where the optimizer does not suit the layers or the problem.
    """
    torch.set_grad_enabled(False)
    if spec.method == "least_squares" and spec.hidden and len(spec.hidden) != 1:
        raise UserMistake(
            f"least_squares trains one hidden layer, and hidden has {len(spec.hidden)}",
            "ask for one layer, or for the optimizer gauss_newton",
        )
    setting = Setting.of(spec.problem, spec.weight or WEIGHT, observed=observed)
    if (spec.windows or 1) > 1 and not setting.chainable:
        raise UserMistake(
            "the problem cannot be cut into windows of time: it has no time, unknown coefficients, or conditions in "
            "time other than initial values",
            "leave windows out",
        )
    task = Task(setting, spec, seed, report, ledger or Ledger(), leased=device)
    return _inverse(task) if spec.problem.inverse else Training(task, OPTIMIZERS[spec.method](task))


def _inverse(task: Task) -> Training:
    """Fits from the guess and, while the data are missed, from other places in the range; then the posterior."""
    best: tuple[Task, Fit] | None = None
    for at, guess in enumerate(guesses(task.setting.problem)):
        setting = replace(task.setting, unknowns=Unknowns.of(task.setting.problem, guess))
        own = replace(task, setting=setting, stage=f"guess {at}")
        found = once(own, OPTIMIZERS[task.spec.method])
        if best is None or found.held_out_loss < best[1].held_out_loss:
            best = (own, found)
        if best[1].held_out_loss < POOR:
            break
    assert best is not None
    own, found = best
    link = found.last
    if len(link.network.widths) == 3:
        link = resolved(own.setting, link, own.seed)
    wanted = 3 * link.network.output_size if len(link.network.widths) == 3 else 2 * link.network.size
    points = own.setting.points(wanted, own.seed, own.spec.interior)
    link, posterior = refined(own.setting, link, points, own.spec.edge)
    return Training(own, replace(found, links=(link,)), posterior)


def guesses(problem: Problem) -> list[dict[str, float]]:
    """The user's guess, then a quarter and three quarters of every range (of its logarithm where it is wide)."""
    found = [{name: one.guess for name, one in problem.unknown.items()}]
    for share in (0.25, 0.75):
        found.append({})
        for name, one in problem.unknown.items():
            wide = one.low > 0 and one.high > WIDE * one.low
            found[-1][name] = (
                one.low * (one.high / one.low) ** share if wide else one.low + share * (one.high - one.low)
            )
    return found


def portfolio(task: Task) -> Fit:
    """Least squares on a drawn layer first, then trained networks where that ends short of the tolerance.

    Measured: for linear problems, and nonlinear ones with smooth fields, least squares is ten to a thousand times
    faster than Gauss–Newton for the same error; where it is of no use, two widenings show it within seconds.
    """
    one = None if task.spec.windows else _solved(task)
    if one is not None and _enough(task, one):
        return one
    other = _trained(task)
    if one is None:
        return other
    told = (
        f"held-out loss {one.held_out_loss:.1e} ({one.reason}) by least squares, {other.held_out_loss:.1e} afterwards"
    )
    best = other if other.held_out_loss < one.held_out_loss else one
    return replace(best, schedule=f"{told}; kept: {best.schedule}")


def _solved(task: Task) -> Fit | None:
    """What least squares gives; None where no drawn layer gave a finite solution."""
    try:
        return once(task.called("least squares"), least_squares.fit)
    except ArithmeticError:
        return None


def _enough(task: Task, found: Fit) -> bool:
    """Whether nothing better is to be had: of noisy data and of linear problems less is asked than the tolerance."""
    if found.reason == "tolerance" or task.setting.unknowns.names:
        return found.reason == "tolerance" or found.held_out_loss < FITTED
    return task.setting.problem.linear and found.held_out_loss < least_squares.GOOD


def _trained(task: Task) -> Fit:
    """What follows least squares: windows where they can be chained, else one trained network."""
    problem, count = task.setting.problem, task.spec.windows or FIRST_WINDOWS
    if not task.setting.chainable or problem.linear:
        return once(_light(task.called("gauss newton")), _safe)
    if len(problem.names) == 1:
        return march(task.called("windows"), least_squares.fit, count, (task.spec.tolerance / 10) ** 2)
    return march(_light(task.called("windows")), _safe, count, max(BAD, task.spec.tolerance**2))


def _safe(task: Task) -> Fit:
    """Gauss–Newton, and the quasi-Newton method where no start of it gave a finite loss."""
    try:
        return gauss_newton.fit(replace(task, device=task.leased))
    except ArithmeticError as failed:
        found = quasi_newton.fit(task)
        return replace(found, schedule=f"Gauss–Newton failed ({failed}); {found.schedule}")


def gauss_newton_fit(task: Task) -> Fit:
    """Gauss–Newton by the spec: one network, or the windows that it names."""
    light = _light(task)
    return march(light, _safe, task.spec.windows, BAD) if task.spec.windows else _safe(light)


def _light(task: Task) -> Task:
    if task.spec.weight is not None or task.setting.problem.linear:
        return task
    return replace(task, setting=replace(task.setting, weight=LIGHT))


OPTIMIZERS: dict[str, Callable[[Task], Fit]] = {
    "portfolio": portfolio,
    "gauss_newton": gauss_newton_fit,
    "least_squares": least_squares.fit,
    "quasi_newton": quasi_newton.fit,
    "soap": partial(first_order.fit, name="soap"),
    "adam": first_order.fit,
}


def data_only(training: Training) -> Piece:
    """The baseline: a network of the same widths that never sees the equations, only conditions and observations.

    Its hidden layers are as drawn from the seed, since those of the fit know the physics; its output layer is the
    least-squares one of small norm: the cut keeps it from swinging where there are no data.
    """
    setting, network = training.task.setting, training.fit.last.network
    blind = replace(setting, unknowns=Unknowns())
    rows = blind.rows(setting.points(0, training.task.seed)[:0])
    found, _ = solve(network, network.initial(training.task.seed), rows, linear=False, cut=DATA_CUT)
    return Piece(network.widths, found.numpy(), setting.frame)
