"""Values of a solution anywhere in its box, as exact as its grid: polynomials in time and in space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from skills.runtime.problem import TIME, Coordinate
from skills.simulate.grid import Grid
from skills.simulate.march import collocation
from skills.simulate.spectral import Axis
from skills.simulate.weights import value_weights

Array = NDArray[np.float64]
Columns = Mapping[str, Array]

EXTRA = 2  # points in space beyond the order of the differences
AT_ONCE = 8192


class Field(Protocol):
    """A solution: (n, fields) values at points given as coordinate -> column (n,)."""

    def __call__(self, at: Columns) -> Array: ...
    def save(self, path: Path) -> None: ...


@dataclass(frozen=True)
class Times:
    """Steps between `edges`, with polynomials on the points `nodes` of [0, 1] of each."""

    edges: Array
    nodes: Array

    def weights(self, t: Array) -> tuple[NDArray[np.int64], Array]:
        """Step (n,) and weights (n, nodes); a time on an edge belongs to the step before it."""
        step = np.clip(np.searchsorted(self.edges, t, side="left") - 1, 0, len(self.edges) - 2)
        since = (t - self.edges[step]) / (self.edges[step + 1] - self.edges[step])
        return step, value_weights(since, self.nodes)


@dataclass(frozen=True)
class LineField:
    """`values` (steps, points in time, nodes, fields) on a grid of one space dimension, or (…, 1, fields) without."""

    times: Times
    grid: Grid | None
    values: Array

    def __call__(self, at: Columns) -> Array:
        parts = [self._part({name: column[i : i + AT_ONCE] for name, column in at.items()})
                 for i in range(0, len(at[TIME]), AT_ONCE)]  # fmt: skip
        return np.concatenate(parts) if parts else np.zeros((0, self.values.shape[-1]))

    def _part(self, at: Columns) -> Array:
        step, in_time = self.times.weights(at[TIME])
        if self.grid is None:
            return np.einsum("ps,psf->pf", in_time, self.values[step, :, 0])
        width = min(self.grid.order + EXTRA, len(self.grid.nodes))
        columns, in_space = self.grid.weights(at[self.grid.axis.name], width)
        held = self.values[step[:, None, None], np.arange(in_time.shape[1])[:, None], columns[:, None, :]]
        return np.einsum("psf,ps->pf", np.einsum("pswf,pw->psf", held, in_space), in_time)

    def save(self, path: Path) -> None:
        grid: dict[str, object] = {}
        if self.grid is not None:
            grid = {**_axis(self.grid.axis), "grid": self.grid.nodes, "periodic": self.grid.periodic}
            grid["order"] = self.grid.order
        np.savez(path, kind="line", edges=self.times.edges, nodes=self.times.nodes, values=self.values, **grid)


@dataclass(frozen=True)
class BoxField:
    """`values` (steps, points in time, nodes of each axis…, fields) on spectral axes; without time (1, 1, …)."""

    times: Times | None
    axes: tuple[Axis, ...]
    values: Array

    def __call__(self, at: Columns) -> Array:
        count = len(at[self.axes[0].coordinate.name])
        found = np.empty((count, self.values.shape[-1]))
        if self.times is None:
            step, in_time = np.zeros(count, dtype=np.int64), np.ones((count, 1))
        else:
            step, in_time = self.times.weights(at[TIME])
        order = np.argsort(step, kind="stable")
        bounds = np.searchsorted(step[order], np.arange(len(self.values) + 1))
        for one, (low, high) in enumerate(pairwise(bounds)):
            for begin in range(low, high, AT_ONCE):
                rows = order[begin : min(begin + AT_ONCE, high)]
                found[rows] = self._within(one, {name: column[rows] for name, column in at.items()}, in_time[rows])
        return found

    def _within(self, step: int, at: Columns, in_time: Array) -> Array:
        held = np.moveaxis(self.values[step], 0, -1)  # axes…, fields, points in time
        first, *others = self.axes
        found = np.tensordot(first.matrix(at[first.coordinate.name]), held, axes=1)
        for axis in others:
            found = np.einsum("pa,pa...->p...", axis.matrix(at[axis.coordinate.name]), found)
        return np.einsum("pfs,ps->pf", found, in_time)

    def save(self, path: Path) -> None:
        told = {f"axis{place}_{key}": value for place, axis in enumerate(self.axes)
                for key, value in {**_axis(axis.coordinate), "periodic": axis.periodic}.items()}  # fmt: skip
        times = {} if self.times is None else {"edges": self.times.edges, "nodes": self.times.nodes}
        np.savez(path, kind="box", dimensions=len(self.axes), values=self.values, **told, **times)


@dataclass(frozen=True)
class LatticeField:
    """`values` (steps, points in time, nodes of each axis…, fields) on grids of equal cells; cubic between them."""

    times: Times | None
    grids: tuple[Grid, ...]
    values: Array

    def __call__(self, at: Columns) -> Array:
        parts = [self._part({name: column[i : i + AT_ONCE] for name, column in at.items()})
                 for i in range(0, len(at[self.grids[0].axis.name]), AT_ONCE)]  # fmt: skip
        return np.concatenate(parts) if parts else np.zeros((0, self.values.shape[-1]))

    def _part(self, at: Columns) -> Array:
        count, names = len(at[self.grids[0].axis.name]), [grid.axis.name for grid in self.grids]
        step, in_time = np.zeros(count, dtype=np.int64), np.ones((count, 1))
        if self.times is not None:
            step, in_time = self.times.weights(at[TIME])
        places = [grid.weights(at[name], grid.order + EXTRA) for grid, name in zip(self.grids, names, strict=True)]
        found = np.zeros((count, self.values.shape[-1]))
        for point in range(in_time.shape[1]):
            for corner in product(*(range(grid.order + EXTRA) for grid in self.grids)):
                weight = in_time[:, point].copy()
                for (_, weights), one in zip(places, corner, strict=True):
                    weight *= weights[:, one]
                columns = tuple(held[:, one] for (held, _), one in zip(places, corner, strict=True))
                found += weight[:, None] * self.values[(step, point, *columns)]
        return found

    def save(self, path: Path) -> None:
        told = {f"axis{place}_{key}": value for place, grid in enumerate(self.grids)
                for key, value in {**_axis(grid.axis), "periodic": grid.periodic, "grid": grid.nodes,
                                   "order": grid.order}.items()}  # fmt: skip
        times = {} if self.times is None else {"edges": self.times.edges, "nodes": self.times.nodes}
        np.savez(path, kind="lattice", dimensions=len(self.grids), values=self.values, **told, **times)


def radau(edges: Array) -> Times:
    return Times(edges, collocation().times)


def load(path: Path) -> Field:
    """A field that `save` wrote."""
    with np.load(path, allow_pickle=False) as held:
        times = Times(held["edges"], held["nodes"]) if "edges" in held else None
        if str(held["kind"]) == "line":
            assert times is not None
            return LineField(times, _grid(held) if "grid" in held else None, held["values"])
        values = held["values"]
        if str(held["kind"]) == "lattice":
            return LatticeField(
                times, tuple(_grid(held, f"axis{one}_") for one in range(int(held["dimensions"]))), values
            )
        axes = tuple(
            Axis(_coordinate(held, f"axis{place}_"), values.shape[2 + place], bool(held[f"axis{place}_periodic"]))
            for place in range(int(held["dimensions"]))
        )
        return BoxField(times, axes, values)


def _axis(axis: Coordinate) -> dict[str, object]:
    return {"name": axis.name, "low": axis.low, "high": axis.high}


def _grid(held: Mapping[str, Array], prefix: str = "") -> Grid:
    periodic, order = bool(held[f"{prefix}periodic"]), int(held[f"{prefix}order"])
    return Grid(_coordinate(held, prefix), held[f"{prefix}grid"], periodic, order)


def _coordinate(held: Mapping[str, Array], prefix: str = "") -> Coordinate:
    low, high = (float(held[f"{prefix}{end}"]) for end in ("low", "high"))
    return Coordinate(name=str(held[f"{prefix}name"]), low=low, high=high)
