"""Physical units to network units and back, with numpy alone: coordinates to [-1, 1], fields to order one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Frame:
    """scaled = 2 (x - low) / (high - low) - 1, periodic ones to its sine and cosine; field = centre + spread * output.

    Tuples of coordinates and of fields are in the problem's order.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    periodic: tuple[bool, ...]
    centre: tuple[float, ...]
    spread: tuple[float, ...]

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        return cls(**{name: tuple(value) for name, value in told.items()})

    def as_json(self) -> dict[str, Any]:
        return {name: list(value) for name, value in asdict(self).items()}

    @property
    def width(self) -> int:
        """How many numbers enter the network: two for a periodic coordinate."""
        return len(self.low) + sum(self.periodic)

    @property
    def slopes(self) -> Array:
        """How fast the scaled coordinates run, per unit of the physical ones (d,)."""
        return 2 / (np.array(self.high) - np.array(self.low))

    def scaled(self, points: Array) -> Array:
        """Points (n, d) to [-1, 1]."""
        return np.asarray((points - np.array(self.low)) * self.slopes - 1, dtype=np.float64)

    def physical(self, scaled: Array) -> Array:
        """The inverse of `scaled`."""
        return np.asarray(np.array(self.low) + (scaled + 1) / self.slopes, dtype=np.float64)

    def entering(self, scaled: Any, ops: Any = np) -> Any:
        """What enters the network (…, width), for scaled points (…, d); `ops` is numpy or jax.numpy."""
        columns = []
        for axis, wraps in enumerate(self.periodic):
            column = scaled[..., axis]
            columns += [ops.sin(np.pi * column), ops.cos(np.pi * column)] if wraps else [column]
        return ops.stack(columns, axis=-1)

    def fields(self, outputs: Any) -> Any:
        """Outputs (…, fields) in physical units."""
        return np.array(self.centre) + np.array(self.spread) * outputs
