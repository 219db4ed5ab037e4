"""Small Flax networks for one table, trained side by side: each holds out another part of the rows, to stop in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray

from skills.jax.settle import Compiler
from skills.jax.spec import Spec

Array = NDArray[np.float64]
PATIENCE = 30  # epochs without a lower held-out loss, in every network
SMOOTH = 1e-4  # of the held-out loss, by which it must fall to count
Report = Callable[[int, int, float, str], None]


class Perceptron(nn.Module):
    """ReLU layers with dropout."""

    widths: tuple[int, ...]
    outputs: int
    dropout: float

    @nn.compact
    def __call__(self, rows: jax.Array, *, training: bool) -> jax.Array:
        for width in self.widths:
            rows = nn.relu(nn.Dense(width, param_dtype=jnp.float64)(rows))
            rows = nn.Dropout(self.dropout, deterministic=not training)(rows)
        return nn.Dense(self.outputs, param_dtype=jnp.float64)(rows)


@dataclass(frozen=True)
class Trained:
    """Layers (members first), outputs of every member for every row (members, n, k), and the curves of the losses."""

    layers: list[tuple[Array, Array]]
    outputs: Array
    loss: list[tuple[int, float]]
    held_out: list[tuple[int, float]]
    epochs: Array  # of the best held-out loss, a member
    at: int
    reason: str


@dataclass
class Ensemble:
    """`rows` (n, m), `target` (n,): standardised numbers, or places of classes (then `classes` says how many)."""

    spec: Spec
    rows: Array
    target: Array
    classes: int
    seed: int
    compiler: Compiler = field(default_factory=Compiler)

    def __post_init__(self) -> None:
        widths = self.spec.hidden or ((64, 64) if len(self.rows) >= 200 else (32,))
        self.net = Perceptron(tuple(widths), self.classes or 1, self.spec.dropout)
        self.batch = min(self.spec.batch, len(self.rows))
        self.batches = -(-len(self.rows) // self.batch)
        self.x, self.y = jnp.asarray(self.rows), jnp.asarray(self.target)

    def train(self, learn: Array, held: Array, limit: int, report: Report, *, stops: bool = True) -> Trained:
        """`learn` and `held` (members, n) are 1 for the rows that a member learns from, and by which it is stopped."""
        members = len(learn)
        keys = jax.random.split(jax.random.key(self.seed), members)
        params = jax.vmap(lambda key: self.net.init(key, self.x[:1], training=False))(keys)
        rule = optax.adamw(
            optax.cosine_decay_schedule(self.spec.learning_rate, limit * self.batches, alpha=0.05),
            weight_decay=self.spec.weight_decay,
        )
        masks = (jnp.asarray(learn), jnp.asarray(held))
        lead = jnp.full(members, jnp.inf)
        state: Any = (params, jax.vmap(rule.init)(params), params, lead, jnp.zeros(members, dtype=jnp.int64))
        step = jax.vmap(self._epoch(rule, stops=stops), in_axes=(0, 0, 0, None))
        curves: tuple[list[tuple[int, float]], list[tuple[int, float]]] = ([], [])
        at, reason = 0, "limit"
        for at in range(1, limit + 1):
            keys = jax.random.split(jax.random.fold_in(jax.random.key(self.seed + 1), at), members)
            run = self.compiler(step, state, masks, keys, jnp.int64(at), key=("epoch", stops))
            state, (loss, missed) = run(state, masks, keys, jnp.int64(at))
            curves[0].append((at, float(loss.mean())))
            curves[1].append((at, float(missed.mean())))
            if at % 10 == 0:
                report(at, limit, curves[0][-1][1], f"{members} networks, held out {curves[1][-1][1]:.4g}")
            if stops and at - int(state[4].max()) >= PATIENCE:
                reason = "early_stopping"
                break
        best = state[2] if stops else state[0]
        outputs = jax.vmap(lambda params: self.net.apply(params, self.x, training=False))(best)
        return Trained(_layers(best), np.asarray(outputs), *curves, np.asarray(state[4]), at, reason)

    def _losses(self, params: Any, rows: jax.Array, target: jax.Array, key: jax.Array | None) -> jax.Array:
        """One loss a row; with a key, under dropout."""
        rngs = {} if key is None else {"dropout": key}
        found = self.net.apply(params, rows, training=key is not None, rngs=rngs)
        if self.classes:
            return optax.softmax_cross_entropy_with_integer_labels(found, target.astype(jnp.int64))
        error = found[:, 0] - target
        return jnp.abs(error) if self.spec.metric in ("mae", "median_ae") else error**2

    def _epoch(self, rule: Any, *, stops: bool) -> Callable[..., Any]:
        """One pass over the rows for one member: shuffled batches of one size, the last one filled up again."""
        rows, batch, batches = len(self.rows), self.batch, self.batches

        def step(carry: Any, told: Any) -> Any:
            params, opt, mask = carry
            places, key = told

            def loss(params: Any) -> jax.Array:
                weight = mask[places]
                found = self._losses(params, self.x[places], self.y[places], key)
                return jnp.sum(found * weight) / jnp.maximum(jnp.sum(weight), 1.0)

            value, slope = jax.value_and_grad(loss)(params)
            change, opt = rule.update(slope, opt, params)
            return (optax.apply_updates(params, change), opt, mask), value

        def epoch(state: Any, masks: tuple[jax.Array, jax.Array], key: jax.Array, at: jax.Array) -> Any:
            params, opt, best, lead, when = state
            shuffle, drop = jax.random.split(key)
            order = jax.random.permutation(shuffle, rows)
            places = jnp.resize(order, batches * batch).reshape(batches, batch)
            carry, _ = jax.lax.scan(step, (params, opt, masks[0]), (places, jax.random.split(drop, batches)))
            params, opt, _ = carry
            found = self._losses(params, self.x, self.y, None)
            loss, held = _mean(found, masks[0]), _mean(found, masks[1])
            better = held < lead * (1 - SMOOTH) if stops else jnp.array(True)
            best = jax.tree.map(lambda new, old: jnp.where(better, new, old), params, best)
            return (params, opt, best, jnp.where(better, held, lead), jnp.where(better, at, when)), (loss, held)

        return epoch


def _mean(values: jax.Array, weight: jax.Array) -> jax.Array:
    return jnp.sum(values * weight) / jnp.maximum(jnp.sum(weight), 1.0)


def _layers(params: Any) -> list[tuple[Array, Array]]:
    named = params["params"]
    order = sorted(named, key=lambda name: int(name.rsplit("_", 1)[1]))
    return [(np.asarray(named[name]["kernel"]), np.asarray(named[name]["bias"])) for name in order]
