"""Damped Gauss–Newton on rows: every step one compiled program of fixed shapes.

Two ways to damp. `bold`: a tiny fixed damping and the best of a geometric grid of step lengths. `careful`:
Levenberg–Marquardt with the gain ratio (Marquardt 1963). Which is better depends on the problem and the start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import jax
import jax.numpy as jnp

from skills.jax.rows import Block, Points, jacobian, residuals
from skills.jax.settle import Compiler

STEPS = 14  # the grid of step lengths is 1, 1/2, … 2**-13
LARGEST_DAMPING = 1e8
SMALLEST_DAMPING = 1e-13


class System(NamedTuple):
    """Rows (n,), their Jacobian (n, p), and JᵀJ (p, p), or where there are fewer rows than parameters JJᵀ (n, n)."""

    rows: jax.Array
    jacobian: jax.Array
    normal: jax.Array


@dataclass(frozen=True)
class State:
    """Where a fit stands."""

    parameters: jax.Array
    loss: float
    damping: float
    stuck: bool = False


class Solver:
    """The compiled programs of one set of blocks. Points are arguments, so that they may move without a compilation."""

    def __init__(self, blocks: tuple[Block, ...], compiler: Compiler, name: str = "train") -> None:
        self.blocks, self.compiler, self.name = blocks, compiler, name

    def start(self, parameters: jax.Array, points: Points, damping: float) -> State:
        return State(parameters, self.loss(parameters, points), damping)

    def loss(self, parameters: jax.Array, points: Points) -> float:
        return float(self._run(self._loss, parameters, points))

    def system(self, parameters: jax.Array, points: Points) -> System:
        return System(*self._run(self._system, parameters, points))

    def bold(self, state: State, points: Points) -> State:
        system = self.system(state.parameters, points)
        tried, loss = self._run(self._bold, state.parameters, system, state.damping, points)
        if float(loss) < state.loss:
            return replace(state, parameters=tried, loss=float(loss))
        return replace(state, stuck=True)

    def careful(self, state: State, points: Points) -> State:
        system = self.system(state.parameters, points)
        tried, loss, damping, better = self._run(self._careful, state.parameters, system, state.damping, points)
        if bool(better):
            return State(tried, float(loss), float(damping))
        return replace(state, stuck=True)

    def _run(self, function: Callable[..., object], *arguments: object) -> object:
        told = tuple(jnp.float64(one) if isinstance(one, float) else one for one in arguments)
        return self.compiler(function, *told, key=(self.name, function.__name__))(*told)

    def _loss(self, parameters: jax.Array, points: Points) -> jax.Array:
        return jnp.sum(residuals(self.blocks, parameters, points) ** 2)

    def _system(self, parameters: jax.Array, points: Points) -> System:
        rows = residuals(self.blocks, parameters, points)
        slopes = jacobian(self.blocks, parameters, points)
        wide = slopes.shape[0] < slopes.shape[1]
        return System(rows, slopes, slopes @ slopes.T if wide else slopes.T @ slopes)

    def _bold(
        self, parameters: jax.Array, system: System, damping: float, points: Points
    ) -> tuple[jax.Array, jax.Array]:
        direction = solve(system, damping)
        lengths = 0.5 ** jnp.arange(STEPS)
        losses = jax.lax.map(lambda length: self._loss(parameters + length * direction, points), lengths)
        losses = jnp.where(jnp.isfinite(losses), losses, jnp.inf)
        best = jnp.argmin(losses)
        return parameters + lengths[best] * direction, losses[best]

    def _careful(
        self, parameters: jax.Array, system: System, damping: float, points: Points
    ) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
        """The first step that lowers the loss, the damping four times larger at each trial."""
        before = jnp.sum(system.rows**2)

        def attempt(damping: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
            direction = solve(system, damping)
            linear = jnp.sum((system.rows + system.jacobian @ direction) ** 2)
            tried = parameters + direction
            return tried, self._loss(tried, points), before - linear

        def failed(found: tuple[jax.Array, ...]) -> jax.Array:
            damping, _, loss, expected = found
            return ~((loss < before) & (expected > 0)) & (damping < LARGEST_DAMPING)

        def again(found: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
            return (4 * found[0], *attempt(4 * found[0]))

        start = jnp.asarray(damping, dtype=jnp.float64)
        damping_, tried, loss, expected = jax.lax.while_loop(failed, again, (start, *attempt(start)))
        gain = (before - loss) / expected
        change = jnp.where(gain > 0.75, 0.1, jnp.where(gain > 0.5, 1 / 3, jnp.where(gain > 0.25, 1.0, 2.0)))
        return tried, loss, jnp.maximum(damping_ * change, SMALLEST_DAMPING), (loss < before) & (expected > 0)


def solve(system: System, damping: jax.Array | float) -> jax.Array:
    """-(JᵀJ + μ)⁻¹ Jᵀ r by Cholesky, or the same as -Jᵀ (JJᵀ + μ)⁻¹ r; μ grows until the factor exists."""
    wide = system.jacobian.shape[0] < system.jacobian.shape[1]
    right = system.rows if wide else system.jacobian.T @ system.rows

    def factor(damping: jax.Array) -> jax.Array:
        return jnp.linalg.cholesky(system.normal + damping * jnp.eye(system.normal.shape[0]))

    def failed(found: tuple[jax.Array, jax.Array]) -> jax.Array:
        return ~jnp.isfinite(found[1][-1, -1]) & (found[0] < LARGEST_DAMPING)

    start = jnp.asarray(damping, dtype=jnp.float64)
    _, lower = jax.lax.while_loop(failed, lambda found: (10 * found[0], factor(10 * found[0])), (start, factor(start)))
    solved = jax.scipy.linalg.cho_solve((lower, True), right)
    return -(system.jacobian.T @ solved if wide else solved)
