"""Weights of rows, a line a resample: given as they are, or as often as a bootstrap drew the units of the rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CELLS_AT_ONCE = 500_000  # a block of weights that stays near the processor


class Weights(Protocol):
    """b lines of weights of n rows."""

    def sums(self, columns: Array) -> Array:
        """The weighted sums of columns (n, m) over all rows, (b, m)."""

    def blocks(self, rows: NDArray[np.int64]) -> Iterator[NDArray[np.generic]]:
        """The weights of some rows in their order, a few lines at a time, (c, len(rows)) each."""


@dataclass(frozen=True, eq=False)
class Given:
    """Weights (b, n) that lie there."""

    lines: Array

    def sums(self, columns: Array) -> Array:
        return self.lines @ columns

    def blocks(self, rows: NDArray[np.int64]) -> Iterator[NDArray[np.generic]]:
        for start in range(0, len(self.lines), _at_once(rows)):
            yield self.lines[start : start + _at_once(rows)][:, rows]


@dataclass(frozen=True, eq=False)
class Drawn:
    """How often each of u units was drawn, (b, u), and the unit of each of n rows; the (b, n) weights are not laid out.

    Sums over rows are sums over units of what their rows sum to.
    """

    counts: NDArray[np.uint16]
    units: NDArray[np.int64]

    def sums(self, columns: Array) -> Array:
        width = self.counts.shape[1]
        by_unit = np.stack([np.bincount(self.units, weights=one, minlength=width) for one in columns.T], axis=1)
        step = max(1, CELLS_AT_ONCE // width)
        parts = [
            self.counts[start : start + step].astype(np.float64) @ by_unit for start in range(0, len(self.counts), step)
        ]
        return np.concatenate(parts)

    def blocks(self, rows: NDArray[np.int64]) -> Iterator[NDArray[np.generic]]:
        units = self.units[rows]
        for start in range(0, len(self.counts), _at_once(rows)):
            yield np.take(self.counts[start : start + _at_once(rows)], units, axis=1)


def _at_once(rows: NDArray[np.int64]) -> int:
    return max(1, CELLS_AT_ONCE // max(1, len(rows)))
