"""What the optimizers share: a task, a fit with its curves, and when to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from torch import Tensor

from skills.pinn.network import Network
from skills.pinn.rows import Rows
from skills.pinn.setting import Setting
from skills.pinn.spec import Spec

HELD_OUT_SEED = 7_919  # added to the seed for points that no optimizer sees
HELD_OUT_EDGE = 51
HELD_OUT_POINTS = 512
Curve = list[tuple[int, float]]
Report = Callable[[int, int, float, str], None]
"""`(done, total, loss, message)`, for progress lines."""


@dataclass(frozen=True)
class Task:
    """A setting to be fitted by a spec, with a seed, and someone to tell how it goes."""

    setting: Setting
    spec: Spec
    seed: int
    report: Report

    @cached_property
    def held_out(self) -> Rows:
        count = max(HELD_OUT_POINTS, self.spec.interior or 0) if len(self.setting.problem.names) < 3 else 2048
        return self.setting.rows(self.setting.points(0, self.seed + HELD_OUT_SEED, count), HELD_OUT_EDGE)

    def network(self, hidden: tuple[int, ...]) -> Network:
        return Network((self.setting.frame.width, *hidden, len(self.setting.problem.fields)))

    def points(self, parameters: int) -> np.ndarray:
        """Training points for so many parameters: two rows each or more."""
        return self.setting.points(2 * parameters, self.seed, self.spec.interior)

    def rows(self, points: np.ndarray) -> Rows:
        return self.setting.rows(points, self.spec.edge)

    def met(self, held_out_loss: float) -> bool:
        """Whether the tolerance is met.

        The root of the held-out loss is a relative error that it makes likely; on smooth problems 3 to 100 times too
        large.
        """
        return float(np.sqrt(held_out_loss)) < self.spec.tolerance


@dataclass(frozen=True)
class Fit:
    """A trained network: its parameters (the unknown coefficients last) and curves of (x, value) by name.

    x is what `axis` names.
    """

    network: Network
    parameters: Tensor
    curves: dict[str, Curve]
    held_out_loss: float
    reason: str
    at: int
    limit: int
    schedule: str
    axis: str
    notes: dict[str, float] = field(default_factory=dict)
