"""Where Gauss–Newton fails: a short SOAP descent, then a self-scaled Broyden method on the flat parameters.

Urbán, Stefanou & Pons 2025, arXiv:2501.16371, after Al-Baali 1998, doi:10.1023/A:1008608308694.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from scipy.optimize import line_search
from torch import Tensor

from skills.pinn.first_order import Soap, descend, slope
from skills.pinn.fit import Curve, Fit, Link, Task
from skills.pinn.gauss_newton import LAYERS
from skills.pinn.network import Network
from skills.pinn.rows import Rows
from skills.pinn.start import drawn

WARM = 300  # steps of SOAP
CHECK_EVERY = 25
PATIENCE = 12
LARGE = 6000  # parameters from which on a dense inverse Hessian is too much: SOAP alone goes on
ARMIJO = 1e-4

Array = np.ndarray
Loss = Callable[[Array], tuple[float, Array]]


def fit(task: Task) -> Fit:
    """SOAP, then self-scaled Broyden until tolerance, plateau or the limit."""
    network = task.network(task.spec.hidden or LAYERS[min(len(task.setting.problem.names), 3)])
    rows = task.rows(task.points(network.size))
    limit = task.spec.iterations
    warm = limit if network.size > LARGE else min(WARM, limit // 2)
    start = drawn(task.setting, network, task.seed)
    found, curves, lowest, reason = descend(task, network, rows, start, Soap(network), warm, "SOAP")
    if warm < limit and reason != "tolerance":
        found, lowest, reason = _broyden(task, network, rows, found, curves, warm)
    link = Link(network, found, task.setting.frame)
    schedule = f"SOAP for {warm} iterations, then self-scaled Broyden"
    return Fit((link,), curves, lowest, reason, curves["loss"][-1][0], limit, schedule, "iteration")


def _broyden(
    task: Task, network: Network, rows: Rows, start: Tensor, curves: dict[str, Curve], first: int
) -> tuple[Tensor, float, str]:
    def told(point: Array) -> tuple[float, Array]:
        loss, gradient = slope(network, rows, torch.from_numpy(point))
        return loss, gradient.numpy()

    walk = Broyden(told, start.numpy().copy())
    best, since = (task.held_out.loss(network, start), start), 0
    for at in range(first + 1, task.spec.iterations + 1):
        going = walk.step()
        if at % CHECK_EVERY and going:
            continue
        parameters = rows.unknowns.kept(torch.from_numpy(walk.point.copy()))
        held_out = task.held_out.loss(network, parameters)
        curves["loss"].append((at, walk.loss))
        curves["held_out_loss"].append((at, held_out))
        task.report(at, task.spec.iterations, walk.loss, f"Broyden, held out {held_out:.1e}")
        since = 0 if held_out < 0.95 * best[0] else since + 1
        best = min(best, (held_out, parameters), key=lambda pair: pair[0])
        if task.met(best[0]) or not going or since >= PATIENCE:
            return best[1], best[0], "tolerance" if task.met(best[0]) else "plateau"
    return best[1], best[0], "limit"


class Broyden:
    """A walk downhill with a dense inverse Hessian, each update scaled by itself."""

    def __init__(self, told: Loss, start: Array) -> None:
        self.told, self.point = told, start
        self.loss, self.gradient = told(start)
        self.inverse = np.eye(len(start))

    def step(self) -> bool:
        """One line search and update; False where no lower point is found any more."""
        direction = -self.inverse @ self.gradient
        if not self.gradient @ direction < 0:
            self.inverse = np.eye(len(direction))
            direction = -self.gradient
        length = self._length(direction)
        if length is None:
            return False
        moved = length * direction
        self.point = self.point + moved
        loss, gradient = self.told(self.point)
        self._update(moved, gradient - self.gradient, length)
        self.loss, self.gradient = loss, gradient
        return True

    def _length(self, direction: Array) -> float | None:
        """Strong Wolfe conditions where they can be had, else a halving that lowers the loss (Armijo)."""
        with np.errstate(all="ignore"):
            found = line_search(
                lambda p: self.told(p)[0], lambda p: self.told(p)[1], self.point, direction, self.gradient, self.loss
            )[0]
        if found is not None:
            return float(found)
        slope_along = float(self.gradient @ direction)
        for halvings in range(30):
            loss = self.told(self.point + 0.5**halvings * direction)[0]
            if math.isfinite(loss) and loss < self.loss + ARMIJO * 0.5**halvings * slope_along:
                return 0.5**halvings
        return None

    def _update(self, moved: Array, change: Array, length: float) -> None:
        curvature = float(change @ moved)
        if curvature <= 1e-14 * np.linalg.norm(change) * np.linalg.norm(moved):
            return
        turned = self.inverse @ change
        size = float(change @ turned)
        b, h = -length * float(self.gradient @ moved) / curvature, size / curvature
        a = max(b * h - 1, 1e-12)
        lower = min(1.0, h * (1 - math.sqrt(a / (1 + a))))
        theta = max((lower - 1) / a, min(1 / lower if lower > 0 else math.inf, (1 - b) / b))
        sigma = max(1 + theta * a, 1e-12)
        power = sigma ** (-1 / (len(moved) - 1)) if len(moved) > 1 else 1.0
        first = min(1.0, 1 / b)
        tau = min(first * power, sigma) if theta <= 0 else first * min(power, 1 / theta)
        phi = (1 - theta) / (1 + a * theta)
        between = math.sqrt(size) * (moved / curvature - turned / size)
        self.inverse -= np.outer(turned, turned) / size
        self.inverse += phi * np.outer(between, between)
        self.inverse /= tau
        self.inverse += np.outer(moved, moved) / curvature
