"""The least-squares rows of a problem: equations inside, conditions on faces, observations; as pure functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from skills.jax import network
from skills.jax.frame import Frame
from skills.jax.magnitudes import sample, scale_of
from skills.jax.points import face
from skills.runtime.problem import Problem
from skills.runtime.symbols import Form

Array = NDArray[np.float64]
Points = tuple[jax.Array, ...]
"""The data of each block (n, columns): scaled points, and for observations the targets and what of them is there."""
LOGARITHMIC = 10.0  # a positive range this wide or wider is searched on a logarithmic scale


@dataclass(frozen=True)
class Subject:
    """A problem with its frame and its network. The flat vector holds the network, then one number an unknown."""

    problem: Problem
    frame: Frame
    hidden: tuple[int, ...]

    @property
    def widths(self) -> tuple[int, ...]:
        return (self.frame.width, *self.hidden, len(self.problem.fields))

    @property
    def size(self) -> int:
        """How many parameters the network has."""
        return network.size(self.widths)

    def initial(self, seed: int) -> jax.Array:
        guesses = [to_free(one.guess, one.low, one.high) for one in self.problem.unknown.values()]
        drawn = network.initial(self.widths, jax.random.key(seed))
        return jnp.concatenate([drawn, jnp.asarray(guesses, dtype=jnp.float64)])

    def coefficients(self, parameters: jax.Array) -> dict[str, Any]:
        """Known and unknown coefficients, the latter within their ranges whatever the free numbers are."""
        found: dict[str, Any] = dict(self.problem.parameters)
        for place, (name, one) in enumerate(self.problem.unknown.items()):
            found[name] = from_free(parameters[self.size + place], one.low, one.high)
        return found

    def fields(self, parameters: jax.Array, scaled: jax.Array) -> jax.Array:
        """Physical fields (…, k) at scaled points (…, d)."""
        made = network.outputs(self.widths, parameters, self.frame.entering(scaled, jnp))
        return jnp.asarray(self.frame.fields(made))

    def values(self, parameters: jax.Array, point: jax.Array, forms: tuple[Form, ...]) -> dict[str, Any]:
        """All names that the forms need, at one scaled point (d,)."""
        problem, slopes = self.problem, self.frame.slopes
        wanted = {partial for form in forms for partial in form.partials}
        towers = network.partials(
            lambda at: self.fields(parameters, at), point, sorted({partial.orders for partial in wanted})
        )
        found = self.coefficients(parameters)
        for axis, name in enumerate(problem.names):
            found[name] = self.frame.low[axis] + (point[axis] + 1) / slopes[axis]
        for partial in wanted:
            factor = float(np.prod(slopes ** np.array(partial.orders)))
            place = problem.fields.index(partial.field)
            found[problem.vocabulary.name(partial)] = factor * towers[partial.orders][place]
        return found


@dataclass(frozen=True)
class Block:
    """Rows of one kind. `at(parameters, datum)` gives the rows (m,) of one line of `data`, sized to order one."""

    name: str
    at: Callable[[jax.Array, jax.Array], jax.Array]
    data: Array
    weight: float
    rows: int  # of one line

    @property
    def count(self) -> int:
        return len(self.data) * self.rows


def residuals(blocks: tuple[Block, ...], parameters: jax.Array, points: Points) -> jax.Array:
    """All rows; their squares add up to the sum over blocks of weight² times the mean square."""
    found = []
    for block, data in zip(blocks, points, strict=True):
        rows = jax.vmap(block.at, (None, 0))(parameters, data).reshape(-1)
        found.append(rows * (block.weight / np.sqrt(len(data))))
    return jnp.concatenate(found)


def jacobian(blocks: tuple[Block, ...], parameters: jax.Array, points: Points) -> jax.Array:
    """Their derivatives by the parameters: reverse mode over the forward towers, a point at a time, vectorised."""
    found = []
    for block, data in zip(blocks, points, strict=True):
        slopes = jax.vmap(jax.jacrev(block.at), (None, 0))(parameters, data)
        found.append(slopes.reshape(-1, parameters.shape[0]) * (block.weight / np.sqrt(len(data))))
    return jnp.concatenate(found)


def equations(subject: Subject, data: Array, seed: int) -> Block:
    """The problem's equations at scaled points."""
    scales = scales_of(subject, subject.problem.forms, sample(subject.problem, subject.frame, seed))
    return Block("equation", _forms(subject, subject.problem.forms, scales), data, 1.0, len(scales))


def conditions(subject: Subject, count: int, weight: float, seed: int) -> tuple[Block, ...]:
    """One block for each condition, at `count` points of its face."""
    problem, frame, found = subject.problem, subject.frame, []
    for place, (condition, forms) in enumerate(zip(problem.conditions, problem.condition_forms, strict=True)):
        fixed = {}
        for letter, value in condition.at.items():
            fixed[problem.names.index(letter)] = 1.0 if value == problem.axis(letter).high else -1.0
        data = face(fixed, count, len(problem.names), seed + place)
        scales = scales_of(subject, forms, frame.physical(data))
        at = _forms(subject, forms, scales)
        found.append(Block(f"condition.{place}", at, data, weight, len(forms)))
    return tuple(found)


def observations(subject: Subject, points: Array, outputs: Array, weight: float) -> Block:
    """Measured fields (n, k, NaN where not observed) at physical points, in units of each field's spread."""
    dimension, fields = points.shape[1], outputs.shape[1]
    there = np.isfinite(outputs)
    share = max(there.sum() / max(len(outputs), 1), 1e-300)  # rows that are not there count for nothing
    data = np.hstack([subject.frame.scaled(points), np.where(there, outputs, 0.0), there / np.sqrt(share)])
    spread = np.array(subject.frame.spread)

    def at(parameters: jax.Array, datum: jax.Array) -> jax.Array:
        found = subject.fields(parameters, datum[:dimension])
        return (found - datum[dimension : dimension + fields]) / spread * datum[dimension + fields :]

    return Block("observations", at, data, weight, fields)


def to_free(value: float, low: float, high: float) -> float:
    """A coefficient in (low, high) to any number: the logit of where it lies in its range."""
    share = np.log(value / low) / np.log(high / low) if _is_wide(low, high) else (value - low) / (high - low)
    share = float(np.clip(share, 1e-6, 1 - 1e-6))
    return float(np.log(share / (1 - share)))


def from_free(free: Any, low: float, high: float) -> Any:
    """The inverse of `to_free`."""
    share = jax.nn.sigmoid(free)
    return low * (high / low) ** share if _is_wide(low, high) else low + (high - low) * share


def _is_wide(low: float, high: float) -> bool:
    return low > 0 and high / low >= LOGARITHMIC


def scales_of(subject: Subject, forms: tuple[Form, ...], points: Array) -> Array:
    return np.array([scale_of(form, subject.problem, subject.frame, points) for form in forms])


def _forms(subject: Subject, forms: tuple[Form, ...], scales: Array) -> Callable[[jax.Array, jax.Array], jax.Array]:
    def at(parameters: jax.Array, point: jax.Array) -> jax.Array:
        values = subject.values(parameters, point, forms)
        return jnp.stack([jnp.asarray(form(values, jnp)) for form in forms]) / scales

    return at
