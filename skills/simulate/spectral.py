"""One axis of a spectral grid: Chebyshev polynomials, or Fourier series where it is periodic."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from skills.runtime.problem import Coordinate

Array = NDArray[np.float64]
chebyshev = np.polynomial.chebyshev


@dataclass(frozen=True)
class Axis:
    """`count` values at `nodes` fix a polynomial of degree count - 1, or as many terms of a Fourier series.

    Trefethen, L. N. (2000) Spectral methods in MATLAB. doi:10.1137/1.9780898719598
    """

    coordinate: Coordinate
    count: int
    periodic: bool

    @cached_property
    def nodes(self) -> Array:
        """Both ends and the extremes of the highest polynomial; or equal parts of the period."""
        if self.periodic:
            return self.coordinate.low + self.coordinate.length * np.arange(self.count) / self.count
        places = self._stretched(-np.cos(np.pi * np.arange(self.count) / (self.count - 1)))
        places[-1] = self.coordinate.high
        return places

    @cached_property
    def points(self) -> Array:
        """Where equations are to hold: the zeros of the next polynomial, none at an end; or the nodes."""
        if self.periodic:
            return self.nodes
        return self._stretched(-np.cos(np.pi * (np.arange(self.count) + 0.5) / self.count))

    def matrix(self, at: Array, derivative: int = 0) -> Array:
        """(n, count): values of a derivative at places `at` (n,) from the values at the nodes."""
        return self._basis(at, derivative) @ self._into_terms

    def _stretched(self, unit: Array) -> Array:
        return self.coordinate.low + self.coordinate.length * (unit + 1) / 2

    @cached_property
    def _into_terms(self) -> Array:
        return np.linalg.inv(self._basis(self.nodes, 0))

    def _basis(self, at: Array, derivative: int) -> Array:
        if self.periodic:
            return self._waves(at, derivative)
        unit = 2 * (at - self.coordinate.low) / self.coordinate.length - 1
        terms = np.eye(self.count)
        if derivative:
            terms = chebyshev.chebder(terms, m=derivative, scl=2 / self.coordinate.length)
        return chebyshev.chebvander(unit, len(terms) - 1) @ terms

    def _waves(self, at: Array, derivative: int) -> Array:
        """Constant, cosines and sines; of an even count's highest wave only the cosine."""
        angle = 2 * np.pi * (at - self.coordinate.low) / self.coordinate.length
        found = np.empty((len(at), self.count))
        turn = derivative * np.pi / 2
        for place in range(self.count):
            wave = (place + 1) // 2
            phase = 0.0 if place % 2 else -np.pi / 2
            shape = np.cos(wave * angle + phase + turn) if place else np.full(len(at), float(derivative == 0))
            found[:, place] = shape * (2 * np.pi * wave / self.coordinate.length) ** derivative if place else shape
        return found
