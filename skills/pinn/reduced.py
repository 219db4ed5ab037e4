"""Unknown coefficients with the equations as exactly hard constraints, where the conditions determine the fields.

The network's output layer is solved for at every value of the coefficients (equations and conditions alone); its
sensitivity, by the implicit function theorem, gives Gauss–Newton steps in the coefficients only. This is the limit of
the near-hard posterior, and the classical nonlinear regression (Seber & Wild 1989, doi:10.1002/0471725315, chapter 2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from skills.pinn.channels import Channels
from skills.pinn.fit import Link
from skills.pinn.observed import Observed
from skills.pinn.output_layer import least_squares
from skills.pinn.rows import Rows
from skills.pinn.setting import Setting

STEPS = 15
HALVINGS = 8
NEWTON = 4
SETTLED = 1e-2  # of a standard deviation


@dataclass(frozen=True)
class Regression:
    """The network at the estimate, and the covariance of the scaled coefficients for misfits in units of the noise."""

    link: Link
    covariance: np.ndarray


def regressed(setting: Setting, link: Link, points: np.ndarray, noise: np.ndarray, edge: int | None) -> Regression:
    """Least squares of the data over the coefficients, from the link on; `noise` is one number a field."""
    observed, count = setting.observed, len(setting.unknowns.names)
    assert observed is not None
    rows = replace(setting, observed=None).rows(points, edge)
    parameters = _solved(rows, link, link.parameters)
    misfit, slopes = _data(setting, observed, rows, link, parameters, noise)
    for _ in range(STEPS):
        step = torch.from_numpy(np.linalg.lstsq(slopes, misfit, rcond=None)[0])
        better, share = None, 1.0
        for halvings in range(HALVINGS):
            share = 0.5**halvings
            moved = parameters.clone()
            moved[-count:] += share * step
            moved = _solved(rows, link, rows.unknowns.kept(moved))
            tried = _data(setting, observed, rows, link, moved, noise)
            if tried[0] @ tried[0] < misfit @ misfit:
                better = (moved, *tried)
                break
        if better is None:
            break
        parameters, misfit, slopes = better
        if np.all(np.abs(share * step.numpy()) < SETTLED * np.sqrt(np.diag(np.linalg.inv(slopes.T @ slopes)))):
            break
    return Regression(replace(link, parameters=parameters), np.linalg.inv(slopes.T @ slopes))


def _solved(rows: Rows, link: Link, parameters: Tensor) -> Tensor:
    """The output layer that the equations ask for at these coefficients: Newton's iteration from the given one."""
    network, names = link.network, len(rows.unknowns.names)
    entering = rows.hidden(network, parameters)
    best = (float((rows.with_hidden(network, parameters, entering) ** 2).sum()), parameters)
    for _ in range(NEWTON):
        residuals, jacobian = rows.output_jacobian(network, best[1], entering)
        moved = best[1].clone()
        moved[-jacobian.shape[1] : -names] += least_squares(jacobian[:, :-names], -residuals)
        loss = float((rows.with_hidden(network, moved, entering) ** 2).sum())
        if not loss < best[0]:
            break
        settled = loss > 0.5 * best[0]
        best = (loss, moved)
        if settled:
            break
    return best[1]


def _data(
    setting: Setting, observed: Observed, rows: Rows, link: Link, parameters: Tensor, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Misfits (n,) in units of the noise, and how the fields there answer to the scaled coefficients (n, K)."""
    network, names, frame = link.network, len(rows.unknowns.names), link.frame
    _, jacobian = rows.output_jacobian(network, parameters, rows.hidden(network, parameters))
    table, wanted = jacobian[:, :-names], jacobian[:, -names:]
    answers = torch.stack([least_squares(table, -wanted[:, one]) for one in range(names)], dim=1)
    channels = Channels.of((), len(setting.problem.names))
    inputs = torch.from_numpy(frame.channels(observed.points, channels))
    hidden = network.hidden(parameters[: network.size], channels, inputs)[0]
    entering = torch.cat((hidden, torch.ones((len(hidden), 1), dtype=torch.float64)), dim=1)
    fields = len(setting.problem.fields)
    slopes = (entering @ answers.reshape(-1, fields * names)).reshape(-1, fields, names).numpy()
    scale = np.array(frame.spread) / noise
    values = replace(link, parameters=parameters).piece(observed.points)
    kept = np.isfinite(observed.values)
    return ((observed.values - values) / noise)[kept], (slopes * scale[None, :, None])[kept]
