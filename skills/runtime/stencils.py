"""Derivatives of a model from its values alone: small nets of nodes around a point, and weights for each derivative."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from skills.runtime.differences import weights
from skills.runtime.problem import Coordinate
from skills.runtime.symbols import Partial

Array = NDArray[np.float64]
Node = tuple[int, ...]
Kind = Literal["wide", "narrow", "rough"]
FINEST = 4096  # steps along an axis; a first or second difference spans one
STEPS = {1: 1, 2: 1, 3: 4, 4: 8}  # order of the derivative -> its step, in the finest; rounding grows as step**-order
WIDTHS = {1: 9, 2: 7, 3: 5, 4: 5}  # axes differentiated by -> nodes along each
INNER = 2  # fewer nodes along each axis in the second estimate


@dataclass(frozen=True)
class Stencil:
    """Nodes (m, d) around a point, and for each derivative the weights (m,) of two estimates of different order.

    The second estimate leaves out the outermost nodes and adds the highest difference of all of them, which is nothing
    but rounding in a smooth model, weighed to be as large as the rounding in the first estimate. So how far the two
    differ shows the error of the first, be it of truncation or of rounding. `reach` (d, 2) is how far the nodes go
    below and above the point.
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
    wide, narrow, rough = ({p: _weighed(axes, p, held, kind) for p in partials} for kind in ("wide", "narrow", "rough"))
    for found in (*wide.values(), *narrow.values()):
        for node in found:
            nodes.setdefault(node, len(nodes))
    steps = np.array([axis.length / FINEST for axis in axes])
    first = {p: _dense(found, nodes) for p, found in wide.items()}
    second = {p: _dense(found, nodes) for p, found in narrow.items()}
    for partial, found in rough.items():
        noise = _dense(found, nodes)
        if partial.order:
            second[partial] = second[partial] + noise * np.linalg.norm(first[partial]) / np.linalg.norm(noise)
    return Stencil(np.array(list(nodes), dtype=np.float64) * steps, first, second)


def _weighed(axes: tuple[Coordinate, ...], partial: Partial, sides: Mapping[str, int], kind: Kind) -> dict[Node, float]:
    """Node -> weight of a derivative, the product of the weights along each axis."""
    width = WIDTHS.get(sum(order > 0 for order in partial.orders), 1)
    along = zip(axes, partial.orders, strict=True)
    lines = [_line(axis, order, width, sides.get(axis.name, 0), kind) for axis, order in along]
    return {
        tuple(place for place, _ in parts): float(np.prod([weight for _, weight in parts]))
        for parts in itertools.product(*lines)
    }


def _line(axis: Coordinate, order: int, width: int, side: int, kind: Kind) -> list[tuple[int, float]]:
    """(place in finest steps, weight) along one axis; a side of -1 mirrors the net."""
    if order == 0:
        return [(0, 1.0)]
    least = order + 1 + (order + 1) % 2  # odd, so that a net around a point has it in its middle
    width = max(width - INNER if kind == "narrow" else width, least)
    step, at = STEPS[order], 0 if side else width // 2
    spacing = (side or 1) * step * axis.length / FINEST
    found = weights(width, width - 1, at) if kind == "rough" else weights(width, order, at) / spacing**order
    return [((side or 1) * step * (place - at), float(weight)) for place, weight in enumerate(found)]


def _dense(found: Mapping[Node, float], nodes: Mapping[Node, int]) -> Array:
    weighed = np.zeros(len(nodes))
    for node, weight in found.items():
        weighed[nodes[node]] = weight
    return weighed
