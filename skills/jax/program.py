"""Compiled fields as files: portable StableHLO of one batch size, run again without the code that made it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import export
from numpy.typing import NDArray

Array = NDArray[np.float64]
Batch = Callable[[Any], Any]
"""Points (batch, d) to fields (batch, k), float64."""


def write(path: Path, program: Batch, batch: int, coordinates: int) -> None:
    """Write the program's StableHLO, a portable artifact that later versions of XLA read too."""
    told = jax.ShapeDtypeStruct((batch, coordinates), jnp.float64)
    path.write_bytes(export.export(jax.jit(program))(told).mlir_module_serialized)


def read(path: Path, batch: int, coordinates: int, fields: int) -> Batch:
    """The program again.

    `jax.export` packs signature and StableHLO with a library that JAX does not bring along. The signature is known
    here, so that of a stand-in of the same shapes is taken, and its StableHLO is the file's.
    """

    def stand_in(points: jax.Array) -> jax.Array:
        return jnp.repeat(points[:, :1], fields, axis=1)

    told = jax.ShapeDtypeStruct((batch, coordinates), jnp.float64)
    like = export.export(jax.jit(stand_in))(told)
    return jax.jit(dataclasses.replace(like, mlir_module_serialized=path.read_bytes()).call)


def in_batches(call: Batch, batch: int, points: Array) -> Array:
    """All points through a program of one batch size, the last batch filled up with its own last point.

    All batches are handed over before the first is waited for.
    """
    if not len(points):
        return np.asarray(call(np.zeros((batch, points.shape[1]))))[:0]
    short = -len(points) % batch
    filled = np.concatenate([points, np.repeat(points[-1:], short, axis=0)]) if short else points
    found = [call(filled[at : at + batch]) for at in range(0, len(filled), batch)]
    return np.concatenate([np.asarray(one) for one in found])[: len(points)]
