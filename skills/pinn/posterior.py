"""The uncertainty of unknown coefficients: a Gaussian about the fit, the equations being near-hard constraints.

Linearised at the fit, rows are [C; D] d: equations and conditions C, observations D in units of the noise. C is
weighted so that a misfit of the equations by a hundredth of the data's accuracy already counts as much as the data. The
covariance of all parameters is the inverse of the Gauss–Newton matrix, and that of the coefficients its block: the
Schur complement over the network's weights (Nocedal & Wright 2006, section 10.3; Seber & Wild 1989, section 2.1,
doi:10.1002/0471725315). Assumed: independent Gaussian noise of one size a field, a model that is right, a fit with a
single mode away from the bounds. Unknown noise is estimated from the misfit and the degrees of freedom it has left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from skills.pinn.fit import Link
from skills.pinn.observed import Observed
from skills.pinn.output_layer import least_squares
from skills.pinn.rows import Rows
from skills.pinn.setting import VALUE, Setting

HARD = 100.0
STEPS = 6
LEVEL = 0.95
RIDGE = 1e-9  # of the largest column: what neither data nor equations see stays as it is
SETTLED = 1e-2  # of a standard deviation
SMALLEST_NOISE = 1e-6  # of a field's spread


@dataclass(frozen=True)
class Posterior:
    """Mean and covariance of the coefficients, and the noise: a standard deviation in the first field's unit."""

    names: tuple[str, ...]
    mean: np.ndarray
    covariance: np.ndarray
    noise: float
    noise_known: bool
    freedom: float

    def as_json(self) -> dict[str, Any]:
        return {
            "names": list(self.names),
            "mean": self.mean.tolist(),
            "covariance": self.covariance.tolist(),
            "level": LEVEL,
            "method": "Gaussian about the least-squares fit, equations as near-hard constraints; noise "
            + ("as given" if self.noise_known else f"estimated with {self.freedom:.1f} degrees of freedom"),
            "noise": self.noise,
        }


def refined(setting: Setting, link: Link, points: np.ndarray, edge: int | None) -> tuple[Link, Posterior]:
    """The fit moved to where the equations are near-hard, by Gauss–Newton, and its posterior."""
    observed = setting.observed
    assert observed is not None
    known, parameters = bool(np.isfinite(observed.noise)), link.parameters
    noise, freedom = _noise(setting, replace(link, parameters=parameters), observed, 0.0), 0.0
    count = len(setting.unknowns.names)
    for _ in range(STEPS):
        rows, unit = _near_hard(setting, observed, noise, points, edge)
        step, covariance, freedom = _step(link, rows, unit, parameters)
        parameters = rows.unknowns.kept(_moved(parameters, step))
        noise = _noise(setting, replace(link, parameters=parameters), observed, freedom)
        if np.all(np.abs(step[-count:].numpy()) < SETTLED * np.sqrt(np.diag(covariance))):
            break
    scale = np.array(setting.unknowns.scale)
    mean = setting.unknowns.values(parameters[link.network.size :].numpy())
    mixed = float(np.sqrt(np.mean(np.square(noise))))
    return replace(link, parameters=parameters), Posterior(
        setting.unknowns.names, mean, covariance * np.outer(scale, scale), mixed, known, observed.count - freedom
    )


def _near_hard(
    setting: Setting, observed: Observed, noise: np.ndarray, points: np.ndarray, edge: int | None
) -> tuple[Rows, float]:
    """Rows, and the unit that makes the observations' ones misfits over noise; the others then weigh a lot."""
    inverse = np.array(list(setting.scales.spread.values())) / noise
    unit = HARD * np.sqrt(observed.count) * float(inverse.max())
    weights = tuple((inverse * np.sqrt(observed.count) / unit).tolist())
    return replace(setting, observed=observed.weighted(weights)).rows(points, edge), unit


def _step(link: Link, rows: Rows, unit: float, parameters: Tensor) -> tuple[Tensor, np.ndarray, float]:
    """A Gauss–Newton step, the covariance of the scaled coefficients, and the degrees of freedom that the data spend.

    One layer: of the output layer and the coefficients, the drawn layer being wide; several: of all parameters.
    """
    network, names = link.network, len(rows.unknowns.names)
    if len(network.widths) == 3:
        residuals, jacobian = rows.output_jacobian(network, parameters, rows.hidden(network, parameters))
    else:
        residuals, jacobian = rows.jacobian(network, parameters)
    residuals, jacobian = residuals * unit, jacobian * unit
    step = least_squares(jacobian, -residuals)
    size = torch.linalg.norm(jacobian, dim=0).clamp(min=1e-300)
    scaled = jacobian / size
    ridge = RIDGE * torch.eye(scaled.shape[1], dtype=torch.float64)
    triangle = torch.linalg.qr(torch.cat((scaled, ridge)), mode="r").R
    # the coefficients' columns come last, so that the corner of R is the factor of the Schur complement
    corner = torch.linalg.inv(triangle[-names:, -names:]) / size[-names:, None]
    seen = scaled[rows.holding(VALUE)]
    influence = torch.linalg.solve_triangular(triangle.T, seen.T, upper=False)
    return step, (corner @ corner.T).numpy(), float((influence**2).sum())


def _moved(parameters: Tensor, step: Tensor) -> Tensor:
    moved = parameters.clone()
    moved[-len(step) :] += step
    return moved


def _noise(setting: Setting, link: Link, observed: Observed, freedom: float) -> np.ndarray:
    """A standard deviation a field: as given, or from the misfit."""
    if np.isfinite(observed.noise):
        return np.full(len(setting.problem.fields), observed.noise)
    misfit = observed.values - link.piece(observed.points)
    left = max(1.0 - freedom / observed.count, 1 / observed.count)
    counts = np.isfinite(misfit).sum(0)
    found = np.sqrt(np.nansum(misfit**2, axis=0) / np.maximum(counts, 1) / left)
    floor = SMALLEST_NOISE * np.array(list(setting.scales.spread.values()))
    return np.maximum(np.where(counts > 0, found, np.inf), floor)
