"""The linear algebra of a damped Gauss–Newton step: (J'J + mu I) d = -J'r, in the form that suits its shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.linalg import blas, lapack
from torch import Tensor

LARGEST_DAMPING = 1e8


@dataclass(frozen=True)
class Normal:
    """J'J and J'r at one point. The factorisation is Cholesky's; the damping grows until it succeeds.

    `rows` not None means the kernel form d = -J'(JJ' + mu I)⁻¹ r, cheaper where rows are fewer than parameters.
    """

    matrix: np.ndarray
    gradient: np.ndarray
    rows: np.ndarray | None = None
    residuals: np.ndarray | None = None

    @classmethod
    def of(cls, jacobian: Tensor, residuals: Tensor) -> Normal:
        table, misfit = jacobian.numpy(), residuals.numpy()
        gradient = table.T @ misfit
        if len(table) < table.shape[1]:
            return cls(blas.dsyrk(1.0, table.T, trans=1), gradient, table, misfit)
        return cls(blas.dsyrk(1.0, table.T), gradient)

    def step(self, damping: float) -> tuple[Tensor, float]:
        """(d, the predicted change of the loss |r + J d|² - |r|², negative)."""
        while damping <= LARGEST_DAMPING:
            damped = self.matrix.copy(order="F")
            damped[np.diag_indices_from(damped)] += damping
            factor, failed = lapack.dpotrf(damped, lower=0, clean=0, overwrite_a=1)
            if not failed:
                return self._solved(factor, damping)
            damping *= 10
        return torch.full((len(self.gradient),), torch.nan, dtype=torch.float64), 0.0

    def _solved(self, factor: np.ndarray, damping: float) -> tuple[Tensor, float]:
        if self.rows is not None and self.residuals is not None:
            found, _ = lapack.dpotrs(factor, self.residuals, lower=0)
            direction = -self.rows.T @ found
        else:
            found, _ = lapack.dpotrs(factor, self.gradient, lower=0)
            direction = -found
        # d'(J'J)d = -d'g - mu d'd, so the change 2 g'd + d'(J'J)d = g'd - mu d'd
        return torch.from_numpy(direction), float(self.gradient @ direction - damping * direction @ direction)


@dataclass(frozen=True)
class Accurate:
    """The same from the QR factors of [J; sqrt(mu) I]: twice the digits, at about three times the price."""

    triangle: Tensor
    rotated: Tensor

    @classmethod
    def of(cls, jacobian: Tensor, residuals: Tensor) -> Accurate:
        both = torch.linalg.qr(torch.cat((jacobian, residuals[:, None]), dim=1), mode="r").R
        size = jacobian.shape[1]
        return cls(both[:size, :size], both[:size, size])

    def step(self, damping: float) -> tuple[Tensor, float]:
        size = self.triangle.shape[1]
        root = float(np.sqrt(damping))
        stacked = torch.cat((self.triangle, root * torch.eye(size, dtype=torch.float64)))
        target = torch.cat((self.rotated, torch.zeros(len(stacked) - len(self.rotated), dtype=torch.float64)))
        factor = torch.linalg.qr(torch.cat((stacked, target[:, None]), dim=1), mode="r").R
        found = torch.linalg.solve_triangular(factor[:size, :size], factor[:size, size:], upper=True)[:, 0]
        gradient = self.triangle.T @ self.rotated
        return -found, float(-gradient @ found - damping * found @ found)
