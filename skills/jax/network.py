"""A tanh network as a pure function of one flat vector, and its partial derivatives by nested forward mode."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Orders = tuple[int, ...]


def size(widths: tuple[int, ...]) -> int:
    """How many parameters."""
    return sum((before + 1) * after for before, after in pairwise(widths))


def initial(widths: tuple[int, ...], key: jax.Array) -> jax.Array:
    """Glorot-normal weights and zero biases (Glorot & Bengio 2010), layer after layer, weights (in, out) first."""
    parts = []
    for one, (before, after) in zip(jax.random.split(key, len(widths) - 1), pairwise(widths), strict=True):
        drawn = jax.random.normal(one, (before * after,), dtype=jnp.float64)
        parts += [drawn * np.sqrt(2.0 / (before + after)), jnp.zeros(after)]
    return jnp.concatenate(parts)


def outputs(widths: tuple[int, ...], parameters: jax.Array, entering: jax.Array) -> jax.Array:
    """Outputs (…, fields) for what enters (…, inputs)."""
    at, last = 0, len(widths) - 2
    for layer, (before, after) in enumerate(pairwise(widths)):
        weights = parameters[at : at + before * after].reshape(before, after)
        bias = parameters[at + before * after : at + (before + 1) * after]
        entering = entering @ weights + bias
        entering = jnp.tanh(entering) if layer < last else entering
        at += (before + 1) * after
    return entering


def partials(
    function: Callable[[jax.Array], jax.Array], point: jax.Array, wanted: Iterable[Orders]
) -> dict[Orders, jax.Array]:
    """Derivatives of a function at one point (d,), each by as many nested `jvp` as its order.

    The lower derivatives that they share are merged by XLA, so that a tower costs little more than its top.
    """
    towers: dict[Orders, Callable[[jax.Array], jax.Array]] = {(0,) * point.shape[0]: function}

    def tower(orders: Orders) -> Callable[[jax.Array], jax.Array]:
        if orders not in towers:
            axis = max(place for place, order in enumerate(orders) if order)
            below = tower(tuple(order - (place == axis) for place, order in enumerate(orders)))
            towers[orders] = _slope(below, axis)
        return towers[orders]

    return {orders: tower(orders)(point) for orders in wanted}


def _slope(function: Callable[[jax.Array], jax.Array], axis: int) -> Callable[[jax.Array], jax.Array]:
    def slope(point: jax.Array) -> Any:
        return jax.jvp(function, (point,), (jnp.zeros_like(point).at[axis].set(1.0),))[1]

    return slope
