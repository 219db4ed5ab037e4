"""Physical units to network units and back, with numpy alone: one set of numbers suits every problem."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skills.pinn.channels import Channels

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Frame:
    """Coordinates to [-1, 1] (periodic ones to sine and cosine), and field = centre + spread * output.

    All tuples of coordinates are in the problem's order, those of fields too.
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
        return (points - np.array(self.low)) * self.slopes - 1

    def inputs(self, points: Array) -> Array:
        """What enters the network (n, width), for physical points (n, d)."""
        return self.channels(points, Channels.of((), len(self.low)))[0]

    def channels(self, points: Array, channels: Channels) -> Array:
        """The derivatives of what enters, by the scaled coordinates (C, n, width)."""
        scaled, found, column = self.scaled(points), np.zeros((len(channels), len(points), self.width)), 0
        for axis, wraps in enumerate(self.periodic):
            for place, orders in enumerate(channels.orders):
                order = orders[axis]
                if sum(orders) != order:
                    continue
                if wraps:
                    angle = np.pi * scaled[:, axis] + order * np.pi / 2
                    found[place, :, column] = np.pi**order * np.sin(angle)
                    found[place, :, column + 1] = np.pi**order * np.cos(angle)
                elif order < 2:
                    found[place, :, column] = scaled[:, axis] if order == 0 else 1.0
            column += 2 if wraps else 1
        return found

    def factors(self, channels: Channels) -> Array:
        """What turns a channel of an output into a physical derivative of its field (C, fields)."""
        runs = np.array([np.prod(self.slopes ** np.array(orders)) for orders in channels.orders])
        return runs[:, None] * np.array(self.spread)[None, :]

    def fields(self, outputs: Array) -> Array:
        """Outputs (n, fields) in physical units."""
        return np.array(self.centre) + np.array(self.spread) * outputs
