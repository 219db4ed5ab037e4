"""The uncertainty of unknown coefficients: a Gaussian about the fit, the equations being near-hard constraints.

Linearised at the fit, rows are [C; D] d: equations and conditions C, observations D in units of the noise. C is
weighted by `HARD`: how much better than the data's accuracy the equations are to hold. The covariance of all
parameters is the inverse of the Gauss–Newton matrix, and that of the coefficients its block: the Schur complement over
the network's weights (Nocedal & Wright 2006, section 10.3; Seber & Wild 1989, section 2.1, doi:10.1002/0471725315).
Assumed: independent Gaussian noise of one size a field, a model that is right, a fit with a single mode away from the
bounds. Unknown noise is estimated from the misfit and the degrees of freedom it has left.
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
from skills.pinn.reduced import regressed
from skills.pinn.rows import Rows
from skills.pinn.setting import VALUE, Setting

HARD = 100.0
STEPS = 15
HALVINGS = 10
WORSE = 1.2  # times the misfit, from which on the data count as fitted worse
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
    """The fit moved to where the equations hold, and its posterior.

    Near-hard constraints come first. Then, for one drawn layer, exactly hard ones; they are kept unless the data are
    fitted worse, which tells that the conditions leave the fields free and the data have to fix them too.
    """
    near, posterior = _settled(setting, link, HARD, points, edge)
    observed, count = setting.observed, len(setting.unknowns.names)
    assert observed is not None
    if len(link.network.widths) != 3:
        return near, posterior
    noise = _noise(setting, near, observed, float(count))
    found = regressed(setting, near, points, noise, edge)
    if not _misfit(setting, found.link) < WORSE * _misfit(setting, near):
        return near, posterior
    again = _noise(setting, found.link, observed, float(count))
    scale = np.array(setting.unknowns.scale)
    covariance = found.covariance * float(np.mean((again / noise)[np.isfinite(noise)] ** 2))
    mean = setting.unknowns.values(found.link.parameters[link.network.size :].numpy())
    size = float(np.sqrt(np.mean(np.square(again[np.isfinite(again)]))))
    known = bool(np.isfinite(observed.noise))
    spread = covariance * np.outer(scale, scale)
    return found.link, Posterior(setting.unknowns.names, mean, spread, size, known, float(observed.count - count))


def _settled(setting: Setting, link: Link, hard: float, points: np.ndarray, edge: int | None) -> tuple[Link, Posterior]:
    """Gauss–Newton with halved steps at one hardness."""
    observed, parameters = setting.observed, link.parameters
    assert observed is not None
    known, count = bool(np.isfinite(observed.noise)), len(setting.unknowns.names)
    noise = _noise(setting, link, observed, 0.0)
    for _ in range(STEPS):
        rows, unit = _near_hard(setting, observed, noise, hard, points, edge)
        step, covariance, freedom = _step(link, rows, unit, parameters)
        parameters, share = _moved(link, rows, parameters, step)
        noise = _noise(setting, replace(link, parameters=parameters), observed, freedom)
        if not share or np.all(np.abs(share * step[-count:].numpy()) < SETTLED * np.sqrt(np.diag(covariance))):
            break
    scale = np.array(setting.unknowns.scale)
    mean = setting.unknowns.values(parameters[link.network.size :].numpy())
    mixed = float(np.sqrt(np.mean(np.square(noise[np.isfinite(noise)]))))
    return replace(link, parameters=parameters), Posterior(
        setting.unknowns.names, mean, covariance * np.outer(scale, scale), mixed, known, observed.count - freedom
    )


def _near_hard(
    setting: Setting, observed: Observed, noise: np.ndarray, hard: float, points: np.ndarray, edge: int | None
) -> tuple[Rows, float]:
    """Rows, and the unit that makes the observations' ones misfits over noise; the others then weigh a lot."""
    inverse = np.array(list(setting.scales.spread.values())) / noise
    unit = hard * np.sqrt(observed.count) * float(inverse.max())
    weights = tuple((inverse * np.sqrt(observed.count) / unit).tolist())
    return replace(setting, observed=observed.weighted(weights)).rows(points, edge), unit


def _step(link: Link, rows: Rows, unit: float, parameters: Tensor) -> tuple[Tensor, np.ndarray, float]:
    """A Gauss–Newton step, the covariance of the scaled coefficients, and the degrees of freedom spent."""
    names = len(rows.unknowns.names)
    residuals, jacobian = _linearised(link, rows, parameters)
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


def _moved(link: Link, rows: Rows, parameters: Tensor, step: Tensor) -> tuple[Tensor, float]:
    """The parameters after the longest halved step that lowers the loss, and its share; or as they were, and 0."""
    before = rows.loss(link.network, parameters)
    for halvings in range(HALVINGS):
        moved = rows.unknowns.kept(_added(parameters, 0.5**halvings * step))
        if rows.loss(link.network, moved) < before:
            return moved, 0.5**halvings
    return parameters, 0.0


def _added(parameters: Tensor, step: Tensor) -> Tensor:
    moved = parameters.clone()
    moved[-len(step) :] += step
    return moved


def _linearised(link: Link, rows: Rows, parameters: Tensor) -> tuple[Tensor, Tensor]:
    """Residuals and Jacobian: of one layer by the output layer and the coefficients, of several by all parameters."""
    network = link.network
    if len(network.widths) == 3:
        return rows.output_jacobian(network, parameters, rows.hidden(network, parameters))
    return rows.jacobian(network, parameters)


def _misfit(setting: Setting, link: Link) -> float:
    """The root mean square of what the data miss, in spreads of their fields."""
    observed = setting.observed
    assert observed is not None
    missed = (observed.values - link.piece(observed.points)) / np.array(list(setting.scales.spread.values()))
    return float(np.sqrt(np.nanmean(missed**2)))


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
