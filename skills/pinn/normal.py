"""The linear algebra of a damped Gauss–Newton step, (J'J + mu I) d = -J'v, in the form that suits its shape.

The Jacobian may lie on a GPU, and is factored there; directions are always given back on the processor, where the
parameters are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from scipy.linalg import blas, lapack
from torch import Tensor

LARGEST_DAMPING = 1e8
Solve = Callable[[Tensor], Tensor]
"""v (rows,), where the Jacobian is -> d (parameters,), on the processor."""


@dataclass(frozen=True)
class Normal:
    """J'J, or JJ' where rows are fewer than parameters: then d = -J'(JJ' + mu I)⁻¹ v. Factored by Cholesky."""

    jacobian: np.ndarray
    matrix: np.ndarray

    @classmethod
    def of(cls, jacobian: Tensor) -> Normal:
        table = jacobian.numpy()
        kernel = len(table) < table.shape[1]
        return cls(table, blas.dsyrk(1.0, table.T, trans=1 if kernel else 0))

    def factored(self, damping: float) -> tuple[Solve, float]:
        """The solution for any v, and the damping, raised until the matrix was positive definite."""
        while damping <= LARGEST_DAMPING:
            damped = self.matrix.copy(order="F")
            damped[np.diag_indices_from(damped)] += damping
            factor, failed = lapack.dpotrf(damped, lower=0, clean=0, overwrite_a=1)
            if not failed:
                return partial(self._solved, factor), damping
            damping *= 10
        return lambda _: torch.full((self.jacobian.shape[1],), torch.nan, dtype=torch.float64), damping

    def _solved(self, factor: np.ndarray, given: Tensor) -> Tensor:
        vector = given.numpy()
        if len(factor) == self.jacobian.shape[1]:
            found, _ = lapack.dpotrs(factor, self.jacobian.T @ vector, lower=0)
        else:
            inside, _ = lapack.dpotrs(factor, vector, lower=0)
            found = self.jacobian.T @ inside
        return torch.from_numpy(-found)


@dataclass(frozen=True)
class NormalOnCard:
    """The same on a GPU."""

    jacobian: Tensor
    matrix: Tensor

    @classmethod
    def of(cls, jacobian: Tensor) -> NormalOnCard:
        kernel = len(jacobian) < jacobian.shape[1]
        return cls(jacobian, jacobian @ jacobian.T if kernel else jacobian.T @ jacobian)

    def factored(self, damping: float) -> tuple[Solve, float]:
        while damping <= LARGEST_DAMPING:
            damped = self.matrix.clone()
            damped.diagonal().add_(damping)
            factor, failed = torch.linalg.cholesky_ex(damped)
            if not int(failed):
                return partial(self._solved, factor), damping
            damping *= 10
        return lambda _: torch.full((self.jacobian.shape[1],), torch.nan, dtype=torch.float64), damping

    def _solved(self, factor: Tensor, vector: Tensor) -> Tensor:
        if len(factor) == self.jacobian.shape[1]:
            found = torch.cholesky_solve((self.jacobian.T @ vector)[:, None], factor)[:, 0]
        else:
            found = self.jacobian.T @ torch.cholesky_solve(vector[:, None], factor)[:, 0]
        return -found.cpu()


@dataclass(frozen=True)
class Accurate:
    """The same from the QR factors of [J; sqrt(mu) I]: twice the digits, at about three times the price."""

    basis: Tensor
    triangle: Tensor

    @classmethod
    def of(cls, jacobian: Tensor) -> Accurate:
        return cls(*torch.linalg.qr(jacobian))

    def factored(self, damping: float) -> tuple[Solve, float]:
        size = self.triangle.shape[1]
        root = float(np.sqrt(damping)) * torch.eye(size, dtype=torch.float64, device=self.triangle.device)
        basis, triangle = torch.linalg.qr(torch.cat((self.triangle, root)))
        rotation = basis[: len(self.triangle)]

        def solve(vector: Tensor) -> Tensor:
            turned = rotation.T @ (self.basis.T @ vector)
            return -torch.linalg.solve_triangular(triangle, turned[:, None], upper=True)[:, 0].cpu()

        return solve, damping
