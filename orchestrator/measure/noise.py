"""The noise of observations, from these alone: repeated rows, or a polynomial through them. No equation, no model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orchestrator.gates.inverse import ratio_limits

Floats = NDArray[np.float64]
LEAST_FREEDOM = 10.0  # degrees of freedom; fewer give a noise that is known to a quarter at best
MOST_TERMS, MOST_ROWS = 250, 20_000
SHARE = 0.5  # of the rows that a polynomial's terms may be as many as
LOWER = 0.8  # of its degree that another polynomial has, which must do as well
CLEAR = 0.5  # of the values' own deviation that the noise may be: more, and no curve was found in them
DEPENDENT = 1e-8  # of its length that a term must have outside those before it
SAME = 2.0  # standard deviations by which the lower one may do worse
TWO_SIDED = 1.959964  # of the standard normal, 95 %


@dataclass(frozen=True)
class Noise:
    """A standard deviation of the values, with the degrees of freedom of its square."""

    value: float
    freedom: float
    text: str

    @property
    def interval(self) -> tuple[float, float]:
        """95 %, of a sum of squares of normal numbers (Wilson & Hilferty 1931, doi:10.1073/pnas.17.12.684)."""
        low, high = ratio_limits(self.freedom, math.inf, TWO_SIDED)
        return self.value / math.sqrt(high), self.value / math.sqrt(low) if low > 0 else math.inf


def estimate_noise(path: Path) -> Noise | str:
    """Of all observed fields together; or why it cannot be told. `path` holds `inputs` (n, d) and `outputs` (n, k).

    Rows at one place differ by noise alone, whatever the field is. Without enough of them, a polynomial with up to half
    as many terms as there are rows is fitted to each field: what it leaves, over its degrees of freedom, is noise, if a
    polynomial of four fifths of its degree leaves no more than that. Where the field has finer structure than these
    (a front, many waves), the two differ, and nothing is said. It fails where structure is finer than the rows are
    apart: that looks like noise to any smoother, so that its number is too large then, and never too small.
    """
    with np.load(path, allow_pickle=False) as held:
        inputs, outputs, names = held["inputs"], held["outputs"], [str(name) for name in held["output_names"]]
    found = []
    for name, values in zip(names, outputs.T, strict=True):
        seen = np.isfinite(values)
        repeated = _repeated(inputs[seen], values[seen])
        enough = repeated.freedom >= LEAST_FREEDOM and repeated.value > 0
        one = repeated if enough else _smooth(inputs[seen], values[seen])
        if isinstance(one, str):
            return f"the noise of {name} cannot be told from its values: {one}"
        found.append((int(seen.sum()), one))
    return _pooled(found)


def _pooled(found: list[tuple[int, Noise]]) -> Noise:
    """The mean of the variances by count, with Satterthwaite's degrees of freedom (1946, doi:10.2307/3002019)."""
    total = sum(count for count, _ in found)
    shares = [count / total * one.value**2 for count, one in found]
    spread = sum(share**2 / one.freedom for share, (_, one) in zip(shares, found, strict=True))
    freedom = sum(shares) ** 2 / spread if spread else min(one.freedom for _, one in found)
    return Noise(math.sqrt(sum(shares)), freedom, "; ".join(dict.fromkeys(one.text for _, one in found)))


def _repeated(inputs: Floats, values: Floats) -> Noise:
    _, place, counts = np.unique(inputs, axis=0, return_inverse=True, return_counts=True)
    means = np.bincount(place.ravel(), values) / counts
    freedom = len(values) - len(counts)
    scatter = float(np.sum(np.square(values - means[place.ravel()])))
    return Noise(math.sqrt(scatter / max(freedom, 1)), float(freedom), "from rows at the same places")


def _smooth(inputs: Floats, values: Floats) -> Noise | str:
    if len(values) > MOST_ROWS:
        rows = np.random.default_rng(0).choice(len(values), MOST_ROWS, replace=False)
        inputs, values = inputs[rows], values[rows]
    count, dimensions = inputs.shape
    degree = _degree(min(MOST_TERMS, int(SHARE * count)), dimensions)
    lower = min(degree - 2, int(LOWER * degree))
    if lower < 1:
        return f"{count} rows are too few for a smooth curve through them"
    terms, degrees = _terms(inputs, degree)
    left, freedom = _left(terms, values)
    before, more = _left(terms[:, degrees <= lower], values)
    if freedom < LEAST_FREEDOM or more <= freedom:
        return f"{count} rows at so few places are too few for a smooth curve through them"
    found = math.sqrt(left / freedom)
    if not found or found > CLEAR * float(values.std()):
        return f"a polynomial of degree {degree} leaves {'nothing' if not found else 'most'} of them"
    ratio = ((before - left) / (more - freedom)) / (left / freedom)
    if ratio > ratio_limits(more - freedom, freedom, SAME)[1]:
        return f"a polynomial of degree {degree} still finds structure in them that one of degree {lower} does not"
    return Noise(found, freedom, f"from a polynomial of degree {degree} through the training rows")


def _degree(most: int, dimensions: int) -> int:
    """The highest total degree with at most so many terms."""
    degree = 0
    while math.comb(degree + 1 + dimensions, dimensions) <= most:
        degree += 1
    return degree


def _terms(inputs: Floats, degree: int) -> tuple[Floats, NDArray[np.int64]]:
    """Products of Chebyshev polynomials (n, terms) over the range of the rows, lowest total degree first."""
    low, high = inputs.min(axis=0), inputs.max(axis=0)
    scaled = 2 * (inputs - low) / np.where(high > low, high - low, 1.0) - 1
    each = [np.polynomial.chebyshev.chebvander(column, degree) for column in scaled.T]
    powers = sorted((p for p in product(range(degree + 1), repeat=len(each)) if sum(p) <= degree), key=sum)
    columns = [np.prod([one[:, power] for one, power in zip(each, p, strict=True)], axis=0) for p in powers]
    return np.stack(columns, axis=1), np.array([sum(p) for p in powers])


def _left(terms: Floats, values: Floats) -> tuple[float, float]:
    """(sum of squares that the terms leave, its degrees of freedom); terms that depend on those before do not count."""
    basis, upper = np.linalg.qr(terms)
    held = np.abs(np.diag(upper)) > DEPENDENT * np.linalg.norm(terms, axis=0)
    basis = basis[:, held]
    left = values - basis @ (basis.T @ values)
    return float(left @ left), float(len(values) - int(held.sum()))
