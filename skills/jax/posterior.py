"""Unknown coefficients with their uncertainty: the Gauss–Newton (Laplace) covariance at the fit."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import numpy as np
from numpy.typing import NDArray

from skills.jax.training import DATA_WEIGHT, Fit, Task, data_of

Array = NDArray[np.float64]
RIDGE = 1e-14  # of the largest diagonal entry


@dataclass(frozen=True)
class Posterior:
    """A normal approximation. `noise` is the standard deviation of the observations, told or found."""

    names: tuple[str, ...]
    mean: Array
    covariance: Array
    noise: float
    method: str


def posterior(task: Task, fit: Fit) -> Posterior:
    """The network's parameters are eliminated (Schur complement), the delta method leads to physical coefficients.

    Rows are in units in which an observation has variance one; equations and conditions then weigh
    spread / (DATA_WEIGHT noise) times as much as they must at least, so that they act nearly as constraints.
    """
    subject, problem = task.subject, task.subject.problem
    system = task.solver.system(fit.parameters, data_of(task.blocks))
    rows, slopes = np.asarray(system.rows), np.asarray(system.jacobian)
    data = task.blocks[-1]
    observed = rows[-data.count :].reshape(-1, data.rows)
    there = data.data[:, -data.rows :] > 0
    degrees = max(int(there.sum()) - len(problem.unknown), 1)
    # One observation's variance in the units of the rows, which are those of the loss.
    found = float(np.sum(observed**2)) / degrees
    factor = DATA_WEIGHT / np.sqrt(len(data.data)) * data.data[0, -data.rows :].max()
    spread = float(np.median(np.array(subject.frame.spread)[there.any(axis=0)]))
    told = task.observed.noise if task.observed else float("nan")
    variance = (told * factor / spread) ** 2 if np.isfinite(told) and told > 0 else found
    method = "Gauss–Newton (Laplace) covariance, noise " + ("as told" if variance != found else "from the residuals")
    free, ahead = _schur(slopes, rows, subject.size)
    # A fit that has not arrived is off by about the step still ahead of it: that is uncertainty too.
    free = free * variance + np.outer(ahead, ahead)
    change = np.asarray(jax.jacfwd(lambda vector: _unknown(task, vector))(fit.parameters))[:, subject.size :]
    mean = np.asarray(_unknown(task, fit.parameters))
    noise = float(np.sqrt(variance) * spread / factor)
    return Posterior(tuple(problem.unknown), mean, change @ free @ change.T, noise, method)


def _unknown(task: Task, parameters: jax.Array) -> jax.Array:
    values = task.subject.coefficients(parameters)
    return jax.numpy.stack([values[name] for name in task.subject.problem.unknown])


def _schur(slopes: Array, rows: Array, size: int) -> tuple[Array, Array]:
    """The block of (JᵀJ)⁻¹ that belongs to the columns from `size` on, and their part of the next Gauss–Newton step."""
    network, sought = slopes[:, :size], slopes[:, size:]
    normal = network.T @ network
    normal[np.diag_indices(size)] += RIDGE * normal.diagonal().max()
    rest = sought - network @ np.linalg.solve(normal, network.T @ sought)
    inverse = np.linalg.inv(sought.T @ rest)
    return inverse, -inverse @ (rest.T @ rows)
