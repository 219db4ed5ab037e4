"""The coefficients that a field itself implies: those with which it misses its equations least."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skills.runtime.problem import Problem
from skills.runtime.violations import Columns, rms

Array = NDArray[np.float64]
STEPS = 40
HALVINGS = 20
SETTLED = 1e-12
SINGULAR = 1e-10  # of the normal matrix with unit diagonal; below it the equations do not tell the coefficients apart


@dataclass(frozen=True)
class Implied:
    """Coefficients by name, and the standard error of each from the scatter of the residual over points.

    The scatter is the model's own error, which neighbours share: the true uncertainty is larger.
    """

    values: dict[str, float]
    errors: dict[str, float]
    n: int


def implied(problem: Problem, columns: Callable[[Mapping[str, float]], Columns]) -> Implied | str:
    """By Gauss-Newton from the guesses, every equation by its own size; or why the field tells no coefficients."""
    names = tuple(problem.unknown)
    theta = np.array([problem.unknown[name].guess for name in names])
    sizes = _sizes(problem, columns(_named(names, theta)))
    residual, jacobian = _linear(problem, columns(_named(names, theta)), names, sizes)
    for _ in range(STEPS):
        norms = np.linalg.norm(jacobian, axis=0)
        if not norms.all() or not np.isfinite(norms).all():
            return f"the equations do not depend on {names[int(np.argmin(np.nan_to_num(norms)))]} here"
        normal = (jacobian / norms).T @ (jacobian / norms)
        if np.linalg.eigvalsh(normal)[0] < SINGULAR:
            return f"the equations do not tell {' and '.join(names)} apart here"
        step = -np.linalg.solve(normal, (jacobian / norms).T @ residual) / norms
        factor = 1.0
        for _ in range(HALVINGS):
            ahead = _linear(problem, columns(_named(names, theta + factor * step)), names, sizes)
            if rms(ahead[0]) <= rms(residual) * (1 + SETTLED):
                break
            factor /= 2
        else:
            break
        theta, (residual, jacobian) = theta + factor * step, ahead
        if np.all(np.abs(factor * step) <= SETTLED * (np.abs(theta) + SETTLED)):
            break
    scatter = float(residual @ residual) / max(1, len(residual) - len(names))
    errors = np.sqrt(np.diag(np.linalg.inv(jacobian.T @ jacobian)) * scatter)
    return Implied(_named(names, theta), _named(names, errors), len(residual))


def _linear(problem: Problem, columns: Columns, names: tuple[str, ...], sizes: Array) -> tuple[Array, Array]:
    """(residuals of all equations, their derivatives by the coefficients), each equation over its size."""
    count = max(np.size(value) for value in columns.values())

    def column(found: object) -> Array:
        return np.array(np.broadcast_to(np.asarray(found, dtype=np.float64), count))

    forms = [form for form in problem.forms]
    residual = np.concatenate([column(form(columns)) / size for form, size in zip(forms, sizes, strict=True)])
    rows = [
        np.concatenate([column(form.by(name)(columns)) / size for form, size in zip(forms, sizes, strict=True)])
        for name in names
    ]
    return residual, np.stack(rows, axis=1)


def _sizes(problem: Problem, columns: Columns) -> Array:
    """RMS of the sum of |terms| of every equation, with the coefficients at their guesses."""
    return np.array(
        [rms(np.asarray(sum(np.abs(term(columns)) for term in form.terms))) or 1.0 for form in problem.forms]
    )


def _named(names: tuple[str, ...], values: Array) -> dict[str, float]:
    return {name: float(value) for name, value in zip(names, values, strict=True)}
