"""What the optimizers share: a fit, its curves, and when to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from skills.pinn.network import Network
from skills.pinn.rows import Rows, assemble
from skills.pinn.scaling import Scaling
from skills.pinn.spec import Spec
from skills.runtime.parabolic import Parabolic as Problem

HELD_OUT_SEED = 7_919  # added to the seed for points that no optimizer sees
HELD_OUT_POINTS = 512
RCOND = 1e-13
Report = Callable[[int, int, float, str], None]
"""`(done, total, loss, message)`, for progress lines."""


@dataclass(frozen=True)
class Task:
    """A problem ready to be fitted: its scaling, its held-out rows, and the spec."""

    problem: Problem
    scaling: Scaling
    held_out: Rows
    spec: Spec
    seed: int
    report: Report

    @classmethod
    def of(cls, spec: Spec, seed: int, report: Report) -> Task:
        scaling = Scaling.of(spec.problem)
        held_out = assemble(
            spec.problem,
            scaling,
            interior=HELD_OUT_POINTS,
            initial=51,
            boundary=51,
            weight=spec.weight,
            seed=seed + HELD_OUT_SEED,
        )
        return cls(spec.problem, scaling, held_out, spec, seed, report)

    def rows(self, neurons: int, *, equation: bool = True) -> Rows:
        """Training rows for a network of so many neurons; without the equation, initial and boundary rows alone."""
        interior = self.spec.interior or max(1024, 3 * neurons)
        edge = max(64, interior // 16)
        return assemble(
            self.problem,
            self.scaling,
            interior=interior if equation else 0,
            initial=self.spec.initial_points or edge,
            boundary=self.spec.boundary_points or edge,
            weight=self.spec.weight,
            seed=self.seed,
        )

    def bound(self, held_out_loss: float) -> float:
        """A relative error that the held-out loss makes likely; on smooth problems 3 to 100 times too large."""
        return float(np.sqrt(held_out_loss))


@dataclass(frozen=True)
class Fit:
    """A trained network. `loss` and `held_out` are curves of (x, value), x being what `axis` names."""

    network: Network
    parameters: Tensor
    loss: list[tuple[int, float]]
    held_out: list[tuple[int, float]]
    reason: str
    at: int
    limit: int
    schedule: str
    axis: str
    notes: dict[str, float] = field(default_factory=dict)


def solve_output(network: Network, parameters: Tensor, rows: Rows, cut: float = RCOND) -> Tensor:
    """The parameters with the output layer of least squares; singular values below `cut` are left out."""
    columns = rows.fold(network.output_columns(parameters, rows.channels, rows.mix))
    found = torch.linalg.lstsq(columns, rows.target[:, None], rcond=cut, driver="gelsd")
    return network.with_output(parameters, found.solution[:, 0])
