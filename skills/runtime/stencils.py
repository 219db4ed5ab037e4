"""Derivatives of a model from its values alone: small nets of nodes around a point, and weights for each derivative."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skills.runtime.differences import weights
from skills.runtime.problem import Coordinate
from skills.runtime.symbols import Partial

Array = NDArray[np.float64]
Node = tuple[int, ...]
FINEST = 4096  # steps along an axis; a first or second difference spans one
STEPS = {1: 1, 2: 1, 3: 4, 4: 8}  # order of the derivative -> its step, in the finest; rounding grows as step**-order
WIDTHS = {1: 9, 2: 7, 3: 5, 4: 5}  # axes differentiated by -> nodes along each
INNER = 2  # fewer nodes along each axis in the second estimate


@dataclass(frozen=True)
class Stencil:
    """Nodes (m, d) around a point, and for each derivative the weights (m,) of two estimates of different order.

    The second estimate leaves out the outermost nodes; how far the two differ bounds the error of the first, be it of
    truncation or of rounding in the model. `reach` (d, 2) is how far the nodes go below and above the point.
    """

    offsets: Array
    wide: Mapping[Partial, Array]
    narrow: Mapping[Partial, Array]

    @property
    def nodes(self) -> int:
        return len(self.offsets)

    @property
    def reach(self) -> Array:
        return np.stack([-self.offsets.min(axis=0), self.offsets.max(axis=0)], axis=1)

    def around(self, points: Array) -> Array:
        """(n * m, d): the nodes of every point (n, d), point by point."""
        return (points[:, None, :] + self.offsets).reshape(-1, points.shape[1])


def stencil(
    axes: tuple[Coordinate, ...], partials: Iterable[Partial], sides: Mapping[str, int] | None = None
) -> Stencil:
    """For the derivatives named: a star where they are by one coordinate, a tensor net where they are by several.

    `sides` says of a coordinate that nodes lie only above (1) or below (-1) the point; elsewhere they lie around it.
    The first node is the point itself.
    """
    held = sides or {}
    nodes: dict[Node, int] = {(0,) * len(axes): 0}
    wide, narrow = ({p: _weighed(axes, p, held, less) for p in partials} for less in (0, INNER))
    for found in (*wide.values(), *narrow.values()):
        for node in found:
            nodes.setdefault(node, len(nodes))
    steps = np.array([axis.length / FINEST for axis in axes])
    return Stencil(
        np.array(list(nodes), dtype=np.float64) * steps,
        {p: _dense(found, nodes) for p, found in wide.items()},
        {p: _dense(found, nodes) for p, found in narrow.items()},
    )


def _weighed(axes: tuple[Coordinate, ...], partial: Partial, sides: Mapping[str, int], less: int) -> dict[Node, float]:
    """Node -> weight of a derivative, the product of the weights along each axis."""
    used = sum(order > 0 for order in partial.orders)
    width = WIDTHS.get(used, 1) - less
    along = zip(axes, partial.orders, strict=True)
    lines = [_line(axis, order, width, sides.get(axis.name, 0)) for axis, order in along]
    return {
        tuple(place for place, _ in parts): float(np.prod([weight for _, weight in parts]))
        for parts in itertools.product(*lines)
    }


def _line(axis: Coordinate, order: int, width: int, side: int) -> list[tuple[int, float]]:
    """(place in finest steps, weight) along one axis; a side of -1 mirrors the net."""
    if order == 0:
        return [(0, 1.0)]
    width = max(width, order + 1 + (order + 1) % 2)  # odd, so that a net around a point has it in its middle
    step, at = STEPS[order], 0 if side else width // 2
    spacing = (side or 1) * step * axis.length / FINEST
    found = weights(width, order, at) / spacing**order
    return [((side or 1) * step * (place - at), float(weight)) for place, weight in enumerate(found)]


def _dense(found: Mapping[Node, float], nodes: Mapping[Node, int]) -> Array:
    weighed = np.zeros(len(nodes))
    for node, weight in found.items():
        weighed[nodes[node]] = weight
    return weighed
